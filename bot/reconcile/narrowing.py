"""Narrowing: from days on which Neo's total is not the ledger's, down to tasks, whatever Neo counts a task by.

A task is counted after its creation, once or (by its executions) more often, as a whole or in parts. So from any moment
to the present Neo's total holds the tasks created since, those that were created before and executed since, and what is
wrong. A moment that no task was executed both before and after is a boundary: between two of them Neo's total is that
of the tasks created there, but for what is wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from bot.domain.periods import Window
from bot.domain.usage_total import UsageTotal, same_amount
from bot.ledger.neo_agreement import TaskDifference, TaskProblem
from bot.ledger.neo_totals import LedgerTask
from bot.reconcile.ledger_reader import LedgerReader
from bot.reconcile.measures import Measure
from bot.reconcile.rules import is_recorded
from bot.reconcile.upstream import NeoReader

_SECOND = timedelta(seconds=1)  # what `from` and `to` tell apart
_ROUNDING = Decimal("1e-11")  # of a sum of many amounts in floating point
_MOST_MOMENTS = 4  # so many around the middle of a window are tried as a boundary
_MOST_UNNAMED = 100  # tasks of a window; Neo may count any number
_NEAR = timedelta(hours=12)  # of the middle: how far they lie from it at most


@dataclass(frozen=True, slots=True)
class FoundTask:
    """A task in which the two totals differ, and a window in which it was created; without a name, if none tells it.

    `has_amount`: whether the two differ by an amount.
    """

    window: Window
    difference: TaskDifference
    has_amount: bool = False


@dataclass(slots=True)
class Findings:
    """The tasks that make two totals differ, and the windows that differ without a task that can be told."""

    tasks: list[FoundTask] = field(default_factory=list)
    unexplained: list[Window] = field(default_factory=list)

    @property
    def are_named(self) -> bool:
        """Whether tasks explain everything, all of them by name."""
        return bool(self.tasks) and not self.unexplained and all(each.difference.task_id for each in self.tasks)

    @property
    def are_certain(self) -> bool:
        """Whether each of these is besides the one task of an amount, which is more than nothing."""
        return self.are_named and all(each.has_amount for each in self.tasks)


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
    def credits(self) -> Decimal:
        """By how many credits Neo's exceeds the ledger's, nothing if they are the same but for rounding."""
        return Decimal(0) if same_amount(self.ours.credits, self.given.credits) else self.change

    @property
    def is_nothing(self) -> bool:
        """Whether the two are the same."""
        return self.tasks == 0 and self.credits == 0

    def without(self, known: UsageTotal) -> "Surplus":
        """Return what is left of it without a part that is known."""
        return Surplus(self.ours + known, self.given)

    def is_same(self, other: "Surplus") -> bool:
        """Return whether Neo's total exceeds the ledger's by as much as another does."""
        whole = max(self.given.credits, other.given.credits)
        return self.tasks == other.tasks and same_amount(self.change, other.change, whole)

    @property
    def change(self) -> Decimal:
        """By how many credits Neo's exceeds the ledger's, with what rounding adds."""
        return self.given.credits - self.ours.credits


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Compares windows of a ledger with Neo's total, up to the present moment `now`. All raise what `neo` does."""

    neo: NeoReader
    now: datetime

    @property
    def ledger(self) -> LedgerReader:
        """The ledger's side."""
        return self.neo.ledger

    def by(self, measure: Measure) -> "Narrowing":
        """Return what compares by another measure."""
        return replace(self, neo=replace(self.neo, ledger=replace(self.ledger, measure=measure)))

    async def surplus(self, start: datetime, end: datetime | None = None) -> Surplus:
        """Return the ledger's total of a window, which may reach up to now, and Neo's."""
        end = end or self.now
        return Surplus(await self.ledger.total(start, end), await self.neo.total(start, end))

    async def between_boundaries(self, low: datetime, high: datetime) -> Findings:
        """Return what makes the totals between two boundaries differ, as far as it can be told."""
        findings = Findings()
        await self._divide(low, high, await self.surplus(low, high), findings, by_creation=False)
        return findings

    async def by_creation(self, start: datetime, end: datetime) -> Findings:
        """Return what makes the totals of any window differ where Neo counts by creation: each moment is a boundary."""
        findings = Findings()
        await self._divide(start, end, await self.surplus(start, end), findings, by_creation=True)
        return findings

    async def _divide(
        self, low: datetime, high: datetime, surplus: Surplus, findings: Findings, *, by_creation: bool
    ) -> None:
        if surplus.is_nothing:
            return
        for middle in await self._inner_moments(low, high):
            before, after = await self.surplus(low, middle), await self.surplus(middle, high)
            if _is_boundary(surplus, before, after) or by_creation:
                await self._divide(low, middle, before, findings, by_creation=by_creation)
                await self._divide(middle, high, after, findings, by_creation=by_creation)
                return
        await self._name(low, high, surplus, findings)

    async def _inner_moments(self, low: datetime, high: datetime) -> list[datetime]:
        """Return moments around the middle of a window at which no task was created, after the longest pauses first."""
        middle, near = low + timedelta(seconds=(high - low) // _SECOND // 2), min(_NEAR, (high - low) / 4)
        first, last = _second(middle - near), _second(middle + near)
        moments = quiet_moments(first, last, await self.ledger.tasks(first, last))
        return [each for each in moments[:_MOST_MOMENTS] if low < each < high]

    # --- a window that cannot be divided ---------------------------------------------------------------

    async def _name(self, low: datetime, high: datetime, surplus: Surplus, findings: Findings) -> None:
        """Add what is wrong in a window that cannot be divided, by name where the amounts tell."""
        tasks = [each for each in await self.ledger.tasks(low, high) if self._usage(each).tasks]
        if surplus.tasks:
            findings.tasks += self._of_number(Window(low, high), tasks, surplus)
        elif len(tasks) == 1 and await self._is_listed_alike(tasks[0]):
            findings.tasks.append(_found(tasks[0], TaskProblem.OTHER_AMOUNT, surplus))
        else:
            findings.unexplained.append(Window(low, high))

    def _of_number(self, window: Window, tasks: list[LedgerTask], surplus: Surplus) -> list[FoundTask]:
        """Return the tasks that Neo counts too often or not at all."""
        is_more, same = surplus.tasks > 0, self._of_missing_amount(tasks, surplus)
        problem = TaskProblem.COUNTED_TWICE if is_more else TaskProblem.NOT_COUNTED
        if abs(surplus.tasks) == 1 and len(same) == 1:
            return [_found(same[0], problem, surplus)]
        if abs(surplus.tasks) == len(tasks) and _are_all(surplus):
            return [_found(each, problem, surplus) for each in tasks]
        unnamed = TaskDifference("", problem if same or not is_more else TaskProblem.NOT_LISTED)
        where = Window(same[0].created_at, same[0].created_at + _SECOND) if same else window
        return [FoundTask(where, unnamed)] * min(abs(surplus.tasks), _MOST_UNNAMED)

    async def _is_listed_alike(self, task: LedgerTask) -> bool:
        row = await self.neo.alone(task.task_id)
        return row is not None and is_recorded(row, task)

    def _of_missing_amount(self, tasks: Iterable[LedgerTask], surplus: Surplus) -> list[LedgerTask]:
        """Return the tasks whose amount is that by which two totals differ, beyond how sums are rounded."""
        amount = abs(surplus.given.credits - surplus.ours.credits)
        rounding = _ROUNDING * max(surplus.given.credits, surplus.ours.credits)
        amounts = [(each, self._usage(each).credits) for each in tasks]
        return [each for each, own in amounts if same_amount(own, amount) or abs(own - amount) <= rounding]

    def _usage(self, task: LedgerTask) -> UsageTotal:
        return self.ledger.measure.of_task(task)


def quiet_moments(low: datetime, high: datetime, tasks: Iterable[LedgerTask]) -> list[datetime]:
    """Return the last whole seconds of the pauses between the creations of tasks in a window, longest pauses first."""
    seconds = [low, *sorted(_second(each.created_at) for each in tasks), high]
    pauses = sorted(pairwise(seconds), key=lambda pause: pause[0] - pause[1])
    return [end - _SECOND for start, end in pauses if end - start > _SECOND]


def _is_boundary(surplus: Surplus, before: Surplus, after: Surplus) -> bool:
    """Return whether a moment divides a window between two boundaries so that no task was executed on both sides.

    Else it counts on both, or less on one side and more on the other.
    """
    if before.tasks + after.tasks != surplus.tasks:
        return False
    if before.is_nothing or after.is_nothing or before.tasks * after.tasks > 0:
        return True
    return before.tasks == after.tasks == 0


def _are_all(surplus: Surplus) -> bool:
    """Return whether Neo counts all tasks of a window twice, or none."""
    return surplus.given.tasks == 0 or same_amount(2 * surplus.ours.credits, surplus.given.credits)


def _found(task: LedgerTask, problem: TaskProblem, surplus: Surplus) -> FoundTask:
    window = Window(task.created_at, task.created_at + _SECOND)
    return FoundTask(window, TaskDifference(task.task_id, problem), has_amount=surplus.credits != 0)


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
