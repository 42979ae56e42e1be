"""Coverage: the intervals of creation time that complete passes have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.timestamps import to_us
from bot.ledger.pass_history import first_start_that_read

if TYPE_CHECKING:
    from sqlalchemy import Connection

BEGINNING = 0  # the stored start of a window that reaches back to the beginning
OVERLAP_US = 1_000_000  # whether the upstream's ends are inclusive is undocumented
LONGEST_WAIT_US = 86_400_000_000  # a pass that waited may begin so long after its window's end, and be up to date then
_FOR_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Interval:
    """Creation times `[start, end)`, in microseconds since 1970."""

    start: int
    end: int


def add_coverage(connection: "Connection", added: Interval) -> None:
    """Record that a complete pass has read an interval."""
    rows = connection.exec_driver_sql("SELECT covered_from, covered_to FROM coverage").all()
    intervals = merged_intervals([*(Interval(*row) for row in rows), added])
    connection.exec_driver_sql("DELETE FROM coverage")
    connection.exec_driver_sql(
        "INSERT INTO coverage (covered_from, covered_to) VALUES (?,?)", [(each.start, each.end) for each in intervals]
    )


def intervals_read(connection: "Connection", now: datetime, *, tail: bool) -> list[Interval] | None:
    """Return the intervals of creation time in which a new task is no backfill; empty before the first pass.

    Those are what complete passes have read, and all since the first pass began that has read anything, also if no
    pass was ever complete. None stands for all time, as for a `tail` once anything was read: it lists what goes on now.
    """
    rows = connection.exec_driver_sql("SELECT covered_from, covered_to FROM coverage").all()
    if rows and tail:
        return None
    began = first_start_that_read(connection, now)
    since = [] if began is None else [Interval(to_us(began), _FOR_EVER)]
    return merged_intervals([*(Interval(*row) for row in rows), *since])


def merged_intervals(intervals: Sequence[Interval]) -> list[Interval]:
    """Return the intervals in order, with those that touch made one."""
    result: list[Interval] = []
    for each in sorted(intervals, key=lambda interval: interval.start):
        if result and each.start <= result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, each.end))
        else:
            result.append(each)
    return result
