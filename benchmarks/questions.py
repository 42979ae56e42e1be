"""Questions: a report on a large ledger, beside the very same SQL through plain sqlite3."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.recording import ask, plain_reader, recorded, rows_of
from benchmarks.timing import in_turn, shown
from benchmarks.two_scans import two_scans
from benchmarks.wiring import wired
from bot.app import App
from bot.database.read_engine import open_reader
from bot.domain.timestamps import to_us
from bot.usage.report import Report

_BROAD = ("this month by:member", "7d by:model,status", "90d by:day", "30d rows top:20")
_POINTS = ("this month email:member.7@acme.example", "task:{task_id}")
_MORE_MS = 1.0
_ONE_SCAN = ("this month by:member", "90d by:day", "this month")


def measure(*, quick: bool) -> Iterator[Bar]:
    """Broad questions at most 1.2 times the SQL alone, those about one member or task at most 1 ms more.

    A total and its groups at most 0.7 times the SQL that reads them apart.
    """
    path = ledger(Size(100_000 if quick else 1_000_000))
    app, rounds = wired(path), 5 if quick else 15
    for line in _BROAD:
        ours, plain = _race(app, path, line, rounds)
        yield Bar(f"`{line}`, beside its SQL alone", ours / plain, 1.2, note=f"{shown(ours)}; SQL {shown(plain)}")
    for line in _POINTS:
        ours, plain = _race(app, path, line.format(task_id=_some_task(path)), rounds * 20)
        note = f"{shown(ours)}; SQL {shown(plain)}"
        name = line.partition(":")[0]
        yield Bar(f"`{name}:...`, more than its SQL alone", (ours - plain) * 1000, _MORE_MS, unit="ms", note=note)
    for line in _ONE_SCAN:
        ours, apart = _beside_two_scans(app, path, line, rounds)
        note = f"{shown(ours)}; two scans {shown(apart)}"
        yield Bar(f"`{line}`, beside two scans", ours / apart, 0.7, note=note)


def _race(app: App, path: Path, line: str, rounds: int) -> list[float]:
    kept = recorded(app, path, line)
    with closing(open_reader(path)) as reader, closing(plain_reader(path)) as connection:
        _check(connection, ask(app, reader, line))
        return in_turn(rounds, lambda: ask(app, reader, line), lambda: rows_of(connection, kept))


def _beside_two_scans(app: App, path: Path, line: str, rounds: int) -> list[float]:
    with closing(open_reader(path)) as reader, closing(plain_reader(path)) as connection:
        report = ask(app, reader, line)
        apart = list(two_scans(report))
        (platform, provider, *_), *_ = rows_of(connection, apart)[0]
        assert (report.total.platform_nanos, report.total.provider_nanos) == (platform, provider)
        return in_turn(rounds, lambda: ask(app, reader, line), lambda: rows_of(connection, apart))


def _check(connection: sqlite3.Connection, report: Report) -> None:
    """The report is complete, holds something, and its parts sum to the plainest SQL's total."""
    assert report.complete
    assert report.total.tasks > 0
    if report.question.filters:
        return
    window = (to_us(report.window.start), to_us(report.window.end))
    sql = "SELECT sum(platform_nanos + provider_nanos) FROM charge WHERE booked_at >= ? AND booked_at < ?"
    assert report.spend_nanos == connection.execute(sql, window).fetchone()[0]
    if report.groups:
        assert report.spend_nanos == sum(group.spend(report.basis) for group in report.groups)


def _some_task(path: Path) -> str:
    with closing(plain_reader(path)) as connection:
        return str(connection.execute("SELECT task_id FROM task ORDER BY id DESC LIMIT 1 OFFSET 99").fetchone()[0])
