"""Coverage: the intervals of creation time that complete passes have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from bot.domain.timestamps import to_us
from bot.ledger.passes.history import first_start_that_read
from bot.ledger.tables import coverage

BEGINNING = 0  # the stored start of a window that reaches back to the beginning
OVERLAP_US = 1_000_000  # whether the upstream's ends are inclusive is undocumented
LONGEST_WAIT_US = 86_400_000_000  # a window may end this long before its pass begins, and still count as up to date


@dataclass(frozen=True, slots=True)
class Interval:
    """Creation times `[start, end)`, in microseconds since 1970."""

    start: int
    end: int


_FOR_EVER = 2**62
ALL_TIME = Interval(-_FOR_EVER, _FOR_EVER)

_COVERED = select(coverage.c.covered_from, coverage.c.covered_to)
_CLEAR = delete(coverage)
_INSERT = insert(coverage)


def add_coverage(connection: Connection, added: Interval) -> None:
    """Record that a complete pass has read an interval."""
    rows = connection.execute(_COVERED).all()
    intervals = merged_intervals([*(Interval(*row) for row in rows), added])
    connection.execute(_CLEAR)
    connection.execute(_INSERT, [{"covered_from": each.start, "covered_to": each.end} for each in intervals])


def intervals_read_before(connection: Connection, now: datetime, *, is_tail: bool) -> list[Interval]:
    """Return the intervals of creation time in which a new task is news, not backfill; empty before the first pass.

    These are the coverage, and everything since the start of the first pass that read anything, even if no pass was
    ever complete. For a tail they are all of time as soon as anything is covered, because a tail lists current tasks.
    """
    rows = connection.execute(_COVERED).all()
    if rows and is_tail:
        return [ALL_TIME]
    began = first_start_that_read(connection, now)
    since = [] if began is None else [Interval(to_us(began), _FOR_EVER)]
    return merged_intervals([*(Interval(*row) for row in rows), *since])


def merged_intervals(intervals: Sequence[Interval]) -> list[Interval]:
    """Return the intervals in order of their starts, with overlapping and adjacent ones merged."""
    result: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.start):
        if result and each.start <= result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, each.end))
        else:
            result.append(each)
    return result
