"""Scrapes: what Prometheus reads of a service on a large ledger, from the look at the ledger to the text."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

from sqlalchemy import Connection

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.timing import in_turn
from benchmarks.wiring import wired
from benchmarks.workplace import NOW, WORK, scratch
from bot.balance.rules import Balance, Runway
from bot.balance.store import write_balance
from bot.budgets.rules import STEPS
from bot.database.backup_record import BackupRecord, write_backup_record
from bot.database.engine import Database, open_database
from bot.database.timing import LEASE_LIFETIME
from bot.domain.money import NANOS_PER_CREDIT
from bot.ledger.neo_agreement import NeoAgreement, write_neo_agreement
from bot.metrics.exporter import Exporter
from bot.metrics.families import GaugeLabels, ServiceState
from bot.metrics.ledger_facts import FactsPolicy
from bot.metrics.process_metrics import ProcessMetrics
from bot.settings.database_place import DatabasePlace

_MOST_MS = 20.0
_MOST_MS_WITH_MEMBERS = 150.0
_KINDS = [f"kind_{number}" for number in range(20)]  # of messages and events, about as many as a service has
_STATE = ServiceState(database_writable=True, slack_connected=True, runs_jobs=True, poll_seconds=300)
_DAY = timedelta(days=1)


def measure(*, quick: bool) -> Iterator[Bar]:
    """On a ledger that is a file."""
    size = scraped_size(quick=quick)
    source = ledger(size)
    with scratch() as directory:
        path = directory / "ledger.db"
        shutil.copy(source, path)
        yield from scrape_bars(path, size, quick=quick)


def scraped_size(*, quick: bool) -> Size:
    """How large the ledger is."""
    return Size(100_000 if quick else 1_000_000)


def scrape_bars(place: DatabasePlace, size: Size, *, quick: bool, on: str = "") -> Iterator[Bar]:
    """A scrape of every family takes 20 ms at most; one that names 2,000 members, what their sums take.

    `on` begins the names of the bars: on which engine the ledger is.
    """
    rounds = 5 if quick else 25
    with closing(open_database(place)) as database, asyncio.Runner() as runner:
        runner.run(database.write(_know_everything))
        team, members = (_exporter(database, place, names_members=each) for each in (False, True))
        assert all(name in runner.run(team.text()) for name in ("backup_age", "neo_total_agrees", "balance_runway"))
        runner.run(members.text())  # what is loaded and compiled once
        taken = in_turn(rounds, lambda: runner.run(team.text()), lambda: runner.run(members.text()))
        note = f"{len(runner.run(team.text()).splitlines())} lines"
        yield Bar(f"{on}a scrape at {size.tasks:,} tasks", taken[0] * 1000, _MOST_MS, unit="ms", note=note)
        note = f"{len(runner.run(members.text()).splitlines()):,} lines"
        name = f"{on}the same, naming {size.members:,} members"
        yield Bar(name, taken[1] * 1000, _MOST_MS_WITH_MEMBERS, unit="ms", note=note)


def _know_everything(connection: Connection) -> None:
    """Have the ledger know what only some do: its last backup, Neo's own total and the balance."""
    write_backup_record(connection, BackupRecord(NOW, NOW, 1))
    write_neo_agreement(connection, NeoAgreement(NOW, NOW, (NOW - _DAY).date()))
    lasts = Runway(40, 30, 60, 28)
    balance = Balance(NOW, NOW, 400 * NANOS_PER_CREDIT, expires_at=NOW + 90 * _DAY, runway=lasts)
    write_balance(connection, balance)


def _exporter(database: Database, place: DatabasePlace, *, names_members: bool) -> Exporter:
    settings = wired(WORK / "none.db").settings
    policy = FactsPolicy(
        zone=settings.timezone,
        basis=settings.spend_basis,
        place=place,
        quiet_hours=None,
        lease_lifetime=LEASE_LIFETIME,
        names_members=names_members,
        backs_up=True,
    )
    labels = GaugeLabels(notifications=_KINDS, steps=STEPS)
    return Exporter(database, policy, ProcessMetrics(), _state, labels, lambda: NOW, settings.metrics_host)


async def _state() -> ServiceState:
    return _STATE
