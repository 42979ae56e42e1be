"""Killed before and after a warning about credits is recorded and sent, services post it once, restored or not."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from bot.database.engine import Database, open_database
from bot.sandbox import faults
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.responses import Request
from bot.sandbox.slack.api_calls import Call
from bot.sandbox.slack.faults import Fault, Hang
from bot.sandbox.summary import Balance, SummaryOptions
from bot.settings.database_place import DatabasePlace
from tests.support.clock import ServicesClock
from tests.support.effort import THOROUGH
from tests.support.forked import forked
from tests.support.replicas import DAY, Replica, Team, now, replicated_team
from tests.support.restoring import copy_into, lose
from tests.support.service_process import CLOCK, command

pytestmark = [pytest.mark.slow, pytest.mark.long]

WARNINGS = "SELECT count(*) FROM notification WHERE stem LIKE 'balance:%'"
SENT = f"{WARNINGS} AND state = 'sent'"
LEFT = [  # credits, in how many days they expire, and the warnings that come of both
    ("20", 30, ("spend-30", "expiry-30")),
    ("10", 12, ("spend-14", "expiry-14")),
    ("5", 6, ("spend-7", "expiry-7")),
    ("1.5", 2, ("spend-2", "expiry-2")),
    ("1.5", 0, ("expiry-0",)),
    ("0", 0, ("spend-0",)),
]


def noon_of_tomorrow() -> datetime:
    """A moment that is far from midnight, so that no day ends while the test waits."""
    return (now() + DAY).replace(hour=12, minute=0)


@pytest.fixture
def clock(tmp_path: Path) -> ServicesClock:
    return ServicesClock(now, noon_of_tomorrow() - now(), tmp_path / CLOCK)


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database, clock: ServicesClock) -> AsyncIterator[Team]:
    """A team that has used one credit a day, whose history is read, and for which no service runs."""
    async with replicated_team(tmp_path, place, database, clock, days=30) as team:
        team.environment["HISTORY_DAYS"] = "30"
        first = await team.start()
        await team.wait_until(lambda: "welcome:user:U0HANNAH" in team.visible())
        await team.wait_settled()
        await first.kill()
        yield team
        team.database.close()


@pytest.fixture
def issued_at(clock: ServicesClock) -> datetime:
    """When its credits were issued, of which nothing is used since."""
    return clock()


def pass_day(team: Team, clock: ServicesClock, issued_at: datetime, left: str, expires_in: int) -> None:
    """Let a day pass after which so many credits are left, which expire in so many days."""
    at = clock.advance(DAY)
    team.neo.summary = SummaryOptions(balance=Balance(Decimal(left), issued_at, at + expires_in * DAY))


def hang(team: Team, *, done: bool) -> None:
    """Let Slack answer no post, which it carries out or not."""

    def fault(call: Call) -> Fault | None:
        return Hang(done=done) if call.method == "chat.postMessage" else None

    team.slack.faults.clear()
    team.slack.faults.when(fault)


def asks_for_balance(request: Request) -> bool:
    return request.path == SUMMARY_PATH and "group_by" not in request.query


async def two(team: Team) -> list[Replica]:
    return [await team.launch(), await team.launch()]


async def kill(replicas: list[Replica]) -> None:
    for each in replicas:
        await each.kill()


def visible(team: Team) -> Counter[str]:
    """How often each warning is visible, by its cause and level."""
    seen = team.visible()
    return Counter({key.split("-", 1)[1].partition(":")[0]: seen[key] for key in seen if key.startswith("balance:")})


async def test_each_warning_is_posted_once_whenever_the_services_are_killed(
    team: Team, clock: ServicesClock, issued_at: datetime
) -> None:
    team.neo.faults.when(lambda request: faults.Hang() if asks_for_balance(request) else None)
    pass_day(team, clock, issued_at, "21", 31)
    asking = await two(team)
    await team.wait_until(lambda: any(map(asks_for_balance, team.neo.log)))
    await kill(asking)  # between the question and Neo's answer
    team.neo.faults.clear()

    posted: list[str] = []
    for left, expires_in, levels in LEFT if THOROUGH else (LEFT[0], LEFT[-1]):
        pass_day(team, clock, issued_at, left, expires_in)
        hang(team, done=False)
        recording = await two(team)
        await team.wait_for_number(WARNINGS, len(posted) + len(levels))
        await kill(recording)  # between its row and its message
        assert (await team.number(SENT), visible(team)) == (len(posted), Counter(posted))

        hang(team, done=True)
        sending = await two(team)
        await team.wait_until(lambda: visible(team).total() > len(posted))  # noqa: B023 - it is awaited here
        await kill(sending)  # between its message and Slack's answer

        team.slack.faults.clear()
        settling = await two(team)
        posted += levels
        await team.wait_for_number(SENT, len(posted))
        await team.wait_settled()
        await kill(settling)
        assert visible(team) == Counter(posted)


@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
async def test_what_was_posted_before_a_restore_is_not_posted_again(
    team: Team, clock: ServicesClock, issued_at: datetime, place: DatabasePlace, *, former: bool
) -> None:
    copy = copy_into(team.directory, place)
    hang(team, done=True)
    pass_day(team, clock, issued_at, "20", 30)
    sending = await two(team)
    await team.wait_until(lambda: visible(team).total() > 0)
    await kill(sending)  # between its message and Slack's answer

    team.database.close()
    if not former:
        lose(place)
    restoring = forked(command, ("db", "restore", str(copy)), team.environment, team.directory)
    await asyncio.to_thread(restoring.join)
    assert restoring.exitcode == 0
    team.database = open_database(place)
    team.slack.faults.clear()
    await two(team)
    await team.wait_for_number(SENT, 2)
    await team.wait_settled()
    assert visible(team) == Counter(["spend-30", "expiry-30"])
