"""Tasks on the team's own model keys: whether their costs are what Neo sums, which it does for a whole window only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.usage_total import UsageTotal, agrees, same_amount
from bot.ledger.neo_agreement import TaskDifference
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.rules import BothTotals, Days
from bot.reconcile.upstream import Heal
from bot.sync.rules import PassKind, PlannedPass

_MOST_DAYS = 3  # if more differ, Neo counts such tasks in a way of its own


@dataclass(frozen=True, slots=True)
class OwnKeysDay:
    """A day on which the costs differ: the ledger's and Neo's, and the tasks found."""

    day: date
    ours: UsageTotal
    neos: UsageTotal
    tasks: tuple[TaskDifference, ...]


@dataclass(frozen=True, slots=True)
class OwnKeysComparison:
    """Compares the costs by narrowing; `heal` reads passes."""

    narrowing: Narrowing
    heal: Heal

    async def differing(self, days: Days, both: BothTotals) -> list[OwnKeysDay] | None:
        """Return the days that differ, with their tasks; None if Neo counts such tasks otherwise.

        Tasks in other amounts that cannot be told are none of them. `both` are the totals of these days, which differ.
        Raises what `NeoReader` and `heal` do.
        """
        if await self._are_executed_later(days, both):
            return []
        found = await self._differing_days(days)
        if found:  # up to now: Neo may list a task only on the days on which it was continued
            await self.heal([PlannedPass(PassKind.FULL, Days(found[0], found[0]).start, self.narrowing.now)])
            found = await self._differing_days(days)
        return None if len(found) > _MOST_DAYS else [await self._look_into(Days(each, each)) for each in found]

    async def _are_executed_later(self, days: Days, both: BothTotals) -> bool:
        """Return whether what Neo lacks on these days is no more than what it counts of their tasks after them.

        Where Neo counts each execution at its own time, a task that was executed again since is there only in part.
        """
        ours, neos = both
        later = await self.narrowing.surplus(days.end)
        lacking, whole = ours.credits - neos.credits, max(ours.credits, later.given.credits)
        is_there = lacking <= later.change or same_amount(lacking, later.change, whole)
        return ours.tasks == neos.tasks and is_there

    async def _differing_days(self, days: Days) -> Sequence[date]:
        """Return the days that differ, or some of them where they are too many."""
        if agrees(*await self._totals(days)):
            return []
        if days.first == days.last:
            return [days.first]
        before, after = days.halves
        found = await self._differing_days(before)
        return found if len(found) > _MOST_DAYS else [*found, *await self._differing_days(after)]

    async def _look_into(self, days: Days) -> OwnKeysDay:
        ours, neos = await self._totals(days)
        found = await self.narrowing.by_creation(days.start, days.end)
        return OwnKeysDay(days.first, ours, neos, tuple(each.difference for each in found.tasks))

    async def _totals(self, days: Days) -> BothTotals:
        window = days.start, days.end
        return await self.narrowing.ledger.total(*window), await self.narrowing.neo.total(*window)
