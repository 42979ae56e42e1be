"""The policy of bookings, and the source of the rows that one books."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.pricing import ByokUnit
from bot.ledger.booking_result import BookingResult
from bot.ledger.coverage import Interval

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

    `read_before` are the intervals of creation time that were read already: a task that is seen for the first time
    and was created outside of them is backfill, of which nobody is notified; None where nothing is backfill. Changes
    of a task that the ledger holds never are. An observer is called inside the transaction; its exception undoes
    everything.
    """

    unit: ByokUnit
    solo_member: str | None = None
    observers: Sequence[Observer] = ()
    read_before: Sequence[Interval] | None = None

    def is_backfill(self, created_at: int) -> bool:
        """Return whether a new task, created then (microseconds), was created in a time that was never read."""
        known = self.read_before
        return known is not None and not any(each.start <= created_at < each.end for each in known)
