"""Which windows a sync reads, newest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

TAIL = timedelta(hours=72)  # a task is listed up to 15 h after it was created, and may be continued for days
CHUNK = timedelta(days=10)  # of history: what a break costs, at most


class Kind(StrEnum):
    """Why a window is read."""

    TAIL = "tail"
    HISTORY = "history"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Planned:
    """A window `[start, end)` of creation time to be read; without start it reaches back to the beginning."""

    kind: Kind
    start: datetime | None
    end: datetime


def plan(
    now: datetime, *, last_complete: datetime | None, covered: Sequence[tuple[datetime, datetime]], history_days: int
) -> list[Planned]:
    """The tail, and whatever of the wanted history no complete pass has read yet.

    Args:
        now: the moment, to which the windows are frozen.
        last_complete: the start of the last complete pass that reached its present.
        covered: disjoint stretches that complete passes have read, in order.
        history_days: how far back the ledger is to reach.
    """
    tail_start = min(now, last_complete or now) - TAIL
    gaps = _gaps(now - timedelta(days=history_days), tail_start, covered)
    history = [chunk for gap in reversed(list(gaps)) for chunk in _chunks(*gap)]
    return [Planned(Kind.TAIL, tail_start, now), *history]


def _gaps(
    start: datetime, end: datetime, covered: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    for low, high in covered:
        if start < min(low, end):
            yield start, min(low, end)
        start = max(start, high)
    if start < end:
        yield start, end


def _chunks(start: datetime, end: datetime) -> Iterator[Planned]:
    while start < end:
        low = max(start, end - CHUNK)
        yield Planned(Kind.HISTORY, low, end)
        end = low
