"""A night's copy is put back: nobody reads a second time what they have read, and no message is taken for another."""

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.digest.keys import DigestKey
from bot.outbox.destinations import ChannelDestination, OperatorsDestination, UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.clock import SimClock
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Hang, Reset
from bot.sandbox.world import World
from bot.service.service import serve
from bot.usage.keys import WelcomeKey
from tests.support.acts import spend
from tests.support.downgrade import downgrade
from tests.support.harness import Office
from tests.support.messages import actions, keys, shown, told
from tests.support.restoring import _copied, copied, everything, goes_on, put_back, stems
from tests.support.worlds import MARCUS, PRIYA, spent

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
async def office(closed: Office) -> Office:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "DIGEST_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on"}
    await closed.open()
    await spend(closed, PRIYA, 10)
    await spend(closed, MARCUS, 1)
    for line in ("budget @priya 100/month", "budget @marcus 100/month", "budget team 1000/month"):
        await closed.ask("hannah", line)
    await closed.delivered()
    return closed


def words(office: Office) -> Counter[str]:
    return Counter(f"{each.user} {shown(each)}" for each in everything(office))


async def test_nothing_that_was_posted_since_is_posted_again(office: Office) -> None:
    copy = copied(office)
    await spend(office, PRIYA, 75)  # 85 %: hers
    await spend(office, PRIYA, 40)  # over: hers and the channel's
    await spend(office, MARCUS, 5, status="error", error_message="boom")
    office.clock.advance(14 * HOUR)  # the morning's digest
    await office.sync()
    before = Counter(stems(office))
    assert {each.partition(":")[0] for each in before} >= {"crossing", "digest", "failures", "welcome"}
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before
    assert max(Counter(keys(everything(office))).values()) == 1


async def test_what_comes_after_is_told_in_the_thread_that_is_there(office: Office) -> None:
    copy = copied(office)
    await spend(office, PRIYA, 75)
    (parent,) = told(office.dm("priya"))
    await put_back(office, copy)
    await spend(office, PRIYA, 20)
    first, step = told(office.dm("priya"))
    assert first.ts == step.thread_ts == parent.ts
    assert "105 % used" in shown(first)


async def test_a_failure_that_was_told_since_goes_on_in_its_message(office: Office) -> None:
    copy = copied(office)
    await spend(office, MARCUS, 5, status="error", error_message="boom")
    await put_back(office, copy)
    await spend(office, PRIYA, 5, status="error", error_message="boom")
    (message,) = [each for each in told(office.seen("jonas")) if "failed" in shown(each)]
    assert "2 tasks failed the same way" in shown(message)


async def test_another_message_is_not_taken_for_the_one_that_had_its_number(office: Office) -> None:
    copy = copied(office)
    await spend(office, PRIYA, 110)  # over: the channel is told of her
    await office.service.end()
    world = office.neo.world
    for each in world.tasks(office.clock()):
        if each.email == PRIYA and each.streams[0].credits and each.streams[0].credits > 5:
            world.remove(each.task_id)
    office.app().restore(copy)
    await office.start()
    ambiguous = iter([Reset(done=False)])

    def trouble(call: Call) -> Fault | None:
        channel = office.workspace.channel("neo-spend").id
        return (
            next(ambiguous, None) if (call.method, call.args.get("channel")) == ("chat.postMessage", channel) else None
        )

    office.slack.faults.when(trouble)
    spent(world, office.clock(), MARCUS, 110)
    await office.sync()
    await goes_on(office, 3)
    headlines = [shown(each) for each in told(office.seen("jonas")) if "over their monthly budget" in shown(each)]
    assert ["U0PRIYA" in each for each in headlines] == [True, False]


@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
@pytest.mark.parametrize("arrived", [True, False])
async def test_what_was_on_its_way_when_the_copy_was_made_is_told_once(
    office: Office, *, former: bool, arrived: bool
) -> None:
    office.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    with office.service.database.transaction() as connection:
        owed = [
            NewNotification(WelcomeKey(), UserDestination("U0PRIYA")),
            NewNotification(WelcomeKey(), ChannelDestination("#neo-spend")),
            NewNotification(WelcomeKey(), UserDestination("U0MARCUS")),
        ]
        enqueue(connection, owed, office.clock())
    copy = copied(office)
    office.slack.faults.clear()
    before = len(everything(office))
    if arrived:
        await office.delivered()
        assert len(everything(office)) == before + 3
    await put_back(office, copy, former=former)
    await goes_on(office)
    assert len(everything(office)) == before + 3
    assert max(Counter(keys(everything(office))).values()) == 1


async def test_operators_whom_a_message_was_handed_on_to_are_not_told_again_without_the_former_ledger(
    office: Office,
) -> None:
    with office.service.database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), OperatorsDestination())], office.clock())
    copy = copied(office)
    await office.delivered()
    before = len(everything(office))
    await put_back(office, copy, former=False)
    await goes_on(office)
    assert len(everything(office)) == before


