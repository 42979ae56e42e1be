"""The bot's own troubles: told to operators once a day, and when they are over."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.outbox.store import Owed, owe
from bot.sandbox.faults import Status
from bot.sandbox.slack.things import Message
from bot.sandbox.world import World
from tests.service.conftest import Office, shown


@pytest.fixture
def world() -> World:
    return World.empty()


def told(messages: list[Message]) -> list[Message]:
    """The alarms among them."""
    return [each for each in messages if each.metadata and each.metadata["event_payload"]["key"].startswith("ops:")]


async def test_three_failed_readings_are_told_once_a_day_and_when_neo_is_back(office: Office) -> None:
    office.neo.faults.always = Status(503)
    for _ in range(2):
        await office.sync()
    assert told(office.dm("hannah")) == []
    for _ in range(3):
        await office.sync()
    (alarm,) = told(office.dm("hannah"))
    assert "Neo does not answer:* the last 3 readings of Neo failed: Neo is failing (503, unavailable), since" in shown(
        alarm
    )
    assert "`neo-usage doctor`" in shown(alarm)
    office.clock.advance(timedelta(days=1))
    await office.sync()
    assert len(told(office.dm("hannah"))) == 2
    office.neo.faults.clear()
    await office.sync()
    assert "It is over: Neo answers again" in shown(told(office.dm("hannah"))[-1]).replace("*", "")
    await office.sync()
    assert len(told(office.dm("hannah"))) == 3


async def test_an_alarm_goes_to_the_ops_channel_if_there_is_one(closed: Office) -> None:
    closed.settings["OPS_CHANNEL"] = "#neo-spend"
    await closed.open()
    closed.neo.faults.always = Status(503)
    for _ in range(3):
        await closed.sync()
    assert len(told(closed.seen("marcus"))) == 1
    assert told(closed.dm("hannah")) == []


async def test_a_database_that_cannot_be_written_is_told_directly_once_a_day(office: Office) -> None:
    await office.delivered()
    before = len(office.dm("hannah"))
    with office.service.database.transaction() as connection:
        owe(connection, [Owed("welcome", "user:U0PRIYA")], office.clock())
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE UPDATE ON notification BEGIN SELECT raise(ABORT, 'disk is full'); END"
        )
    for _ in range(3):
        await office.service.deliver()
    (message,) = office.dm("hannah")[before:]
    assert "I cannot write my database" in shown(message)
    assert "disk is full" in shown(message)


async def _polls(office: Office, times: int) -> None:
    for _ in range(times):
        office.clock.advance(timedelta(minutes=5))
        await office.sync()


async def test_what_comes_back_on_the_same_day_edits_the_message_that_it_is_over(office: Office) -> None:
    for _ in range(2):  # however often
        office.neo.faults.always = Status(503)
        await _polls(office, 4)
        alarm, *later = told(office.dm("hannah"))
        assert "Neo does not answer" in shown(alarm)
        assert ["It is back. Neo does not answer" in shown(each) for each in later] == [True] * len(later)
        office.neo.faults.clear()
        await _polls(office, 1)
        alarm, over = told(office.dm("hannah"))
        assert "It is over:* Neo answers again, after" in shown(over)
    office.neo.faults.always = Status(503)
    await _polls(office, 4)
    office.clock.advance(timedelta(days=1))
    await office.sync()
    alarm, back, tomorrow = told(office.dm("hannah"))
    assert "It is back. " in shown(back)
    assert "It is back. " not in shown(tomorrow)
    office.neo.faults.clear()
    await _polls(office, 1)
    *_, over = told(office.dm("hannah"))
    assert len(told(office.dm("hannah"))) == 4
    assert "It is over" in shown(over)
    office.neo.faults.always = Status(503)
    office.clock.advance(timedelta(days=1))
    await _polls(office, 4)
    assert len(told(office.dm("hannah"))) == 5  # the next day's is another incident, told anew
    assert "It is over" in shown(over)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati"])
async def test_another_zone_tells_no_day_twice_and_leaves_none_out(office: Office, zone: str) -> None:
    office.neo.faults.always = Status(503)
    await _polls(office, 4)
    assert len(told(office.dm("hannah"))) == 1
    before = office.clock()
    await office.service.end()
    office.settings["TIMEZONE"] = zone
    await office.start()
    await _polls(office, 6)
    crossed = before.astimezone(ZoneInfo(zone)).date() != office.clock().astimezone(ZoneInfo(zone)).date()
    assert len(told(office.dm("hannah"))) == 1 + crossed
    for _ in range(24):  # two days, the last of which has not begun everywhere
        office.clock.advance(timedelta(hours=2))
        await office.sync()
    days = {(before + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date() for hours in range(49)}
    assert len(told(office.dm("hannah"))) == len(days)
