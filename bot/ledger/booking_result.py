"""The result of a booking: what it changed in each task, and counts of tasks and rows."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.domain.narrowing import TaskTraits
from bot.domain.tasks import Refused, Task
from bot.ledger.rules import Entry


class TaskChange(msgspec.Struct, frozen=True, gc=False):
    """What booking did to one task; `id` and `member` are row ids.

    `traits` are what the ledger holds of it now, `former` what it held before; None for a new task. A `backfill` task
    was created in a time that was not read before: nobody is notified of it.
    """

    id: int
    member: int
    task: Task
    traits: TaskTraits
    former: TaskTraits | None
    entries: tuple[Entry, ...]
    restated: bool
    backfill: bool = False

    @property
    def was(self) -> str | None:
        """Its status before; None for a new task."""
        return None if self.former is None else self.former.status


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
