"""Narrowing: from days on which Neo's total is not the ledger's, down to tasks, whatever Neo counts a task by.

A task is counted after its creation, once or (by its executions) more often, as a whole or in parts. So from any moment
to the present Neo's total holds the tasks created since, those that were created before and executed since, and what is
wrong. Where it exceeds the ledger's by as many tasks as Neo's total of all exceeds Neo's list, no task was executed on
both sides of the moment: it is a boundary. Between two boundaries Neo's total is that of the tasks created there, but
for what is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from bot.domain.usage_total import UsageTotal, same_amount
from bot.ledger.neo_agreement import TaskDifference, TaskProblem
from bot.ledger.neo_totals import LedgerTask
from bot.reconcile.ledger_reader import LedgerReader
from bot.reconcile.rules import is_recorded
from bot.reconcile.upstream import NeoReader

_SECOND = timedelta(seconds=1)  # what `from` and `to` tell apart
_ROUNDING = Decimal("1e-11")  # of a sum of many amounts in floating point
_MOST_MOMENTS = 4  # so many around the middle of a window are tried as a boundary
_MOST_UNNAMED = 100  # tasks of a window; Neo may count any number
_NEAR = timedelta(hours=12)  # of the middle: how far they lie from it at most


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task in which the two totals differ, and a moment of the day on which it counts."""

    at: datetime
    difference: TaskDifference


@dataclass(frozen=True, slots=True)
class Surplus:
    """The ledger's total of a window, and Neo's."""

    ours: UsageTotal
    given: UsageTotal

    @property
    def tasks(self) -> int:
        """By how many tasks Neo's exceeds the ledger's; negative if it has less."""
        return self.given.tasks - self.ours.tasks

    @property
    def is_nothing(self) -> bool:
        """Whether the two are the same."""
        return self.tasks == 0 and same_amount(self.ours.credits, self.given.credits)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Compares windows of a ledger with Neo's total, up to the present moment `now`. All raise what `neo` does."""

    neo: NeoReader
    ledger: LedgerReader
    now: datetime

    async def excess(self) -> int | None:
        """Return by how many tasks Neo's total exceeds its list in all; None if Neo doesn't list all at once."""
        return await self.neo.excess(self.now)

    async def surplus(self, start: datetime, end: datetime | None = None) -> Surplus:
        """Return the ledger's total of a window, which may reach up to now, and Neo's."""
        end = end or self.now
        return Surplus(await self.ledger.total(start, end), await self.neo.total(start, end))

    async def isolated(self, low: datetime, high: datetime, surplus: Surplus | None = None) -> list[FoundTask]:
        """Return the tasks that make the totals between two boundaries differ, as far as they can be told."""
        surplus = surplus or await self.surplus(low, high)
        if surplus.is_nothing:
            return []
        for middle in await self._inner_moments(low, high):
            before, after = await self.surplus(low, middle), await self.surplus(middle, high)
            # a task that is executed on both sides counts on both, or less on one side and more on the other
            if before.tasks + after.tasks != surplus.tasks:
                continue
            if before.is_nothing or after.is_nothing or before.tasks * after.tasks > 0:
                return [*await self.isolated(low, middle, before), *await self.isolated(middle, high, after)]
        return await self._named(low, high, surplus)

    async def _inner_moments(self, low: datetime, high: datetime) -> list[datetime]:
        """Return moments around the middle of a window at which no task was created, after the longest pauses first."""
        middle, near = low + timedelta(seconds=(high - low) // _SECOND // 2), min(_NEAR, (high - low) / 4)
        first, last = _second(middle - near), _second(middle + near)
        moments = quiet_moments(first, last, await self.ledger.tasks(first, last))
        return [each for each in moments if low < each < high][:_MOST_MOMENTS]

    async def _named(self, low: datetime, high: datetime, surplus: Surplus) -> list[FoundTask]:
        """Return what is wrong in a window that cannot be divided, by name where the amounts tell."""
        tasks = [each for each in await self.ledger.tasks(low, high) if self._usage(each).tasks]
        if surplus.tasks == 0:
            return await self._of_other_amount(tasks)
        is_more, same = surplus.tasks > 0, self._of_missing_amount(tasks, surplus)
        problem = TaskProblem.COUNTED_TWICE if is_more else TaskProblem.NOT_COUNTED
        if abs(surplus.tasks) == 1 and len(same) == 1:
            return [_found(same[0], problem)]
        if abs(surplus.tasks) == len(tasks) and _are_all(surplus):
            return [_found(each, problem) for each in tasks]
        unnamed = TaskDifference("", problem if same or not is_more else TaskProblem.NOT_LISTED)
        return [FoundTask(same[0].created_at if same else low, unnamed)] * min(abs(surplus.tasks), _MOST_UNNAMED)

    async def _of_other_amount(self, tasks: list[LedgerTask]) -> list[FoundTask]:
        """Return the one task of a window if Neo still lists it as the ledger has it, as one that counts otherwise."""
        if len(tasks) != 1:
            return []
        row = await self.neo.alone(tasks[0].task_id)
        return [_found(tasks[0], TaskProblem.OTHER_AMOUNT)] if row is not None and is_recorded(row, tasks[0]) else []

    def _of_missing_amount(self, tasks: Iterable[LedgerTask], surplus: Surplus) -> list[LedgerTask]:
        """Return the tasks whose amount is that by which two totals differ, beyond how sums are rounded."""
        amount = abs(surplus.given.credits - surplus.ours.credits)
        rounding = _ROUNDING * max(surplus.given.credits, surplus.ours.credits)
        amounts = [(each, self._usage(each).credits) for each in tasks]
        return [each for each, own in amounts if same_amount(own, amount) or abs(own - amount) <= rounding]

    def _usage(self, task: LedgerTask) -> UsageTotal:
        return self.neo.measure.of_task(task)


def quiet_moments(low: datetime, high: datetime, tasks: Iterable[LedgerTask]) -> list[datetime]:
    """Return the last whole seconds of the pauses between the creations of tasks in a window, longest pauses first."""
    seconds = [low, *sorted(_second(each.created_at) for each in tasks), high]
    pauses = sorted(pairwise(seconds), key=lambda pause: pause[0] - pause[1])
    return [end - _SECOND for start, end in pauses if end - start > _SECOND]


def _are_all(surplus: Surplus) -> bool:
    """Return whether Neo counts all tasks of a window twice, or none."""
    return surplus.given.tasks == 0 or same_amount(2 * surplus.ours.credits, surplus.given.credits)


def _found(task: LedgerTask, problem: TaskProblem) -> FoundTask:
    return FoundTask(task.created_at, TaskDifference(task.task_id, problem))


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
