"""Freshness: up to when and since when the ledger holds all that Neo lists."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import BigInteger, Connection, Select, bindparam, case, func, select, text

from bot.database.errors import LedgerError
from bot.domain.periods import Window
from bot.domain.timestamps import from_us, optional_from_us, to_us
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


# as text: SQLite uses a partial index for a condition that is written as the index's own.
# ORDER BY id: a clock that ran ahead may have written ends later than those of passes after it
_AS_OF = text("""
SELECT window_to FROM pass WHERE complete AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1
""")
_REACHED = text("""
SELECT window_to FROM pass WHERE finished_at IS NOT NULL AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1
""")
_NOW = bindparam("now", type_=BigInteger)
_COVERED = (
    select(coverage.c.covered_from, case((coverage.c.covered_to < _NOW, coverage.c.covered_to), else_=_NOW))
    .where(coverage.c.covered_from < _NOW)
    .order_by(coverage.c.covered_from)
)


@cache
def _first_charge(part: ScopePart) -> Select[int]:
    return select(func.min(charge.c.booked_at)).where(part.is_members(charge.c.member))


def freshness(connection: Connection, now: datetime) -> Freshness:
    """Return how far the ledger can be trusted; what a clock that ran ahead once claimed is left out."""
    values = {"now": to_us(now), "waited": LONGEST_WAIT_US}
    as_of, reached = connection.execute(_AS_OF, values).first(), connection.execute(_REACHED, values).first()
    return Freshness(
        as_of=from_us(as_of[0]) if as_of else None,
        reached=reached[0] if reached else 0,
        intervals=tuple(Interval(*row) for row in connection.execute(_COVERED, {"now": to_us(now)}).all()),
    )


def beginning(connection: Connection, fresh: Freshness, scope: Scope) -> datetime | None:
    """Return where a scope begins: with what passes cover, or (all history read) with its first charge."""
    if fresh.since is None:
        return None
    if fresh.since > 0:
        return from_us(fresh.since)
    return optional_from_us(connection.execute(_first_charge(scope.part), scope.values).scalar_one())


def is_complete(fresh: Freshness, window: Window, begins: datetime | None) -> bool:
    """Return whether the ledger holds all of a window, as far as it has come; `begins` as of `beginning`."""
    start = window.start
    if fresh.since == 0 and begins is not None:
        start = max(start, begins)  # nothing is older than the beginning
    return fresh.covers(start, window.end) and to_us(start) >= (fresh.since or 0)
