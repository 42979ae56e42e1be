"""Reconciling: a month of tasks compared with Neo's total, beside its SQL and request; one task among them found."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.request import urlopen
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, event

from benchmarks.bars import Bar
from benchmarks.listing import PAGE, Listing
from benchmarks.plain_http import get
from benchmarks.recording import Parameters, Statement, plain_reader, rows_of
from benchmarks.timing import in_turn, seconds, shown
from benchmarks.upstream import served
from benchmarks.wiring import sync, wired
from benchmarks.workplace import NOW, scratch
from bot.database.engine import Database, open_database
from bot.incidents.checks import current_incidents
from bot.incidents.monitor import IncidentMonitor
from bot.ledger.neo_agreement import TaskDifference, TaskProblem
from bot.outbox.queries import counts_by_state
from bot.reconcile.days_comparison import Comparison
from bot.reconcile.job import ReconcileJob
from bot.reconcile.reconciler import Reconciler
from bot.sandbox.neo import KEY, PATH, SUMMARY_PATH
from bot.service.log import configure
from bot.settings.model import LogFormat, LogLevel

_TIMES, _MOST_REQUESTS = 1.3, 120
_LATENCY = 0.05
_MONTH = timedelta(days=31)
_MODULE = "benchmarks.totals"


def measure(*, quick: bool) -> Iterator[Bar]:
    """A month at most 1.3 times its SQL and requests; one task that Neo's total lacks is named, and reported once."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    listing = Listing(5_000 if quick else 100_000, span=_MONTH)
    with scratch() as directory:
        ledger = directory / "ledger.db"
        with served(listing, _LATENCY, _MODULE, None) as url:
            asyncio.run(sync(wired(ledger, url), full=True))
            yield _compared(ledger, url, listing, 3 if quick else 9)
        with served(listing, 0.0, _MODULE, listing.total // 3) as url:
            yield from _found(ledger, url, listing)


# --- where all agrees ----------------------------------------------------------------------------


def _compared(ledger: Path, url: str, listing: Listing, rounds: int) -> Bar:
    with closing(open_database(ledger)) as database, closing(plain_reader(ledger)) as plain:
        job = _job(ledger, url, database)
        with _recorded() as statements:
            agreement = _compare(job).agreement
        assert agreement.through is not None
        assert not agreement.differences, agreement
        target = f"{url}{SUMMARY_PATH}?from=2026-01-01T00:00:00Z&to=2026-02-19T00:00:00Z&group_by=day"

        def alone() -> None:
            rows_of(plain, statements)
            asyncio.run(get(target, {"X-Api-Key": KEY}))

        app, peer = in_turn(rounds, lambda: _compare(job), alone)
    note = f"{shown(app)}; {len(statements)} statements and one request that takes 50 ms {shown(peer)}"
    return Bar(
        f"a month of {listing.total:,} tasks compared, beside its SQL and requests", app / peer, _TIMES, note=note
    )


def _job(ledger: Path, url: str, database: Database) -> ReconcileJob:
    app = wired(ledger, url)
    heal = partial(app.sync_runner(database, ()).run, progress=lambda _: None, on_wait=lambda _: None)
    return ReconcileJob(Reconciler(database, app.connect_neo, heal, app.clock))


def _compare(job: ReconcileJob) -> Comparison:
    return asyncio.run(job.compare(""))


@contextmanager
def _recorded() -> Iterator[list[Statement]]:
    """The statements that any connection selects by."""
    statements: list[Statement] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: Parameters, *_: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            statements.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


# --- where one task is not counted ---------------------------------------------------------------


def _found(ledger: Path, url: str, listing: Listing) -> Iterator[Bar]:
    left_out = listing.row(listing.total // 3)["task_id"]
    with closing(open_database(ledger)) as database:
        job = _job(ledger, url, database)
        found: list[Comparison] = []
        taken = seconds(lambda: found.append(_compare(job)))
        _report(database)
        found.append(_compare(job))
        _report(database)
        with database.transaction() as connection:
            messages = sum(counts_by_state(connection).values())
    for comparison in found:
        (difference,) = comparison.agreement.differences
        assert difference.tasks == (TaskDifference(left_out, TaskProblem.NOT_COUNTED),), difference
    assert messages == 1, messages
    asked = json.load(urlopen(f"{url}/asked"))  # noqa: S310 - our own server
    requests = asked[SUMMARY_PATH] + asked.get("task", 0)
    note = f"named and reported once, in {shown(taken)} with the days before read again"
    yield Bar(
        f"one task of {listing.total:,} found, by so many requests for totals", requests, _MOST_REQUESTS, "", note=note
    )
    month = -(-listing.total // PAGE)
    note = f"{asked[PATH]:,} pages, once for each new difference; the month has {month:,}"
    yield Bar("the same, pages read again beside a whole read of the month", asked[PATH] / month, 1, note=note)


def _report(database: Database) -> None:
    """Record incidents as the service does."""
    monitor = IncidentMonitor(ZoneInfo("UTC"))
    with database.transaction() as connection:
        monitor.apply_due(connection, current_incidents(connection, None, {}, NOW, backs_up=False), NOW)
