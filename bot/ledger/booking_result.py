"""The result of a booking: what it did to each task, and how much it booked."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.domain.tasks import Refused, Task
from bot.ledger.rules import Entry


class TaskChange(msgspec.Struct, frozen=True, gc=False):
    """What booking did to one task; `id` and `member` are the ledger's keys, `was` the status before.

    A `backfill` is a task of a time that was never read before: nobody is notified of it.
    """

    id: int
    member: int
    task: Task
    was: str | None
    entries: tuple[Entry, ...]
    restated: bool
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class BookingResult:
    """What one transaction booked. Counts are of tasks; `changes` holds the new and the changed ones.

    `doubtful` are the ids of tasks that were not booked: they must be read again alone.
    """

    at: datetime
    changes: tuple[TaskChange, ...] = ()
    new: int = 0
    grown: int = 0
    restated: int = 0
    unchanged: int = 0
    email_lost: int = 0
    quarantined: tuple[Refused, ...] = ()
    doubtful: tuple[str, ...] = ()

    @property
    def members(self) -> frozenset[int]:
        """The keys of the members whose spend was touched."""
        return frozenset(each.member for each in self.changes if each.entries)

    @property
    def backfill(self) -> bool:
        """Whether all that was booked is backfill."""
        return bool(self.changes) and all(each.backfill for each in self.changes)
