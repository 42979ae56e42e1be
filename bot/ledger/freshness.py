"""Freshness: up to when and since when the ledger holds all that Neo lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    bindparam,
    case,
    column,
    func,
    select,
    text,
)

from bot.database.errors import LedgerError
from bot.domain.periods import Window
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.passes.coverage import LONGEST_WAIT_US, Interval
from bot.ledger.scope import Scope, ScopePart
from bot.ledger.tables import charge, coverage


class UnreadError(LedgerError):
    """The ledger holds nothing yet to answer from: no pass over Neo has ended."""

    def __init__(self) -> None:
        super().__init__(
            "nothing has been read from Neo yet. Run `neo-usage sync`; `neo-usage status` says what failed."
        )


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the ledger can be trusted.

    `as_of`: the end of the last complete pass, other than of history alone; `reached`: the latest end of any such pass,
    complete or not, in microseconds; `intervals`: what complete passes cover.
    """

    as_of: datetime | None
    reached: int
    intervals: tuple[Interval, ...]

    def covers(self, start: datetime, end: datetime) -> bool:
        """Return whether complete passes have read all of `[start, end)`, as far as any pass has come."""
        until = min(to_us(end), self.reached)
        return (
            self.as_of is not None
            and to_us(start) < self.reached
            and any(each.start <= to_us(start) and until <= each.end for each in self.intervals)
        )

    @property
    def since(self) -> int | None:
        """Where the interval up to the last complete pass begins, in microseconds; None before any."""
        return max((each.start for each in self.intervals), default=None)

    def begins(self, first_charge: int | None) -> datetime | None:
        """Return where a scope begins: with what passes cover, or (all history read) with its first charge."""
        return optional_from_us(first_charge if self.since == 0 else self.since)


_NOW = bindparam("now", type_=BigInteger)


def _latest_end(condition: str) -> ScalarSelect[int]:
    """Return the end of the window of the last pass, other than of history, for which an index's condition holds."""
    # as text: SQLite uses a partial index for a condition that is written as the index's own.
    # by id: a clock that ran ahead may have written ends later than those of passes after it
    latest = text(
        f"SELECT window_to FROM pass WHERE {condition} AND kind <> 'history' AND window_to <= :now"  # noqa: S608
        f" AND window_to >= started_at - {LONGEST_WAIT_US} ORDER BY id DESC LIMIT 1"
    )
    return latest.bindparams(_NOW).columns(column("window_to", BigInteger)).scalar_subquery()


def with_freshness(*columns: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Return a statement on how far the ledger can be trusted, and on other facts: `freshness_of` reads its rows.

    It takes the parameter `now`, in microseconds. The facts are the last columns of each row.
    """
    ends = _latest_end("complete").label("as_of"), _latest_end("finished_at IS NOT NULL").label("reached")
    facts = select(*ends, *columns).subquery("facts")
    until = case((coverage.c.covered_to < _NOW, coverage.c.covered_to), else_=_NOW)
    return (
        select(coverage.c.covered_from, until, *facts.c)
        .select_from(facts.outerjoin(coverage, coverage.c.covered_from < _NOW))
        .order_by(coverage.c.covered_from)
    )


def freshness_of(rows: Sequence[Row[*tuple[Any, ...]]]) -> Freshness:
    """Return how far the ledger can be trusted by the rows of a statement `with_freshness`."""
    _, _, as_of, reached, *_ = rows[0]
    intervals = tuple(Interval(start, end) for start, end, *_ in rows if start is not None)
    return Freshness(optional_from_us(as_of), reached or 0, intervals)


_FRESHNESS = with_freshness()


@cache
def first_charge(part: ScopePart) -> Select[int]:
    """Return the statement on when the first charge of a scope was booked."""
    return select(func.min(charge.c.booked_at)).where(part.is_members(charge.c.member))


def freshness(connection: Connection, now: datetime) -> Freshness:
    """Return how far the ledger can be trusted; what a clock that ran ahead once claimed is left out."""
    return freshness_of(connection.execute(_FRESHNESS, {"now": to_us(now)}).all())


def beginning(connection: Connection, fresh: Freshness, scope: Scope) -> datetime | None:
    """Return where a scope begins, as `Freshness.begins` says."""
    first = connection.execute(first_charge(scope.part), scope.values).scalar_one() if fresh.since == 0 else None
    return fresh.begins(first)


def is_complete(fresh: Freshness, window: Window, begins: datetime | None) -> bool:
    """Return whether the ledger holds all of a window, as far as it has come; `begins` as of `beginning`."""
    start = window.start
    if fresh.since == 0 and begins is not None:
        start = max(start, begins)  # nothing is older than the beginning
    return fresh.covers(start, window.end) and to_us(start) >= (fresh.since or 0)
