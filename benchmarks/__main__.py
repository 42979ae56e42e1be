"""`python -m benchmarks [--quick] [NAME ...]`: measure, print the table, and exit 1 if a bar is missed."""

import os
import platform
import sqlite3
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import (
    age,
    answers,
    backtests,
    booking,
    budgets,
    decoding,
    delivery,
    demo,
    digest,
    everyday,
    fingerprints,
    memory,
    passes,
    questions,
    reconciling,
    scrapes,
    service,
    start,
    tail,
)
from benchmarks.bars import Bar, Benchmark
from benchmarks.postgres import all as on_postgres

BENCHMARKS: dict[str, Benchmark] = {
    "decoding": decoding.measure,
    "booking": booking.measure,
    "passes": passes.measure,
    "memory": memory.measure,
    "questions": questions.measure,
    "start": start.measure,
    "tail": tail.measure,
    "budgets": budgets.measure,
    "backtests": backtests.measure,
    "reconciling": reconciling.measure,
    "age": age.measure,
    "delivery": delivery.measure,
    "digest": digest.measure,
    "everyday": everyday.measure,
    "fingerprints": fingerprints.measure,
    "scrapes": scrapes.measure,
    "answers": answers.measure,
    "service": service.measure,
    "demo": demo.measure,
    "postgres": on_postgres.measure,
}
RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = ("bar", "figure", "limit", "verdict", "measured")


def main(given: list[str]) -> int:
    """Measure what was named, or all; 1 if a bar was missed."""
    asked = _arguments(given)
    bars: list[Bar] = []
    for bar in _measured(asked.names or list(BENCHMARKS), quick=asked.quick):
        print(
            "  ".join((f"{bar.cells[0]:<58}", f"{bar.cells[1]:>9}", f"{bar.cells[2]:>9}", *bar.cells[3:])), flush=True
        )
        bars.append(bar)
    if not asked.quick and not asked.names:
        RESULTS.write_text(_document(bars), encoding="utf-8")
    return 0 if all(bar.kept for bar in bars) else 1


def _arguments(given: list[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all unless named")
    parser.add_argument("--quick", action="store_true", help="small sizes, whose figures prove nothing")
    asked = parser.parse_args(given)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return asked


def _measured(names: Iterable[str], *, quick: bool) -> Iterator[Bar]:
    for name in names:
        yield from BENCHMARKS[name](quick=quick)


def _document(bars: Iterable[Bar]) -> str:
    lines = [
        "# Figures of one run",
        "",
        f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}.",
        "`README.md` says what is compared with what.",
        "",
        *(_line(cells) for cells in (_HEAD, ("---",) * len(_HEAD), *(bar.cells for bar in bars))),
    ]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
