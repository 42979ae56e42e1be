"""What Neo says of a window: its own total, and the tasks that it lists there."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.tasks import Refused, Task
from bot.domain.usage_total import UsageTotal, agrees, sum_of_totals
from bot.neo.client import LARGEST_PAGE, NeoClient, QueryWindow
from bot.neo.errors import RejectedError
from bot.neo.paging import Sweep
from bot.neo.summary import NOTHING, Summary
from bot.reconcile.ledger_reader import LedgerReader
from bot.sync.rules import PlannedPass

Heal = Callable[[Sequence[PlannedPass]], Awaitable[object]]
"""Reads passes into the ledger; raises NeoError or LedgerError."""

_TRIES = 3  # at a window whose total or list changes while it is read
_MOST_REQUESTS = 600  # besides pages


class ChangingError(Exception):
    """A window cannot be compared now: it changes while it is read, or too much would have to be asked."""


@dataclass(frozen=True, slots=True)
class NeoWindow:
    """A window as Neo counts and lists it, with the rows that could not be read."""

    start: datetime
    end: datetime
    total: UsageTotal
    rows: Sequence[Task]
    refused: Sequence[Refused]
    listed: UsageTotal

    @property
    def agrees(self) -> bool:
        """Whether Neo's total is that of the tasks it lists."""
        return agrees(self.listed, self.total)


@dataclass(slots=True)
class NeoReader:
    """Reads windows of one upstream, one after the other, by the measure of a ledger; `until` is a time of the loop.

    A window is `[start, end)`, as the ledger's are, whether or not Neo counts what was created at its very end.
    """

    client: NeoClient
    ledger: LedgerReader
    until: float
    _requests: int = 0

    async def window(self, start: datetime, end: datetime) -> NeoWindow:
        """Return a window as Neo counts and lists it at one time.

        Raises:
            ChangingError: it changes while it is read.
            NeoError: Neo does not answer.
        """
        total = await self.total(start, end)
        for _ in range(_TRIES):
            window = await self._listed(start, end, total)
            if window is not None and window.agrees:
                return window
            before, total = total, await self.total(start, end)
            if window is not None and total == before:
                return window
        raise ChangingError

    async def alone(self, task_id: str) -> Task | None:
        """Return a task as Neo lists it alone, as a whole; None if it does not list exactly this task."""
        self._count()
        page = await self.client.task(task_id)
        return page.tasks[0] if [each.task_id for each in page.tasks] == [task_id] and not page.refused else None

    async def lists(self, task_id: str) -> bool:
        """Return whether Neo lists a task at all."""
        self._count()
        page = await self.client.task(task_id)
        return bool(page.tasks or page.refused)

    async def total(self, start: datetime, end: datetime) -> UsageTotal:
        """Return Neo's total of a window. Raises NeoError, and ChangingError after too many requests."""
        return self.ledger.measure.of_summary(await self.summary(start, end))

    async def summary(self, start: datetime, end: datetime, *, by_day: bool = False) -> Summary:
        """Return all of Neo's totals of a window. Raises NeoError, and ChangingError after too many requests."""
        self._count()
        summary = await self.client.summary(QueryWindow(start, end), by_day=by_day)
        return summary.without(await self._at(end)) if await self.ledger.has_tasks_at(end) else summary

    async def _at(self, moment: datetime) -> Summary:
        """Return what Neo counts at a moment alone: all that is created there if `to` is included, else nothing."""
        self._count()
        try:
            return await self.client.summary(QueryWindow(moment, moment))
        except RejectedError:  # so it takes this for no window
            return NOTHING

    async def _listed(self, start: datetime, end: datetime, total: UsageTotal) -> NeoWindow | None:
        """Return a window with the tasks that Neo lists in it; None if the list changed while it was read."""
        self._count()
        sweep = Sweep(self.client, QueryWindow(start, end), LARGEST_PAGE)
        rows: list[Task] = []
        refused: list[Refused] = []
        async for batch in sweep.pages_after(await sweep.first()):
            rows += [row for row in batch.fresh if row.created_at < end]
            refused += batch.refused
        if not sweep.is_whole:
            return None
        listed = sum_of_totals(map(self.ledger.measure.of_task, rows))
        return NeoWindow(start, end, total, rows, refused, listed)

    def _count(self) -> None:
        """Count a request. Raises ChangingError after too many, or when time is up."""
        self._requests += 1
        if self._requests > _MOST_REQUESTS or asyncio.get_running_loop().time() > self.until:
            raise ChangingError
