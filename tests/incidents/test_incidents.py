"""The bot's own troubles: operators are notified once a day, and when they are over."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest
from sqlalchemy import text

from bot.capability import After
from bot.outbox.destinations import UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.faults import Status, Total
from bot.sandbox.slack.faults import Refuse
from bot.sandbox.slack.models import Message
from bot.sandbox.world import World
from bot.usage.keys import WelcomeKey
from tests.support.engines import POSTGRES, SQLITE, allow, refuse
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add, spent


@pytest.fixture
def world() -> World:
    return World.empty()


def notifications(messages: list[Message]) -> list[Message]:
    """The notifications of incidents among them."""
    return [each for each in messages if each.metadata and each.metadata["event_payload"]["key"].startswith("ops:")]


@pytest.mark.slow
async def test_three_failed_readings_are_reported_once_a_day_and_when_neo_is_back(harness: ServiceHarness) -> None:
    harness.neo.faults.always = Status(503)
    for _ in range(2):
        await harness.sync()
    assert notifications(harness.dm("hannah")) == []
    for _ in range(3):
        await harness.sync()
    (alarm,) = notifications(harness.dm("hannah"))
    assert (
        "Neo doesn't answer:* the last 3 syncs with Neo failed: Neo is failing (503, unavailable), since Mar 2,"
        in visible_text(alarm)
    )
    assert "run the doctor check on my server" in visible_text(alarm)
    assert "neo-usage doctor" not in visible_text(alarm)
    harness.clock.advance(timedelta(days=1))
    await harness.sync()
    assert len(notifications(harness.dm("hannah"))) == 2
    harness.neo.faults.clear()
    await harness.sync()
    assert "Resolved: Neo answers again" in visible_text(notifications(harness.dm("hannah"))[-1]).replace("*", "")
    await harness.sync()
    assert len(notifications(harness.dm("hannah"))) == 3


async def test_an_alarm_goes_to_the_ops_channel_if_there_is_one(closed: ServiceHarness) -> None:
    closed.settings["OPS_CHANNEL"] = "#neo-spend"
    await closed.open()
    closed.neo.faults.always = Status(503)
    for _ in range(3):
        await closed.sync()
    assert len(notifications(closed.visible("marcus"))) == 1
    assert notifications(closed.dm("hannah")) == []


async def test_a_database_that_cannot_be_written_is_reported_directly_once_a_day(harness: ServiceHarness) -> None:
    await harness.deliver()
    before = len(harness.dm("hannah"))
    with harness.service.database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), UserDestination("U0PRIYA"))], harness.clock())
        refuse(connection, "UPDATE", "notification", "disk is full")
    for _ in range(3):
        await harness.service.jobs.run_every(1)
    (message,) = harness.dm("hannah")[before:]
    assert "I can't write to my database" in visible_text(message)
    assert "disk is full" in visible_text(message)


async def test_a_database_that_cannot_be_written_is_reported_although_a_clock_ran_ahead(
    harness: ServiceHarness,
) -> None:
    with harness.service.database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), UserDestination("U0PRIYA"))], harness.clock())
        refuse(connection, "UPDATE", "notification", "disk is full")
    harness.clock.advance(timedelta(days=300))
    await harness.service.jobs.run_every(1)
    before = len(harness.dm("hannah"))
    harness.clock.set_back(timedelta(days=300))
    for _ in range(2):
        await harness.service.jobs.run_every(1)
    (message,) = harness.dm("hannah")[before:]
    assert "I can't write to my database" in visible_text(message)


async def test_what_was_not_delivered_while_a_clock_ran_ahead_is_not_reported_for_as_long(
    harness: ServiceHarness,
) -> None:
    with harness.service.database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), UserDestination("U0PRIYA"))], harness.clock())
        ahead = int((harness.clock() + timedelta(days=300)).timestamp() * 1e6)
        connection.execute(text("UPDATE notification SET state = 'dead', settled_at = :at"), {"at": ahead})
    await poll(harness, 1)
    assert alarms(harness) == []


async def poll(harness: ServiceHarness, times: int) -> None:
    for _ in range(times):
        harness.clock.advance(timedelta(minutes=5))
        await harness.sync()


def alarms(harness: ServiceHarness) -> list[str]:
    return [visible_text(each).replace("*", "") for each in notifications(harness.dm("hannah"))]


@pytest.mark.slow
async def test_a_list_that_never_adds_up_is_reported_once_after_three_readings(harness: ServiceHarness) -> None:
    harness.neo.faults.always = Total(lambda real: real + 3)
    await poll(harness, 2)
    assert alarms(harness) == []
    await poll(harness, 10)
    (alarm,) = alarms(harness)
    assert "Neo's task list is incomplete: none of the last 3 syncs with Neo was complete: Neo announces" in alarm
    harness.neo.faults.clear()
    await poll(harness, 1)
    assert "Resolved: Neo's task list is complete again" in alarms(harness)[-1]


@pytest.mark.slow
async def test_readings_that_fail_now_and_do_not_add_up_then_are_reported(harness: ServiceHarness) -> None:
    for fault in (Status(503), Total(lambda real: real + 3), Status(503)):
        harness.neo.faults.always = fault
        await poll(harness, 1)
    (alarm,) = alarms(harness)
    assert "none of the last 3 syncs with Neo was complete" in alarm


async def test_readings_that_break_here_are_reported_with_why(harness: ServiceHarness, engine: str) -> None:
    missing = {SQLITE: "no such table", POSTGRES: 'relation "seen" does not exist'}[engine]
    with harness.service.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE seen RENAME TO mislaid")
    for _ in range(3):
        spent(harness.neo.world, harness.clock(), "priya.raman@acme.example", 10)
        await poll(harness, 1)
    (alarm,) = alarms(harness)
    assert f"Neo's data can't be read: the last 3 syncs with Neo failed: the database failed: {missing}" in alarm
    with harness.service.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE mislaid RENAME TO seen")
        assert connection.exec_driver_sql("SELECT count(*) FROM quarantine").scalar_one() == 0
    await poll(harness, 1)
    assert "Resolved: Neo's data can be read again" in alarms(harness)[-1]


async def test_other_passes_that_keep_failing_are_reported_beside_a_good_tail(harness: ServiceHarness) -> None:
    harness.neo.faults.when(lambda request: Status(503) if "2026-02-1" in request.query.get("from", "") else None)
    with harness.service.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM coverage")
    harness.settings["HISTORY_DAYS"] = "20"
    await poll(harness, 3)
    assert any("the last 3 syncs with Neo failed" in each for each in alarms(harness))


async def test_readings_that_never_end_are_reported_after_hours(harness: ServiceHarness) -> None:
    await poll(harness, 1)
    with harness.service.database.transaction() as connection:  # as a process leaves them that is killed each time
        connection.exec_driver_sql(
            "INSERT INTO pass (kind, window_to, started_at, complete, pages, tasks, new, grown, restated, quarantined)"
            " SELECT 'tail', window_to, started_at, false, 0, 0, 0, 0, 0, 0 FROM pass ORDER BY id DESC LIMIT 1"
        )
    harness.clock.advance(timedelta(hours=5))
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    assert alarms(harness) == []
    harness.clock.advance(timedelta(hours=2))
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    (alarm,) = alarms(harness)
    assert "no sync with Neo has finished for 7 hours" in alarm


@pytest.mark.slow
async def test_a_row_that_breaks_the_booking_is_set_aside_and_reported_by_name_and_the_rest_goes_on(
    harness: ServiceHarness,
) -> None:
    await harness.ask("hannah", "budget @priya 100/month")
    with harness.service.database.transaction() as connection:
        why = "seven of <@U0HANNAH> `seventy`"
        refuse(connection, "INSERT", "charge", why, "NEW.platform_nanos = 7770000000")
    add(harness.neo.world, "odd", "0.777", email="marcus.delgado@acme.example")
    spent(harness.neo.world, harness.clock(), "priya.raman@acme.example", 85)
    await poll(harness, 3)
    assert any("85%" in visible_text(each) for each in harness.dm("priya"))
    (alarm,) = [each for each in alarms(harness) if "Some rows were rejected" in each]
    assert "1 row from Neo was rejected: odd: it couldn't be recorded (the database failed: seven of" in alarm
    assert "<@" not in alarm
    assert harness.service.wiring.context.scheduler.failure is None
    with harness.service.database.transaction() as connection:
        allow(connection, "charge")
    await poll(harness, 1)
    assert "Resolved: no rejected rows are left" in alarms(harness)[-1]


@pytest.mark.slow
async def test_an_app_token_that_slack_refuses_is_reported_to_operators_and_when_it_is_taken_again(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.socket.WATCH_SECONDS", 0.05)
    monkeypatch.setattr("bot.slack.socket.REFUSED_SECONDS", 0.05)
    harness.slack.faults.when(lambda call: Refuse("token_revoked") if call.method == "apps.connections.open" else None)
    harness.slack.sockets.drop()
    await harness.workspace.until(lambda: notifications(harness.dm("hannah")) != [], 15)
    (alarm,) = notifications(harness.dm("hannah"))
    assert "Slack rejects SLACK_APP_TOKEN (token_revoked)" in plainly(alarm)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{harness.service.port}") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "SLACK_APP_TOKEN (token_revoked)" in answer.json()["problems"]["slack"]
    harness.slack.faults.clear()
    await harness.workspace.until(lambda: len(notifications(harness.dm("hannah"))) == 2, 15)
    assert "Resolved: Slack accepts SLACK_APP_TOKEN again" in plainly(notifications(harness.dm("hannah"))[-1])


@pytest.mark.slow
async def test_that_the_token_is_refused_stands_until_somebody_knows_better(harness: ServiceHarness) -> None:
    harness.slack.faults.when(lambda call: Refuse("invalid_auth") if call.method == "apps.connections.open" else None)
    harness.slack.sockets.drop()
    await harness.workspace.until(lambda: notifications(harness.dm("hannah")) != [], 20)
    socket, harness.service.slack.socket = harness.service.slack.socket, None  # as it is while the service starts
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    await harness.deliver()
    harness.service.slack.socket = socket
    assert len(notifications(harness.dm("hannah"))) == 1


def plainly(message: Message) -> str:
    """What is read of a message, without its emphasis."""
    return visible_text(message).replace("*", "")


@pytest.mark.slow
async def test_what_comes_back_on_the_same_day_edits_the_message_that_it_is_over(harness: ServiceHarness) -> None:
    for _ in range(2):  # however often
        harness.neo.faults.always = Status(401)
        await poll(harness, 4)
        alarm, *later = notifications(harness.dm("hannah"))
        assert "Neo doesn't answer" in visible_text(alarm)
        assert ["Neo doesn't answer (again):" in visible_text(each) for each in later] == [True] * len(later)
        harness.neo.faults.clear()
        await poll(harness, 1)
        alarm, over = notifications(harness.dm("hannah"))
        assert "Resolved:* Neo answers again, after" in visible_text(over)
    harness.neo.faults.always = Status(401)
    await poll(harness, 4)
    harness.clock.advance(timedelta(days=1))
    await harness.sync()
    alarm, back, tomorrow = notifications(harness.dm("hannah"))
    assert "(again)" in visible_text(back)
    assert "(again)" not in visible_text(tomorrow)
    harness.neo.faults.clear()
    await poll(harness, 1)
    *_, over = notifications(harness.dm("hannah"))
    assert len(notifications(harness.dm("hannah"))) == 4
    assert "Resolved:" in visible_text(over)
    harness.neo.faults.always = Status(401)
    harness.clock.advance(timedelta(days=1))
    await poll(harness, 4)
    assert len(notifications(harness.dm("hannah"))) == 5  # the next day's is another incident, told anew
    assert "Resolved:" in visible_text(over)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati"])
async def test_another_zone_tells_no_day_twice_and_leaves_none_out(harness: ServiceHarness, zone: str) -> None:
    harness.neo.faults.always = Status(401)
    await poll(harness, 4)
    assert len(notifications(harness.dm("hannah"))) == 1
    before = harness.clock()
    await harness.service.end()
    harness.settings["TIMEZONE"] = zone
    await harness.start()
    await poll(harness, 2)
    crossed = before.astimezone(ZoneInfo(zone)).date() != harness.clock().astimezone(ZoneInfo(zone)).date()
    assert len(notifications(harness.dm("hannah"))) == 1 + crossed
    for _ in range(12):  # two days, the last of which has not begun everywhere
        harness.clock.advance(timedelta(hours=4))
        await harness.sync()
    days = {(before + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date() for hours in range(49)}
    assert len(notifications(harness.dm("hannah"))) == len(days)
