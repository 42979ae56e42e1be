"""Unconfirmed messages and second copies one at a time: each is found, wherever and whenever it came."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.domain.timestamps import to_us
from bot.outbox import live_store, outcomes, store
from bot.outbox.destinations import ChannelDestination
from bot.outbox.due_work import mark_abandoned_unconfirmed
from bot.outbox.keys import StoredKey, StoredTopic
from bot.outbox.lookup_store import unconfirmed_targets
from bot.outbox.outcomes import Arrival, Posted
from bot.outbox.placement_store import set_channel
from bot.outbox.renderers import RenderRequest
from bot.outbox.store import NewNotification
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Hang, Mangle, RateLimited, Refuse, Reset
from bot.sandbox.slack.models import Json
from bot.slack.errors import SlackError
from tests.support.stepped_outbox import START, WHERE, SteppedOutbox


async def test_control_a_late_copy_is_taken_back(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    outbox.slack.faults.on("chat.postMessage", Reset())
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.look_for(60)
    outbox.later(1)
    await outbox.parts.sender.send(await outbox.claim("two"))
    outbox.later(28)
    outbox.store_late("note:a")
    await outbox.look_for(600)
    assert len(outbox.copies("note:a")) == 1


async def test_a_late_copy_is_found_although_the_next_attempt_came_long_after(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    outbox.slack.faults.on("chat.postMessage", Reset())
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.look_for(60)
    outbox.later(30)
    outbox.store_late("note:a")
    outbox.later(450)  # Slack is out of reach, or takes nothing more: the claim is given back meanwhile
    await outbox.parts.sender.send(await outbox.claim("two"))
    await outbox.look_for(600)
    assert len(outbox.copies("note:a")) == 1


async def test_a_late_copy_in_the_thread_is_found_although_slack_did_not_name_the_thread(outbox: SteppedOutbox) -> None:
    def forget(answer: Json) -> None:
        answer["message"].pop("thread_ts", None)

    await outbox.enqueue("note:parent", "note:a", topic="topic:x")
    await outbox.parts.sender.send(await outbox.claim("zero"))
    (parent,) = outbox.copies("note:parent")
    outbox.slack.faults.on("chat.postMessage", Reset(), Mangle(forget))
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.look_for(60)
    outbox.later(1)
    await outbox.parts.sender.send(await outbox.claim("two"))
    outbox.later(29)
    outbox.store_late("note:a", parent.ts)
    await outbox.look_for(600)
    assert len(outbox.copies("note:a")) == 1


@pytest.mark.slow
async def test_who_was_frozen_before_the_request_until_all_checks_were_over_leaves_one_copy(
    outbox: SteppedOutbox,
) -> None:
    await outbox.enqueue("note:a")
    frozen = await outbox.claim("frozen")
    await outbox.look_for(100)
    await outbox.parts.sender.send(await outbox.claim("other"))
    await outbox.look_for(600)
    assert len(outbox.copies("note:a")) == 1
    # it goes on just behind its look at the claim, and Slack's answer comes too late for it
    outbox.slack.faults.on("chat.postMessage", Hang(done=True))
    outbox.parts.database.read = _mine_once(outbox.parts.database.read)  # type: ignore[method-assign]
    await outbox.parts.sender.send(frozen)
    await outbox.look_for(600)
    assert len(outbox.copies("note:a")) == 1


@pytest.mark.slow
async def test_a_second_copy_that_could_not_be_deleted_at_once_is_deleted_later(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    frozen = await outbox.claim("frozen")
    await outbox.look_for(100)
    await outbox.parts.sender.send(await outbox.claim("other"))
    await outbox.look_for(600)
    outbox.slack.faults.on("chat.delete", RateLimited(1))
    outbox.parts.database.read = _mine_once(outbox.parts.database.read)  # type: ignore[method-assign]
    with suppress(SlackError):
        await outbox.parts.sender.send(frozen)
    await outbox.look_for(900)
    assert len(outbox.copies("note:a")) == 1


async def test_an_edit_that_outlived_its_claim_and_got_no_answer_does_not_leave_older_text(
    outbox: SteppedOutbox,
) -> None:
    await outbox.enqueue("note:parent", topic="topic:x")
    await outbox.parts.sender.send(await outbox.claim("zero"))
    await outbox.write(lambda c: live_store.request_edits(c, [StoredTopic("topic:x")]))
    frozen = await outbox.claim_edit("frozen")
    outbox.later(100)
    await outbox.write(lambda c: live_store.request_edits(c, [StoredTopic("topic:x")]))
    outbox.renderer.text = "newer"
    await outbox.parts.editor.edit(await outbox.claim_edit("other"))
    outbox.renderer.text = "older"  # as the frozen one had worded it
    outbox.slack.faults.on("chat.update", Hang(done=True))
    await outbox.parts.editor.edit(frozen)
    outbox.renderer.text = "newer"
    outbox.later(100)
    if edit := await outbox.write(lambda c: live_store.claim_edit(c, WHERE, "next", outbox.now(), outbox.lease)):
        await outbox.parts.editor.edit(edit)
    assert [each.text for each in outbox.copies("note:parent")] == ["newer"]


@pytest.mark.slow
async def test_a_channel_whose_history_is_refused_does_not_hold_up_the_others(outbox: SteppedOutbox) -> None:
    other = outbox.slack.workspace.im_of("U0PRIYA").id
    outbox.slack.faults.when(lambda c: Refuse("access_denied") if _history_of(c, WHERE) else None)
    outbox.slack.faults.on("chat.postMessage", Reset(), Reset())
    await outbox.enqueue("note:a")
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.write(
        lambda c: store.enqueue(c, [NewNotification(StoredKey("note:b"), ChannelDestination(other))], START)
    )
    await outbox.write(lambda c: set_channel(c, f"channel:{other}", other))
    job = await outbox.write(lambda c: store.claim(c, other, "two", START, outbox.lease))
    await outbox.parts.sender.send(job)
    for _ in range(10):
        outbox.later(61)
        await outbox.parts.tick()
        await outbox.parts.wait_idle()
    assert [each.text for each in outbox.slack.workspace.channels[other].messages] == ["note:b"]


async def test_who_looks_while_somebody_else_sends_it_again_deletes_nothing(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    outbox.slack.faults.on("chat.postMessage", Reset())
    await outbox.parts.sender.send(await outbox.claim("one"))
    outbox.later(61)
    (target,) = await outbox.parts.database.read(lambda r: unconfirmed_targets(r, outbox.moment()))
    await outbox.parts.reconciler.look_up(target)  # one process has not found it, and sends it again
    job = await outbox.claim("two")
    words = await outbox.renderer.render_event(RenderRequest(job.dedup_key, job.destination, job.channel))
    assert words is not None
    ts, _ = await outbox.parts.workspace.messages.post_notification(job.channel, words, job.message_key)
    await outbox.parts.reconciler.look_up(target)  # another one finds that copy before it is settled
    arrival = Arrival(Posted(ts, None), 0, timedelta(seconds=150), outbox.now())
    await outbox.write(lambda c: outcomes.mark_sent(c, job, arrival))
    await outbox.look_for(900)
    assert [each.ts for each in outbox.copies("note:a")] == [ts]


def _mine_once(ask: Callable[..., Any]) -> Callable[..., Any]:
    """The second question of a delivery, whether the claim holds, was answered before it froze."""
    asked = iter([False, True])

    async def asking(work: Callable[..., Any]) -> Any:
        await asyncio.sleep(0)
        return True if next(asked, False) else await ask(work)

    return asking


def _history_of(call: Call, channel: str) -> bool:
    return call.method == "conversations.history" and call.args.get("channel") == channel


# --- what goes first, and clocks -------------------------------------------------------------------


async def test_alerts_go_before_what_nobody_waits_for(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("request:1", "welcome", "decided:1", urgent=False)
    await outbox.enqueue("note:a", "note:b")
    assert [(await outbox.claim(f"{number}")).dedup_key for number in range(5)] == [
        "note:a", "note:b", "request:1", "welcome", "decided:1",
    ]  # fmt: skip


AHEAD = 30 * 3600


async def ticks(outbox: SteppedOutbox, minutes: int) -> None:
    for _ in range(minutes):
        outbox.later(60)
        await outbox.parts.tick()
        await outbox.parts.wait_idle()


@pytest.mark.slow
async def test_what_was_put_off_by_a_clock_that_ran_ahead_is_sent_at_once(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:a")
    outbox.later(AHEAD)
    job = await outbox.claim("one")
    await outbox.write(lambda c: store.release_for_retry(c, job, outbox.now() + timedelta(hours=1), "limited"))
    outbox.later(-AHEAD)
    await ticks(outbox, 1)
    assert len(outbox.copies("note:a")) == 1


async def test_a_unconfirmed_message_of_a_clock_that_ran_ahead_is_settled_and_its_copies_are_found(
    outbox: SteppedOutbox,
) -> None:
    outbox.later(AHEAD)
    await outbox.enqueue("note:a")
    outbox.later(-AHEAD)  # Slack's own clock
    outbox.slack.faults.on("chat.postMessage", Reset(done=True))
    outbox.later(AHEAD)
    job = await outbox.claim("one")
    outbox.later(-AHEAD)
    with suppress(SlackError):
        await outbox.parts.sender.send(job)
    outbox.later(600)
    outbox.later(AHEAD)
    await outbox.write(lambda c: mark_abandoned_unconfirmed(c, outbox.now()))
    outbox.later(-AHEAD)
    await ticks(outbox, 12)
    assert len(outbox.copies("note:a")) == 1
    assert [each for each in outbox.slack.workspace.channel(WHERE).messages if each.deleted] == []


@pytest.mark.slow
async def test_checks_put_off_by_a_clock_that_ran_ahead_are_made(outbox: SteppedOutbox) -> None:
    outbox.later(AHEAD)
    await outbox.enqueue("note:a")
    outbox.slack.faults.on("chat.postMessage", Reset())
    await outbox.parts.sender.send(await outbox.claim("one"))
    await ticks(outbox, 2)
    assert len(outbox.copies("note:a")) == 1
    outbox.later(-AHEAD)
    outbox.store_late("note:a")
    await ticks(outbox, 3)
    assert len(outbox.copies("note:a")) == 1


@pytest.mark.slow
async def test_a_late_copy_of_an_unconfirmed_message_by_a_clock_that_was_behind_is_taken_back(
    outbox: SteppedOutbox,
) -> None:
    outbox.later(-AHEAD)
    await outbox.enqueue("note:a")
    outbox.slack.faults.on("chat.postMessage", Reset())
    await outbox.parts.sender.send(await outbox.claim("one"))
    outbox.later(AHEAD)  # it is put right: it seems to have become unconfirmed long ago
    await ticks(outbox, 2)
    assert len(outbox.copies("note:a")) == 1
    outbox.store_late("note:a")
    await ticks(outbox, 9)
    assert len(outbox.copies("note:a")) == 1


@pytest.mark.slow
async def test_an_edit_put_off_by_a_clock_that_ran_ahead_is_made(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:parent", topic="topic:x")
    await outbox.parts.sender.send(await outbox.claim("one"))
    await outbox.write(lambda c: live_store.request_edits(c, [StoredTopic("topic:x")]))
    outbox.later(AHEAD)
    edit = await outbox.claim_edit("two")
    await outbox.write(lambda c: live_store.postpone_edit(c, edit, outbox.now() + timedelta(hours=1)))
    outbox.later(-AHEAD)
    outbox.renderer.text = "newer"
    await ticks(outbox, 1)
    assert [each.text for each in outbox.copies("note:parent")] == ["newer"]


async def test_a_limit_longer_than_an_hour_is_asked_about_again(outbox: SteppedOutbox) -> None:
    outbox.slack.faults.when(lambda c: RateLimited(10**6) if c.method == "conversations.history" else None)
    outbox.slack.faults.on("chat.postMessage", Reset(done=True))
    await outbox.enqueue("note:a")
    await outbox.parts.sender.send(await outbox.claim("one"))
    await ticks(outbox, 50)
    assert len(outbox.slack.calls("conversations.history")) == 1
    outbox.slack.faults.clear()
    await ticks(outbox, 20)
    assert len(outbox.copies("note:a")) == 1
    assert len(outbox.slack.calls("conversations.history")) > 1


@pytest.mark.slow
async def test_a_reply_of_a_lost_ledger_is_found_in_the_thread_whose_parent_was_deleted(outbox: SteppedOutbox) -> None:
    await outbox.enqueue("note:parent", "note:step", topic="topic:x")
    for token in ("one", "two"):
        await outbox.parts.sender.send(await outbox.claim(token))
    (parent,) = outbox.copies("note:parent")
    parent.deleted = True
    await outbox.write(lambda c: c.exec_driver_sql("UPDATE living SET ts = NULL, channel = NULL"))
    await outbox.write(
        lambda c: c.execute(
            text(
                "UPDATE notification SET state = 'unsure', ts = NULL, thread = NULL, claimed_at = NULL, unsure_at = :at"
            ),
            {"at": to_us(outbox.now())},
        )
    )
    await ticks(outbox, 12)
    assert len(outbox.copies("note:step")) == 1
    assert len(outbox.copies("note:parent")) == 1
