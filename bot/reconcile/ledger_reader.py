"""The ledger's side of a comparison: its totals and tasks, by a measure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.database.engine import Database
from bot.domain.periods import Window
from bot.domain.timestamps import from_us
from bot.domain.usage_total import UsageTotal, sum_of_totals
from bot.ledger.freshness import freshness
from bot.ledger.neo_totals import (
    LedgerTask,
    emails_of_tasks,
    tasks_by_id,
    tasks_created,
    totals_by_day,
    totals_by_member,
)
from bot.reconcile.measures import Measure

_SECOND = timedelta(seconds=1)  # what `from` and `to` tell apart


@dataclass(frozen=True, slots=True)
class LedgerReader:
    """Reads tasks of one ledger by when they were created, and sums them by a measure."""

    database: Database
    measure: Measure

    async def total(self, start: datetime, end: datetime) -> UsageTotal:
        """Return the total of the tasks created in `[start, end)`."""
        totals = await self.database.read(partial(totals_by_day, start=start, end=end))
        return sum_of_totals(map(self.measure.of_total, totals.values()))

    async def members(self, start: datetime, end: datetime) -> dict[str, UsageTotal]:
        """Return the totals of the tasks created in `[start, end)` by current e-mail, empty for those without one."""
        totals = await self.database.read(partial(totals_by_member, start=start, end=end))
        return {email: self.measure.of_total(total) for email, total in totals.items()}

    async def emails(self, task_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the current e-mails of the members of tasks by their ids."""
        return await self.database.read(partial(emails_of_tasks, task_ids=list(task_ids)))

    async def tasks(self, start: datetime, end: datetime) -> Sequence[LedgerTask]:
        """Return the tasks created in `[start, end)`, in order."""
        return await self.database.read(partial(tasks_created, start=start, end=end))

    async def has_tasks_at(self, moment: datetime) -> bool:
        """Return whether a task was created in the second that begins at a moment."""
        return bool(await self.tasks(moment, moment + _SECOND))

    async def by_id(self, task_ids: Iterable[str]) -> Mapping[str, LedgerTask]:
        """Return the tasks with these ids by id; unknown ones are left out."""
        return await self.database.read(partial(tasks_by_id, task_ids=list(task_ids)))

    async def covered(self, now: datetime) -> Window | None:
        """Return what the ledger holds without a gap up to now; None before anything was read."""
        fresh = await self.database.read(partial(freshness, now=now))
        return None if fresh.since is None or fresh.as_of is None else Window(from_us(fresh.since), now)
