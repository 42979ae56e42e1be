"""Counting rows: each once, however often a sync has read it."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.tasks import Task
from bot.ledger.booking import BookingResult
from bot.ledger.passes import PassTally

_AT_ONCE = 1_000_000
_SHARES = 16  # in which more than those are counted: a set of all would take the memory that pages do not


@dataclass(slots=True)
class ListedRows:
    """The rows that were read: tasks by the hash of their id, and those that were set aside by their key."""

    tasks: "array[int]" = field(default_factory=lambda: array("q"))
    set_aside: set[str] = field(default_factory=set)

    def see(self, tasks: Iterable[Task]) -> None:
        """Count listed tasks in."""
        self.tasks.extend(hash(task.task_id) for task in tasks)

    def settle(self, tasks: Sequence[Task], result: BookingResult) -> None:
        """Count what a booking has set aside, and no longer what it could book."""
        if self.set_aside:
            self.set_aside -= {task.task_id for task in tasks} - set(result.doubtful)
        self.set_aside.update(each.key for each in result.quarantined)

    def include(self, other: "ListedRows") -> None:
        """Count another pass's rows too."""
        self.tasks.extend(other.tasks)
        self.set_aside |= other.set_aside

    def counted(self, tally: PassTally) -> PassTally:
        """The tally with the number of different tasks, and of different rows set aside, which are none of those."""
        return replace(tally, tasks=self._different(), quarantined=len(self.set_aside))

    def _different(self) -> int:
        aside = set(map(hash, self.set_aside))
        if len(self.tasks) <= _AT_ONCE:
            return len(set(self.tasks) - aside)
        return sum(len({each for each in self.tasks if each % _SHARES == share} - aside) for share in range(_SHARES))
