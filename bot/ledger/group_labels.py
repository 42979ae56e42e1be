"""Group labels: what the keys of a statement's groups mean to people, and the calendar's parts that it groups by."""

from collections.abc import Callable, Sequence
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, func, select

from bot.domain.periods import Bucket, Unit, Window, buckets
from bot.domain.query.question import TIME_GROUPINGS
from bot.domain.timestamps import from_us, to_us
from bot.ledger.members import emails_by_id
from bot.ledger.quarter_hour_totals import quarters_around
from bot.ledger.tables import charge, task

# one look at each end of an index; asked for both at once, SQLite reads the whole of it
_ENDS = select(
    *(
        select(end(each)).scalar_subquery()
        for each in (charge.c.booked_at, task.c.created_at)
        for end in (func.min, func.max)
    )
)


class GroupLabels:
    """What the keys of groups mean: members' e-mails and the calendar's names.

    `spans` are the parts of the calendar between the `ends`, which are microseconds.
    """

    def __init__(self, connection: Connection, ends: tuple[int, int], by: Sequence[str], zone: tzinfo) -> None:
        self._emails = emails_by_id(connection) if "member" in by else {}
        unit = next((Unit(name) for name in by if name in TIME_GROUPINGS), None)
        self._buckets: list[Bucket] = [] if unit is None else list(buckets(unit, _with_data(connection, *ends), zone))
        self._labels = [self._label_of(name) for name in by]
        self.spans = [(i, to_us(each.window.start), to_us(each.window.end)) for i, each in enumerate(self._buckets)]

    @property
    def members(self) -> int:
        """How many members there are, if the groups are theirs."""
        return len(self._emails)

    def keys(self, rows: Sequence[Sequence[Any]]) -> list[tuple[str, ...]]:
        """Return the labels of the groups, with whose keys the rows begin."""
        columns = [map(label, [row[i] for row in rows]) for i, label in enumerate(self._labels)]
        return list(zip(*columns, strict=True))

    def _label_of(self, name: str) -> Callable[[Any], str]:
        if name == "member":
            return self._emails.__getitem__
        return (lambda number: self._buckets[number].label) if name in TIME_GROUPINGS else str


def _with_data(connection: Connection, start: int, end: int) -> Window:
    """Return the part of `[start, end)` (microseconds) that holds anything: `to:` alone makes no bucket of each day.

    It is cut at quarters of an hour, which have totals.
    """
    moments = [moment for moment in connection.execute(_ENDS).all()[0] if moment is not None]
    if not moments:
        return Window(from_us(start), from_us(start))
    first, last = quarters_around(min(moments), max(moments))
    start = max(start, first)
    return Window(from_us(start), from_us(max(start, min(end, last))))
