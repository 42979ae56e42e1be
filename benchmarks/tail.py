"""The tail: a pass over the last 72 hours in which nothing changed, with a small and a huge ledger beneath."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.bars import Bar
from benchmarks.ledgers import Size, ledger
from benchmarks.listing import Listing
from benchmarks.timing import in_turn, shown
from benchmarks.upstream import served
from benchmarks.wiring import sync, wired
from benchmarks.workplace import has_room

_TASKS = 2_000
_SPAN = timedelta(hours=70)
_OLDER = timedelta(hours=80)  # the rest of the ledger lies before the tail
_SMALL, _HUGE = Size(10_000, gap=_OLDER), Size(5_000_000, gap=_OLDER)
_BYTES = 6 * 10**9


def measure(*, quick: bool) -> Iterator[Bar]:
    """The tail costs at most 1.2 times as much with 500 times the ledger."""
    if quick or not (_HUGE.path.is_file() or has_room(_BYTES)):
        return
    small, huge = ledger(_SMALL), ledger(_HUGE)
    for order, mixed in (("", False), (", listed in no order", True)):
        few, many = _race(small, huge, Listing(_TASKS, span=_SPAN, mixed=mixed))
        note = f"{_HUGE.tasks:,} tasks: {shown(many)}; {_SMALL.tasks:,}: {shown(few)}"
        yield Bar(f"an unchanged tail{order}, beside a small ledger's", many / few, 1.2, note=note)


def _race(small: Path, huge: Path, listing: Listing) -> list[float]:
    with served(listing) as url:
        for path in (small, huge):  # the first pass books them, unless an earlier run did
            _read(path, url)
        return in_turn(9, lambda: _read(small, url), lambda: _read(huge, url))


def _read(path: Path, url: str) -> None:
    outcome = asyncio.run(sync(wired(path, url), full=False))
    assert outcome.complete
    assert outcome.tally.tasks == _TASKS
    assert outcome.tally.new in {0, _TASKS}
    assert not outcome.tally.grown
