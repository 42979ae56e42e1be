"""A night's copy is put back: nobody reads a second time what they have read, and no message is taken for another."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import App
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.digest.keys import DigestKey
from bot.outbox.destinations import ChannelDestination, OperatorsDestination, UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Hang, Reset
from bot.sandbox.world import World
from bot.service.service import serve
from bot.settings.database_place import DatabasePlace
from bot.usage.keys import WelcomeKey
from tests.support.acts import spend
from tests.support.earlier_schemas import downgrade
from tests.support.engines import costly, execute, sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notification_keys, notifications, visible_text
from tests.support.restoring import copy_into, copy_ledger, lose, posted_keys, posted_messages, restore_copy, run_for
from tests.support.worlds import MARCUS, PRIYA, spent

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on"}
    await closed.open()
    await spend(closed, PRIYA, 10)
    await spend(closed, MARCUS, 1)
    for line in ("budget @priya 100/month", "budget @marcus 100/month", "budget team 1000/month"):
        await closed.ask("hannah", line)
    await closed.deliver()
    return closed


def words(harness: ServiceHarness) -> Counter[str]:
    return Counter(f"{each.user} {visible_text(each)}" for each in posted_messages(harness))


@pytest.mark.slow
async def test_nothing_that_was_posted_since_is_posted_again(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 75)  # 85%: hers
    await spend(harness, PRIYA, 40)  # over: hers and the channel's
    await spend(harness, MARCUS, 5, status="error", error_message="boom")
    harness.clock.advance(14 * HOUR)  # the morning's digest
    await harness.sync()
    before = Counter(posted_keys(harness))
    assert {each.partition(":")[0] for each in before} >= {"crossing", "digest", "failures", "welcome"}
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before
    assert max(Counter(notification_keys(posted_messages(harness))).values()) == 1


@pytest.mark.slow
async def test_no_message_shows_what_a_copy_does_not_know_yet(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 95)
    (message,) = notifications(harness.dm("priya"))
    assert "$105.00 of $100" in (before := visible_text(message))
    harness.neo.faults.always = Status(503)
    await restore_copy(harness, copy)
    await harness.ask("hannah", "budget @priya 200/month")
    await run_for(harness, minutes=2)
    assert visible_text(notifications(harness.dm("priya"))[0]) == before
    harness.neo.faults.clear()
    await harness.sync()
    await run_for(harness, minutes=1)
    assert "$105.00 of $200" in visible_text(notifications(harness.dm("priya"))[0])


@pytest.mark.slow
async def test_what_comes_after_is_told_in_the_thread_that_is_there(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 75)
    (parent,) = notifications(harness.dm("priya"))
    await restore_copy(harness, copy)
    await spend(harness, PRIYA, 20)
    first, step = notifications(harness.dm("priya"))
    assert first.ts == step.thread_ts == parent.ts
    assert "105% used" in visible_text(first)


@pytest.mark.slow
async def test_a_failure_that_was_told_since_goes_on_in_its_message(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, MARCUS, 5, status="error", error_message="boom")
    await restore_copy(harness, copy)
    await spend(harness, PRIYA, 5, status="error", error_message="boom")
    (message,) = [each for each in notifications(harness.visible("jonas")) if "failed" in visible_text(each)]
    assert "*2 tasks failed the same way.*" in visible_text(message)


@pytest.mark.slow
async def test_another_message_is_not_taken_for_the_one_that_had_its_number(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 110)  # over: the channel is told of her
    await harness.service.end()
    world = harness.neo.world
    for each in world.tasks(harness.clock()):
        if each.email == PRIYA and each.streams[0].credits and each.streams[0].credits > 5:
            world.remove(each.task_id)
    harness.app().ledger.restore(copy)
    await harness.start()
    ambiguous = iter([Reset(done=False)])

    def trouble(call: Call) -> Fault | None:
        channel = harness.workspace.channel("neo-spend").id
        return (
            next(ambiguous, None) if (call.method, call.args.get("channel")) == ("chat.postMessage", channel) else None
        )

    harness.slack.faults.when(trouble)
    spent(world, harness.clock(), MARCUS, 110)
    await harness.sync()
    await run_for(harness, 3)
    headlines = [
        visible_text(each)
        for each in notifications(harness.visible("jonas"))
        if "over their monthly budget" in visible_text(each)
    ]
    assert ["U0PRIYA" in each for each in headlines] == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
@pytest.mark.parametrize("arrived", [True, False])
async def test_what_was_on_its_way_when_the_copy_was_made_is_told_once(
    harness: ServiceHarness, *, former: bool, arrived: bool
) -> None:
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    with harness.service.database.transaction() as connection:
        owed = [
            NewNotification(WelcomeKey(), UserDestination("U0PRIYA")),
            NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
            NewNotification(WelcomeKey(), UserDestination("U0MARCUS")),
        ]
        enqueue(connection, owed, harness.clock())
    copy = copy_ledger(harness)
    harness.slack.faults.clear()
    before = len(posted_messages(harness))
    if arrived:
        await harness.deliver()
        assert len(posted_messages(harness)) == before + 3
    await restore_copy(harness, copy, former=former)
    await run_for(harness)
    assert len(posted_messages(harness)) == before + 3
    assert max(Counter(notification_keys(posted_messages(harness))).values()) == 1


@pytest.mark.slow
async def test_operators_whom_a_message_was_handed_on_to_are_not_told_again_without_the_former_ledger(
    harness: ServiceHarness,
) -> None:
    with harness.service.database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), OperatorsDestination())], harness.clock())
    copy = copy_ledger(harness)
    await harness.deliver()
    before = len(posted_messages(harness))
    await restore_copy(harness, copy, former=False)
    await run_for(harness)
    assert len(posted_messages(harness)) == before


@pytest.mark.slow
@costly
async def test_a_digest_of_a_lost_ledger_is_found_by_its_date(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    harness.clock.advance(14 * HOUR)
    await harness.sync()
    assert sum(each.startswith("digest:") for each in posted_keys(harness)) == 1
    await restore_copy(harness, copy, former=False)
    await run_for(harness)
    assert sum(each.startswith("digest:") for each in posted_keys(harness)) == 1
    harness.clock.advance(24 * HOUR)
    await harness.sync()
    await run_for(harness, 3)
    assert sum(each.startswith("digest:") for each in posted_keys(harness)) == 2


@pytest.mark.slow
async def test_what_was_sent_after_a_restore_is_not_sent_again_after_another(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 75)
    await restore_copy(harness, copy)
    await spend(harness, PRIYA, 20)
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before


@pytest.mark.slow
async def test_a_copy_of_an_earlier_version_goes_on_as_well(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    downgrade(copy, "0008")  # as it was before ledgers had an id
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM note WHERE key = 'ledger_id'")
    await spend(harness, PRIYA, 95)
    before = Counter(posted_keys(harness))
    await restore_copy(harness, copy)
    await run_for(harness)
    assert Counter(posted_keys(harness)) == before


@pytest.mark.slow
@sqlite_only("on a server a restore looks for other processes: tests/maintenance/test_server_restore.py")
async def test_a_running_service_is_not_cut_off(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    with pytest.raises(InUseError, match="Stop that first"):
        harness.app().ledger.restore(copy)
    await spend(harness, PRIYA, 75)
    assert len(notifications(harness.dm("priya"))) == 1


@sqlite_only("a server has no file")
async def test_a_service_whose_file_is_exchanged_under_it_ends_and_says_why(closed: ServiceHarness) -> None:
    await closed.open()
    copy = copy_ledger(closed)
    await closed.service.end()
    ended = asyncio.create_task(serve(closed.app(), asyncio.Event()))
    before = len(closed.slack.sockets)
    await closed.workspace.until(lambda: len(closed.slack.sockets) > before or bool(closed.slack.sockets), 10)
    copy.replace(closed.directory / "ledger.db")
    async with asyncio.timeout(15):
        with pytest.raises(LedgerError, match="it was moved, deleted or replaced"):
            await ended


@pytest.mark.slow
def test_what_a_restore_says_of_messages(app: App, place: DatabasePlace, clock: SimClock, tmp_path: Path) -> None:
    with app.ledger.database() as database, database.transaction() as connection:
        enqueue(
            connection,
            [
                NewNotification(WelcomeKey(), UserDestination("U0PRIYA")),
                NewNotification(WelcomeKey(), UserDestination("U0MARCUS")),
            ],
            clock(),
        )
    copy = copy_into(tmp_path, place)
    execute(place, "UPDATE notification SET state = 'sent', ts = '1.2' WHERE destination LIKE '%PRIYA'")
    kept, taken = app.ledger.restore(copy)
    assert kept is not None
    assert taken is not None
    assert (taken.waiting, taken.looked_for, taken.sent_since) == (1, 0, 1)
    kept.unlink()
    lose(place)
    _, taken = app.ledger.restore(copy)
    assert taken is not None
    assert (taken.waiting, taken.looked_for, taken.sent_since) == (0, 2, 0)


def test_a_lost_ledger_is_remembered_for_a_week(
    app: App, place: DatabasePlace, clock: SimClock, tmp_path: Path
) -> None:
    with app.ledger.database():
        copy = copy_into(tmp_path, place)
    lose(place)
    app.ledger.restore(copy)
    for days, state in ((1, "unsure"), (9, "pending")):
        clock.advance(timedelta(days=days))
        with app.ledger.database() as database, database.transaction() as connection:
            enqueue(
                connection,
                [NewNotification(DigestKey.decode(f"digest:C1:2026-03-{days:02}"), ChannelDestination("C1"))],
                clock(),
            )
            rows = connection.exec_driver_sql("SELECT state FROM notification ORDER BY id DESC LIMIT 1").scalar_one()
            assert rows == state


@pytest.mark.slow
async def test_a_former_ledger_that_makes_no_sense_does_not_keep_the_copy_from_opening(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    with harness.service.database.transaction() as connection:
        connection.execute(text("UPDATE notification SET destination = 'member:nobody' WHERE stem LIKE 'welcome%'"))
    await restore_copy(harness, copy)
    await spend(harness, PRIYA, 75)
    assert len(notifications(harness.dm("priya"))) == 1


@pytest.mark.slow
async def test_a_request_that_was_decided_since_is_open_again_and_its_message_says_so(harness: ServiceHarness) -> None:
    await harness.ask("priya", "budget request 300/month")
    await harness.deliver()
    (message,) = [
        each for each in notifications(harness.dm("hannah")) if notification_keys([each])[0].startswith("request:")
    ]
    copy = copy_ledger(harness)
    im = harness.workspace.im_of("U0HANNAH").id
    await harness.press("hannah", message, "budget_approve", im)
    await harness.deliver()
    await restore_copy(harness, copy)
    await run_for(harness, minutes=1)
    (message,) = [
        each for each in notifications(harness.dm("hannah")) if notification_keys([each])[0].startswith("request:")
    ]
    assert "budget_approve" in actions(message)


@pytest.mark.slow
async def test_what_is_read_again_is_not_booked_late_in_the_next_digest(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await spend(harness, PRIYA, 45)
    harness.clock.advance(14 * HOUR)
    await harness.sync()
    await restore_copy(harness, copy)
    await harness.sync()
    harness.clock.advance(24 * HOUR)
    await harness.sync()
    _, following = [
        each for each in notifications(harness.visible("marcus")) if notification_keys([each])[0].startswith("digest:")
    ]
    assert "Late" not in visible_text(following)
