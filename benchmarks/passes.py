"""Passes: reading a whole list over a slow upstream, beside the time that the upstream alone takes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.bars import Bar
from benchmarks.listing import PAGE, Listing
from benchmarks.timing import seconds, shown
from benchmarks.upstream import served
from benchmarks.wiring import sync, wired
from benchmarks.workplace import scratch
from bot.database.engine import open_database
from bot.neo.client import CONCURRENCY

_LATENCY = 0.05


def measure(*, quick: bool) -> Iterator[Bar]:
    """A pass takes at most 1.2 times the upstream's own time."""
    pages = 60 if quick else 500
    with scratch() as directory, served(Listing(PAGE * pages), _LATENCY) as url:
        taken = median(_pass(directory / f"{number}.db", url, pages) for number in range(1 if quick else 3))
    floor = pages * _LATENCY / CONCURRENCY
    note = f"{pages} pages of {PAGE} tasks at 50 ms, {CONCURRENCY} at a time: {shown(taken)}"
    yield Bar("a pass, beside the upstream's own time", taken / floor, 1.2, note=note)


def _pass(ledger: Path, url: str, pages: int) -> float:
    open_database(ledger).close()

    def read() -> None:
        outcome = asyncio.run(sync(wired(ledger, url), full=True))
        assert outcome.complete
        assert outcome.tally.new == pages * PAGE

    return seconds(read)