async def test_a_digest_of_a_lost_ledger_is_found_by_its_date(office: Office) -> None:
    copy = copied(office)
    office.clock.advance(14 * HOUR)
    await office.sync()
    assert sum(each.startswith("digest:") for each in stems(office)) == 1
    await put_back(office, copy, former=False)
    await goes_on(office)
    assert sum(each.startswith("digest:") for each in stems(office)) == 1
    office.clock.advance(24 * HOUR)
    await office.sync()
    await goes_on(office, 3)
    assert sum(each.startswith("digest:") for each in stems(office)) == 2


async def test_what_was_sent_after_a_restore_is_not_sent_again_after_another(office: Office) -> None:
    copy = copied(office)
    await spend(office, PRIYA, 75)
    await put_back(office, copy)
    await spend(office, PRIYA, 20)
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before


async def test_a_copy_of_an_earlier_version_goes_on_as_well(office: Office) -> None:
    copy = copied(office)
    downgrade(copy, "0008")  # as it was before ledgers had an id
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("DELETE FROM note WHERE key = 'ledger_id'")
    await spend(office, PRIYA, 95)
    before = Counter(stems(office))
    await put_back(office, copy)
    await goes_on(office)
    assert Counter(stems(office)) == before


async def test_a_running_service_is_not_cut_off(office: Office) -> None:
    copy = copied(office)
    with pytest.raises(InUseError, match="Stop that first"):
        office.app().restore(copy)
    await spend(office, PRIYA, 75)
    assert len(told(office.dm("priya"))) == 1


async def test_a_service_whose_file_is_exchanged_under_it_ends_and_says_why(closed: Office) -> None:
    await closed.open()
    copy = copied(closed)
    await closed.service.end()
    ended = asyncio.create_task(serve(closed.app(), asyncio.Event()))
    before = len(closed.slack.sockets)
    await closed.workspace.until(lambda: len(closed.slack.sockets) > before or bool(closed.slack.sockets), 10)
    copy.replace(closed.directory / "ledger.db")
    async with asyncio.timeout(15):
        with pytest.raises(LedgerError, match="another one put in its place"):
            await ended


def test_what_a_restore_says_of_messages(app: App, clock: SimClock, tmp_path: Path) -> None:
    with app.database() as database, database.transaction() as connection:
        enqueue(
            connection,
            [
                NewNotification(WelcomeKey(), UserDestination("U0PRIYA")),
                NewNotification(WelcomeKey(), UserDestination("U0MARCUS")),
            ],
            clock(),
        )
    copy = _copied(tmp_path)
    with app.database() as database, database.transaction() as connection:
        connection.exec_driver_sql("UPDATE notification SET state = 'sent', ts = '1.2' WHERE destination LIKE '%PRIYA'")
    kept, taken = app.restore(copy)
    assert kept is not None
    assert taken is not None
    assert (taken.waiting, taken.looked_for, taken.sent_since) == (1, 0, 1)
    kept.unlink()
    (tmp_path / "ledger.db").unlink()
    _, taken = app.restore(copy)
    assert taken is not None
    assert (taken.waiting, taken.looked_for, taken.sent_since) == (0, 2, 0)


def test_a_lost_ledger_is_remembered_for_a_week(app: App, clock: SimClock, tmp_path: Path) -> None:
    with app.database():
        copy = _copied(tmp_path)
    (tmp_path / "ledger.db").unlink()
    app.restore(copy)
    for days, state in ((1, "unsure"), (9, "pending")):
        clock.advance(timedelta(days=days))
        with app.database() as database, database.transaction() as connection:
            enqueue(
                connection,
                [NewNotification(DigestKey.decode(f"digest:C1:2026-03-{days:02}"), ChannelDestination("C1"))],
                clock(),
            )
            rows = connection.exec_driver_sql("SELECT state FROM notification ORDER BY id DESC LIMIT 1").scalar_one()
            assert rows == state


async def test_a_former_ledger_that_makes_no_sense_does_not_keep_the_copy_from_opening(office: Office) -> None:
    copy = copied(office)
    with office.service.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE notification SET destination = 'member:nobody' WHERE stem LIKE 'welcome%'")
    await put_back(office, copy)
    await spend(office, PRIYA, 75)
    assert len(told(office.dm("priya"))) == 1


async def test_a_request_that_was_decided_since_is_open_again_and_its_message_says_so(office: Office) -> None:
    await office.ask("priya", "budget request 300/month")
    await office.delivered()
    (message,) = [each for each in told(office.dm("hannah")) if keys([each])[0].startswith("request:")]
    copy = copied(office)
    im = office.workspace.im_of("U0HANNAH").id
    await office.press("hannah", message, "budget_approve", im)
    await office.delivered()
    await put_back(office, copy)
    (message,) = [each for each in told(office.dm("hannah")) if keys([each])[0].startswith("request:")]
    assert "budget_approve" in actions(message)


async def test_what_is_read_again_is_not_booked_late_in_the_next_digest(office: Office) -> None:
    copy = copied(office)
    await spend(office, PRIYA, 45)
    office.clock.advance(14 * HOUR)
    await office.sync()
    await put_back(office, copy)
    await office.sync()
    office.clock.advance(24 * HOUR)
    await office.sync()
    _, following = [each for each in told(office.seen("marcus")) if keys([each])[0].startswith("digest:")]
    assert "Booked late" not in shown(following)
