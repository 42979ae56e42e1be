"""Narrowing: from days on which Neo's total is not the ledger's, down to tasks, whatever Neo counts a task by.

A task is counted after its creation, once or (by its executions) more often, as a whole or in parts. So from any moment
to the present Neo's total holds at least the tasks created since: if it holds less, a task is not counted. Of what it
holds more, a task that was created earlier may be the reason.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.usage_total import UsageTotal, agrees, same_amount, sum_of_totals
from bot.ledger.neo_agreement import TaskDifference, TaskProblem
from bot.ledger.neo_totals import LedgerTask
from bot.reconcile.rules import usage_of_task
from bot.reconcile.upstream import NeoReader

_SHORTEST = timedelta(seconds=1)  # what `from` and `to` tell apart
_MOST_FOUND = 10  # so many seconds in which tasks are not counted are looked for
_MOST_CANDIDATES = 5  # so many tasks are looked at that may be counted again where they were continued

TasksCreated = Callable[[datetime, datetime], Awaitable[Sequence[LedgerTask]]]
"""Returns the ledger's tasks that were created in `[start, end)`."""

TotalCreated = Callable[[datetime, datetime], Awaitable[UsageTotal]]
"""Returns the total of the ledger's tasks that were created in `[start, end)`."""


@dataclass(slots=True)
class Narrowing:
    """Compares windows of a ledger with Neo's total, up to the present moment `now`."""

    reader: NeoReader
    total: TotalCreated
    tasks: TasksCreated
    now: datetime
    _set_aside: dict[str, LedgerTask] = field(default_factory=dict)

    # --- tasks that are not counted ------------------------------------------------------------------

    async def uncounted(self, since: datetime) -> list[tuple[datetime, TaskDifference]]:
        """Return the tasks created since a moment that Neo lists and does not count as a whole, each with its creation.

        Raises what `NeoReader` does.
        """
        found: list[tuple[datetime, TaskDifference]] = []
        for _ in range(_MOST_FOUND):
            if not _is_less(await self._surplus_since(since)):
                break
            second = await self._last_second_lacking(since)
            tasks = [
                each for each in await self.tasks(second, second + _SHORTEST) if each.task_id not in self._set_aside
            ]
            listed = [each for each in tasks if await self.reader.alone(each.task_id) is not None]
            if len(listed) == len(tasks):
                problem, chosen = self._problem(await self._surplus_since(second), listed)
                found += [(each.created_at, TaskDifference(each.task_id, problem)) for each in chosen]
            # what Neo lists no longer is not counted either; what was found is not looked for again
            self._set_aside |= {each.task_id: each for each in tasks if len(listed) == len(tasks) or each not in listed}
            if not tasks:
                break
        return found

    async def _last_second_lacking(self, since: datetime) -> datetime:
        """Return the last second from which on Neo's total is less than that of the tasks created since."""
        low, high = since, self.now
        while high - low > _SHORTEST:
            middle = _middle(low, high)
            low, high = (middle, high) if _is_less(await self._surplus_since(middle)) else (low, middle)
        return low

    def _problem(self, surplus: "Surplus", tasks: Sequence[LedgerTask]) -> tuple[TaskProblem, Sequence[LedgerTask]]:
        """Return what is wrong with the tasks of a second, and which of them it is if their amounts tell."""
        if surplus.tasks >= 0:
            return TaskProblem.OTHER_AMOUNT, tasks
        lacking = surplus.ours.credits - surplus.given.credits
        same = [each for each in tasks if same_amount(self._usage(each).credits, lacking)]
        return TaskProblem.NOT_COUNTED, same if surplus.tasks == -1 and len(same) == 1 else tasks

    async def _surplus_since(self, start: datetime) -> "Surplus":
        return await self._surplus(start, self.now)

    # --- tasks that are counted and not created where they are ----------------------------------------

    async def surplus(self, start: datetime, end: datetime, candidates: Iterable[LedgerTask]) -> list[TaskDifference]:
        """Return what Neo counts in a window besides the tasks created in it, unless that may be one of `candidates`.

        These are tasks created before, or in it. Raises what `NeoReader` does.
        """
        while end - start > _SHORTEST:
            middle = _middle(start, end)
            start, end = (start, middle) if _is_more(await self._surplus(start, middle)) else (middle, end)
        surplus = await self._surplus(start, end)
        here = await self.tasks(start, end)
        if here and surplus.tasks == len(here) and same_amount(2 * surplus.ours.credits, surplus.given.credits):
            return [TaskDifference(each.task_id, TaskProblem.COUNTED_TWICE) for each in here]
        if not _is_more(surplus) or await self._is_counted_again(surplus, start, candidates):
            return []
        if surplus.tasks == 0:
            return [TaskDifference(each.task_id, TaskProblem.OTHER_AMOUNT) for each in here]
        return [TaskDifference("", TaskProblem.NOT_LISTED)] * surplus.tasks

    async def _is_counted_again(self, surplus: "Surplus", second: datetime, candidates: Iterable[LedgerTask]) -> bool:
        """Return whether a surplus may be a task that is counted, or counted once more, when it was executed."""
        amount = surplus.given.credits - surplus.ours.credits
        earlier = [each for each in candidates if _second(each.created_at) != second]
        continued = [each for each in earlier if each.stream_count != 1]
        if any(same_amount(self._usage(each).credits, amount) for each in continued) or (continued and not amount):
            return True
        moved = [each for each in earlier if same_amount(self._usage(each).credits, amount)]
        parted = [each for each in continued if self._usage(each).credits > amount]
        return any([not await self._is_counted_when_created(each) for each in (moved + parted)[:_MOST_CANDIDATES]])

    async def _is_counted_when_created(self, task: LedgerTask) -> bool:
        second = _second(task.created_at)
        surplus = await self._surplus(second, second + _SHORTEST)
        return agrees(surplus.ours, surplus.given)

    # --- totals --------------------------------------------------------------------------------------

    async def _surplus(self, start: datetime, end: datetime) -> "Surplus":
        """Return Neo's total of a window, and that of the ledger's tasks without those that were set aside."""
        given = await self.reader.total(start, end)
        aside = (self._usage(each) for each in self._set_aside.values() if start <= each.created_at < end)
        return Surplus(await self.total(start, end) - sum_of_totals(aside), given)

    def _usage(self, task: LedgerTask) -> UsageTotal:
        return usage_of_task(task, self.reader.credits)


@dataclass(frozen=True, slots=True)
class Surplus:
    """The ledger's total of a window, and Neo's."""

    ours: UsageTotal
    given: UsageTotal

    @property
    def tasks(self) -> int:
        """By how many tasks Neo's exceeds the ledger's; negative if it has less."""
        return self.given.tasks - self.ours.tasks


def _is_less(surplus: Surplus) -> bool:
    ours, given = surplus.ours.credits, surplus.given.credits
    return surplus.tasks < 0 or (given < ours and not same_amount(ours, given))


def _is_more(surplus: Surplus) -> bool:
    ours, given = surplus.ours.credits, surplus.given.credits
    return surplus.tasks > 0 or (surplus.tasks == 0 and given > ours and not same_amount(ours, given))


def _middle(start: datetime, end: datetime) -> datetime:
    return start + timedelta(seconds=(end - start) // _SHORTEST // 2)


def _second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
