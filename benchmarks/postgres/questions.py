"""Questions on PostgreSQL: a report on a large ledger as the service asks it, beside the same SQL through psycopg."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from benchmarks.bars import Bar
from benchmarks.ledgers import Size
from benchmarks.postgres.ledgers import postgres_ledger
from benchmarks.postgres.recording import plain_reader, recorded_statements, rows_of
from benchmarks.postgres.server import Plain, Server
from benchmarks.recording import ask
from benchmarks.timing import in_turn, shown
from benchmarks.wiring import wired
from benchmarks.workplace import WORK
from bot.app import App
from bot.database.engine import Database, open_database
from bot.domain.timestamps import to_us
from bot.settings.postgres_address import PostgresAddress
from bot.usage.report import Report

_BROAD = ("this month by:member", "7d by:model,status", "90d by:day", "30d rows top:20")
_POINTS = ("this month email:member.7@acme.example", "task:{task_id}")
_MORE_MS = 2.5  # SQLAlchemy takes 0.2 ms for each of four statements, and two threads hand over twice
_WARM = 10  # rounds before the measured ones: psycopg prepares what it is asked for the sixth time


@dataclass(frozen=True, slots=True)
class _Peers:
    """The app over a ledger, and a bare connection to it."""

    app: App
    database: Database
    address: PostgresAddress
    plain: Plain

    def race(self, line: str, rounds: int) -> list[float]:
        """The median seconds of a line's answer, and of its SQL."""
        kept = recorded_statements(self.address, lambda reader: ask(self.app, reader, line))
        with asyncio.Runner() as runner:

            def asked() -> Report:
                return runner.run(self.database.read(lambda reader: ask(self.app, reader, line)))

            for _ in range(_WARM):
                _check(self.plain, asked())
                rows_of(self.plain, kept)
            return in_turn(rounds, asked, lambda: rows_of(self.plain, kept))


def measure(server: Server, *, quick: bool) -> Iterator[Bar]:
    """Broad questions at most 1.3 times their SQL through psycopg, those about one member or task a little more."""
    address = postgres_ledger(server, Size(100_000 if quick else 1_000_000))
    app, rounds = wired(WORK / "none.db"), 5 if quick else 15
    with closing(plain_reader(server, address)) as plain, closing(open_database(address)) as database:
        peers = _Peers(app, database, address, plain)
        for line in _BROAD:
            ours, bare = peers.race(line, rounds)
            note = f"{shown(ours)}; SQL {shown(bare)}"
            yield Bar(f"PostgreSQL, `{line}`, beside its SQL through psycopg", ours / bare, 1.3, note=note)
        for line in _POINTS:
            ours, bare = peers.race(line.format(task_id=_some_task(plain)), 20 * rounds)
            note = f"{shown(ours)}; SQL {shown(bare)}: {ours / bare:.2f}x"
            name = f"PostgreSQL, `{line.partition(':')[0]}:...`, more than its SQL through psycopg"
            yield Bar(name, (ours - bare) * 1000, _MORE_MS, unit="ms", note=note)


def _check(plain: Plain, report: Report) -> None:
    """The report is complete, holds something, and comes to the plainest SQL's total."""
    assert report.complete
    assert report.total.tasks > 0
    if report.question.filters:
        return
    window = (to_us(report.window.start), to_us(report.window.end))
    sql = "SELECT sum(platform_nanos + provider_nanos)::bigint FROM charge WHERE booked_at >= %s AND booked_at < %s"
    ((spend,),) = plain.execute(sql, window).fetchall()
    plain.commit()
    assert report.spend_nanos == spend


def _some_task(plain: Plain) -> str:
    ((found,),) = plain.execute("SELECT task_id FROM task ORDER BY id DESC LIMIT 1 OFFSET 99").fetchall()
    plain.commit()
    return str(found)
