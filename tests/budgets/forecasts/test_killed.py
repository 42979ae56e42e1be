"""Killed before and after a forecast alert is recorded, sent and edited, two services send and edit it once."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.database.engine import Database
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Hang
from bot.sandbox.tasks import SimTask, Stream
from bot.settings.database_place import DatabasePlace
from tests.support.clock import ServicesClock
from tests.support.messages import visible_text
from tests.support.replicas import DAY, HOUR, Replica, Team, now, replicated_team
from tests.support.service_process import CLOCK
from tests.support.worlds import PRIYA

LIMITS = "SELECT count(*) FROM budget_revision"
ALERTS = "SELECT count(*) FROM forecast_alert"
LASTING = f"{ALERTS} WHERE outlook = 'may_last'"
NOTIFICATIONS = "SELECT count(*) FROM notification WHERE stem LIKE 'forecast:%'"
SENT = f"{NOTIFICATIONS} AND state = 'sent'"


def tenth_of_next_month() -> datetime:
    """Noon of the tenth of the next month: what is ahead of the machine's clock is a month and ten days at most."""
    first = (now().replace(day=1) + 32 * DAY).replace(day=1)
    return first.replace(hour=12, minute=0) + 9 * DAY


@pytest.fixture
def clock(tmp_path: Path) -> ServicesClock:
    return ServicesClock(now, tenth_of_next_month() - now(), tmp_path / CLOCK)


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database, clock: ServicesClock) -> AsyncIterator[Team]:
    async with replicated_team(tmp_path, place, database, clock, days=45) as team:
        team.environment["HISTORY_DAYS"] = "60"
        yield team


def hang(team: Team, method: str, *, done: bool) -> None:
    """Let Slack answer no call of a method, which it carries out or not."""

    def fault(call: Call) -> Fault | None:
        return Hang(done=done) if call.method == method else None

    team.slack.faults.clear()
    team.slack.faults.when(fault)


async def two(team: Team) -> list[Replica]:
    return [await team.launch(), await team.launch()]


async def kill(replicas: list[Replica]) -> None:
    for each in replicas:
        await each.kill()


def alert_texts(team: Team) -> list[str]:
    """The forecast alerts that Priya sees."""
    workspace = team.slack.workspace
    messages = workspace.visible_messages(workspace.im_of("U0PRIYA").id, "U0PRIYA")
    alerts = [each for each in messages if each.metadata]
    return [
        visible_text(each)
        for each in alerts
        if each.metadata and str(each.metadata["event_payload"]["key"]).startswith("forecast:")
    ]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
async def test_an_alert_is_sent_and_edited_once_whenever_the_services_are_killed(
    team: Team, clock: ServicesClock
) -> None:
    first = await team.start()
    await team.wait_until(lambda: "welcome:user:U0HANNAH" in team.visible())
    hang(team, "chat.postMessage", done=False)
    await team.slack.command("hannah", "general", "budget @priya 200/month")
    await team.wait_for_number(LIMITS, 1)
    await first.kill()  # before anything was decided, or after

    deciding = await two(team)
    await team.wait_for_number(NOTIFICATIONS, 1)
    await kill(deciding)  # between its row and its message
    assert (await team.number(ALERTS), await team.number(SENT), alert_texts(team)) == (1, 0, [])

    hang(team, "chat.postMessage", done=True)
    sending = await two(team)
    await team.wait_until(lambda: len(alert_texts(team)) == 1)
    await kill(sending)  # between its message and Slack's answer
    assert await team.number(SENT) == 0

    team.slack.faults.clear()
    settling = await two(team)
    await team.wait_for_number(SENT, 1)
    await team.wait_settled()
    (text,) = alert_texts(team)
    assert text.startswith("*Your monthly budget is expected to run out on ")

    hang(team, "chat.update", done=False)
    await team.slack.command("hannah", "general", "budget @priya 2000/month")
    await team.wait_for_number(LASTING, 1)
    await kill(settling)  # between what has changed and the edit that shows it

    team.slack.faults.clear()
    await two(team)
    await team.wait_until(lambda: "is expected to last after all" in alert_texts(team)[0])
    clock.advance(DAY)
    begun = clock() - 3 * HOUR
    team.neo.world.add(SimTask.of("more", Stream(begun, begun + HOUR, Decimal(5)), email=PRIYA, model="opus"))
    await team.wait_for_number("SELECT count(*) FROM task WHERE task_id = 'more'", 1)
    await team.wait_settled()
    assert (await team.number(ALERTS), await team.number(NOTIFICATIONS), len(alert_texts(team))) == (1, 1, 1)
