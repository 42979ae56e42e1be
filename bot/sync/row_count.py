"""The count of the rows that a sync has read: each counts once, however often it was listed."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.tasks import Task
from bot.ledger.booking_result import BookingResult
from bot.ledger.passes.tally import PassTally

_AT_ONCE = 1_000_000  # rows that one set is made of
_SHARES = 16  # sets that more rows are split into, one at a time, since one set would need much memory


@dataclass(slots=True)
class ListedRows:
    """The rows that were read: tasks by the hash of their id, and those that were set aside by their key."""

    tasks: "array[int]" = field(default_factory=lambda: array("q"))
    set_aside: set[str] = field(default_factory=set)

    def add(self, tasks: Iterable[Task]) -> None:
        """Count listed tasks."""
        self.tasks.extend(hash(task.task_id) for task in tasks)

    def apply_result(self, tasks: Sequence[Task], result: BookingResult) -> None:
        """Count the rows that a booking quarantined, and no longer count those that it booked."""
        if self.set_aside:
            self.set_aside -= {task.task_id for task in tasks} - set(result.doubtful)
        self.set_aside.update(each.key for each in result.quarantined)

    def include(self, other: "ListedRows") -> None:
        """Count the rows of another pass too."""
        self.tasks.extend(other.tasks)
        self.set_aside |= other.set_aside

    def with_counts(self, tally: PassTally) -> PassTally:
        """Return the tally with the numbers of different tasks and of different rows set aside; no row is in both."""
        return replace(tally, tasks=self._different_tasks(), quarantined=len(self.set_aside))

    def _different_tasks(self) -> int:
        """Return how many different tasks there are besides the rows set aside."""
        aside = set(map(hash, self.set_aside))
        if len(self.tasks) <= _AT_ONCE:
            return len(set(self.tasks) - aside)
        return sum(len({each for each in self.tasks if each % _SHARES == share} - aside) for share in range(_SHARES))
