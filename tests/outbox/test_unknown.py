"""What nobody knows is never silence: a kind that nobody renders waits and is logged, a strange destination is dead."""

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import Row, text

from bot.outbox import live_store
from bot.outbox.keys import StoredTopic
from bot.outbox.queries import outbox_summary, unrendered_count
from tests.support.stepped_outbox import WHERE, SteppedOutbox


async def rows(outbox: SteppedOutbox, sql: str) -> Sequence[Row[Any]]:
    return await outbox.parts.database.read(lambda reader: reader.execute(text(sql)).all())


async def test_a_notification_that_nobody_renders_waits_and_is_logged(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("strange:1", "note:a")
    with structlog.testing.capture_logs() as logs:
        await outbox.parts.sender.send(await outbox.claim("one"))
    (line,) = logs
    assert (line["log_level"], line["key"]) == ("error", "strange:1")
    assert await rows(outbox, "SELECT state FROM notification WHERE stem = 'strange:1'") == [("pending",)]
    assert await outbox.parts.database.read(unrendered_count) == 1
    await outbox.parts.sender.send(await outbox.claim("two"))
    assert len(outbox.copies("note:a")) == 1
    outbox.later(outbox.parts.timing.longest_wait + 1)
    assert (await outbox.claim("three")).dedup_key == "strange:1"


async def test_a_live_message_that_nobody_renders_keeps_its_text_and_is_logged(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:parent", topic="topic:x")
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.write(lambda c: c.exec_driver_sql("UPDATE living SET thing = 'strange:x'"))
    await outbox.write(lambda c: live_store.request_edits(c, [StoredTopic("strange:x")]))
    with structlog.testing.capture_logs() as logs:
        assert await outbox.parts.editor.edit(await outbox.claim_edit("two")) == 0
    (line,) = logs
    assert (line["log_level"], line["topic"]) == ("error", "strange:x")
    assert [each.text for each in outbox.copies("note:parent")] == ["as it is"]
    later = await outbox.write(lambda c: live_store.claim_edit(c, WHERE, "three", outbox.now(), outbox.lease))
    assert later is None
    outbox.later(outbox.parts.timing.longest_wait + 1)
    assert (await outbox.claim_edit("four")).topic == "strange:x"


async def test_a_destination_that_is_none_is_dead_and_says_so(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    await outbox.write(lambda c: c.exec_driver_sql("UPDATE notification SET destination = 'nowhere:1', channel = NULL"))
    await outbox.parts.tick()
    await outbox.parts.wait_idle()
    summary = await outbox.parts.database.read(outbox_summary)
    assert [(key, why) for key, why, _ in summary.dead] == [("note:a:nowhere:1", "'nowhere:1' is no destination")]
