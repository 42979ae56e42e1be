"""Scrapes: what Prometheus reads of a service on a large ledger, from the look at the ledger to the text."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.timing import in_turn
from benchmarks.wiring import wired
from benchmarks.workplace import NOW
from bot.budgets.rules import STEPS
from bot.database.engine import Database, open_database
from bot.database.timing import LEASE_LIFETIME
from bot.metrics.exporter import Exporter
from bot.metrics.families import GaugeLabels, ServiceState
from bot.metrics.ledger_facts import FactsPolicy
from bot.metrics.process_metrics import ProcessMetrics

_MOST_MS = 20.0
_MOST_MS_WITH_MEMBERS = 150.0
_STATE = ServiceState(database_writable=True, slack_connected=True, runs_jobs=True, poll_seconds=300)


def measure(*, quick: bool) -> Iterator[Bar]:
    """A scrape at 1,000,000 tasks takes 20 ms at most; one that names 2,000 members, what their sums take."""
    size = Size(100_000 if quick else 1_000_000)
    path, rounds = ledger(size), 5 if quick else 25
    with closing(open_database(path)) as database, asyncio.Runner() as runner:
        team, members = (_exporter(database, path, names_members=each) for each in (False, True))
        runner.run(members.text())  # what is loaded and compiled once
        taken = in_turn(rounds, lambda: runner.run(team.text()), lambda: runner.run(members.text()))
        note = f"{len(runner.run(team.text()).splitlines())} lines"
        yield Bar(f"a scrape at {size.tasks:,} tasks", taken[0] * 1000, _MOST_MS, unit="ms", note=note)
        note = f"{len(runner.run(members.text()).splitlines()):,} lines"
        name = f"the same, naming {size.members:,} members"
        yield Bar(name, taken[1] * 1000, _MOST_MS_WITH_MEMBERS, unit="ms", note=note)


def _exporter(database: Database, path: Path, *, names_members: bool) -> Exporter:
    settings = wired(path).settings
    policy = FactsPolicy(
        zone=settings.timezone,
        basis=settings.spend_basis,
        place=path,
        quiet_hours=None,
        lease_lifetime=LEASE_LIFETIME,
        names_members=names_members,
    )
    labels = GaugeLabels(notifications=("crossing", "digest", "failure"), steps=STEPS)
    return Exporter(database, policy, ProcessMetrics(), _state, labels, lambda: NOW, settings.metrics_host)


async def _state() -> ServiceState:
    return _STATE
