"""Killed between a comparison, the incident of it and its message, the service reports a difference once, not twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.database.engine import Database
from bot.sandbox.slack.faults import Hang
from bot.sandbox.summary import Balance, SummaryOptions
from bot.settings.database_place import DatabasePlace
from tests.support.clock import set_off
from tests.support.forked import forked
from tests.support.replicas import DAY, Team, now, replicated_team
from tests.support.service_process import CLOCK, command

pytestmark = pytest.mark.slow

COMPARED = "SELECT count(*) FROM note WHERE key = 'neo_agreement' AND value LIKE '%usual-4%'"
AGREES = "SELECT count(*) FROM note WHERE key = 'neo_agreement' AND value NOT LIKE '%usual-4%'"
INCIDENTS = "SELECT count(*) FROM incident WHERE name = 'difference' AND ended_at IS NULL"
REPORTS = "SELECT count(*) FROM notification WHERE stem LIKE 'ops:difference-%'"
SENT = f"{REPORTS} AND state = 'sent'"
WARNINGS = "SELECT count(*) FROM notification WHERE stem LIKE 'balance:%' AND state = 'sent'"


@pytest.fixture
async def team(tmp_path: Path, place: DatabasePlace, database: Database) -> AsyncIterator[Team]:
    async with replicated_team(tmp_path, place, database) as team:
        yield team


def pass_nights(team: Team, days: int) -> None:
    """Set the clock of the services so many days ahead."""
    set_off(team.directory / CLOCK, days * DAY.total_seconds())


def compare_and_end(team: Team) -> None:
    """Let a process compare that ends before it looks for incidents, as one that is killed there."""
    process = forked(command, ("reconcile",), team.environment, team.directory)
    process.join()
    assert process.exitcode == 1, "it differs"


def kinds(team: Team) -> Counter[str]:
    """How many messages there are about differences and credits."""
    return Counter({kind: count for kind, count in team.kinds().items() if kind in {"ops", "balance"}})


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_difference_and_a_warning_are_posted_once_whenever_it_is_killed(team: Team) -> None:
    first = await team.launch()
    await team.wait_until(lambda: "welcome:user:U0HANNAH" in team.visible())  # so that all history is read
    await first.kill()
    balance = Balance(Decimal(20), now() - 9 * DAY)
    team.neo.summary = SummaryOptions(left_out=frozenset({"usual-4"}), balance=balance)
    pass_nights(team, 1)

    await asyncio.to_thread(compare_and_end, team)
    assert (await team.number(COMPARED), await team.number(INCIDENTS)) == (1, 0)

    team.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    recorded = await team.launch()
    await team.wait_for_number(REPORTS, 1)
    await recorded.kill()
    assert await team.number(SENT) == 0
    assert kinds(team) == {}

    team.slack.faults.clear()
    delivering = await team.launch()
    await team.wait_for_number(SENT, 1)
    await team.wait_for_number(WARNINGS, 1)
    await delivering.kill()

    team.neo.summary = SummaryOptions(balance=balance)
    pass_nights(team, 2)
    await team.launch()
    await team.wait_for_number(AGREES, 1)
    await team.wait_for_number(INCIDENTS, 0)
    await team.wait_settled()
    assert kinds(team) == {"ops": 2, "balance": 1}
