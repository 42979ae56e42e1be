"""The shared clock: the time by which several services on one database work together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.database.engine import Database

log = structlog.get_logger(__name__)

_EXACT = timedelta(seconds=1)  # clocks that differ by less are left as they are
_LARGEST = timedelta(hours=1)  # one that is off by more is not believed: it is the server's that may be wrong


@dataclass(slots=True)
class SharedClock:
    """This process's clock, put right by as much as it is off from the one that all users of the database share.

    Claims, due times and days are then the same for all services. Leases are judged by the database's clock itself.
    """

    database: Database
    clock: Callable[[], datetime]
    difference: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Return the present moment, aware."""
        return self.clock() + self.difference

    async def adjust(self) -> None:
        """Look again by how much the clock is off. Raises the database's errors."""
        difference = await self.database.clock_difference(self.clock)
        is_off = _EXACT < abs(difference) <= _LARGEST
        if is_off and not self.difference:
            seconds = round(difference.total_seconds())
            log.warning("this machine's clock differs from the database's, which is used", seconds=seconds)
        self.difference = difference if is_off else timedelta(0)
