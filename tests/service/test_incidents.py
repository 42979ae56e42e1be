"""The bot's own troubles: told to operators once a day, and when they are over."""

from datetime import timedelta

import httpx
import pytest

from bot.outbox.store import Owed, owe
from bot.sandbox.faults import Status
from bot.sandbox.slack.faults import Refuse
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


async def test_an_app_token_that_slack_refuses_is_told_to_operators_and_when_it_is_taken_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.slack.socket.WATCH_SECONDS", 0.05)
    monkeypatch.setattr("bot.slack.socket.REFUSED_SECONDS", 0.05)
    office.slack.faults.when(lambda call: Refuse("token_revoked") if call.method == "apps.connections.open" else None)
    office.slack.sockets.drop()
    await office.workspace.until(lambda: told(office.dm("hannah")) != [], 15)
    (alarm,) = told(office.dm("hannah"))
    assert "Slack does not take SLACK_APP_TOKEN (token_revoked)" in plainly(alarm)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{office.service.port}") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "SLACK_APP_TOKEN (token_revoked)" in answer.json()["problems"]["slack"]
    office.slack.faults.clear()
    await office.workspace.until(lambda: len(told(office.dm("hannah"))) == 2, 15)
    assert "It is over: Slack takes SLACK_APP_TOKEN again" in plainly(told(office.dm("hannah"))[-1])


async def test_that_the_token_is_refused_stands_until_somebody_knows_better(office: Office) -> None:
    office.slack.faults.when(lambda call: Refuse("invalid_auth") if call.method == "apps.connections.open" else None)
    office.slack.sockets.drop()
    await office.workspace.until(lambda: told(office.dm("hannah")) != [], 20)
    socket, office.service.socket = office.service.socket, None  # as it is while the service starts
    await office.service.look_after_itself()
    await office.delivered()
    office.service.socket = socket
    assert len(told(office.dm("hannah"))) == 1


def plainly(message: Message) -> str:
    """What is read of a message, without its emphasis."""
    return shown(message).replace("*", "")
