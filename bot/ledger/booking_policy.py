"""The policy of bookings, and the source of the rows that one books."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.pricing import ByokUnit
from bot.ledger.booking_result import BookingResult
from bot.ledger.passes.coverage import ALL_TIME, Interval

Observer = Callable[[Connection, BookingResult], None]


@dataclass(frozen=True, slots=True)
class PageSource:
    """Where a page's rows come from: a list over a window, whose rows may be clipped to it.

    `start` is the window's, None if it reaches back to the beginning; `repeated` rows came more than once.
    """

    start: datetime | None
    repeated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BookingPolicy:
    """How a sync books: the unit of BYOK amounts, the member of rows without e-mail, and the observers.

    `read_before` are the intervals of creation time that earlier passes have read. A new task that was created outside
    them is backfill, and nobody is notified of it; a change of a known task is never backfill. Observers are called
    inside the transaction: an exception of one rolls it back.
    """

    unit: ByokUnit
    solo_member: str | None = None
    observers: Sequence[Observer] = ()
    read_before: Sequence[Interval] = (ALL_TIME,)

    def is_backfill(self, created_at: int) -> bool:
        """Return whether a new task created at this time (microseconds) is backfill."""
        return not any(each.start <= created_at < each.end for each in self.read_before)
