"""Tasks on the team's own model keys: whether a cost is what Neo sums, which it does for a whole window only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.domain.usage_total import UsageTotal, agrees
from bot.ledger.neo_agreement import TaskDifference
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.rules import BothTotals, Days
from bot.reconcile.spread_days import SpreadDays, Verdict
from bot.reconcile.upstream import ChangingError, Heal

_MOST_DAYS = 3  # if more differ, Neo counts such tasks in a way of its own


@dataclass(frozen=True, slots=True)
class OwnKeysDay:
    """A day on which a cost differs: the ledger's and Neo's, and the tasks found."""

    day: date
    ours: UsageTotal
    neos: UsageTotal
    tasks: tuple[TaskDifference, ...]


@dataclass(frozen=True, slots=True)
class OwnKeysComparison:
    """Compares a cost by narrowing; `heal` reads passes.

    `last` is the last day that is compared, `is_spread` whether Neo counts tasks when they are executed.
    """

    narrowing: Narrowing
    heal: Heal
    last: date
    is_spread: bool

    async def differing(self, days: Days) -> list[OwnKeysDay] | None:
        """Return those of some days that differ, with their tasks; None if Neo counts such tasks otherwise.

        What Neo counts on other days, as the tasks were executed then, is no difference: such tasks have no credits, so
        that days may agree all the same. Raises ChangingError if it cannot be told, and what `neo` and `heal` do.
        """
        found = {day: await self._totals(Days(day, day)) for day in await self._differing_days(days)}
        if not found:
            return []
        spread = SpreadDays(
            self.narrowing, self.heal, found, self.last, {}, is_usual=self.is_spread, is_systematic=False
        )
        outcome = await spread.outcome()
        match outcome.verdict:
            case Verdict.FIT:
                return []
            case Verdict.UNDECIDED:
                raise ChangingError
            case Verdict.WRONG:
                wrong = {day: tasks for day, tasks in outcome.wrong_days(found.keys()).items() if day in days}
                if len(wrong) > _MOST_DAYS:
                    return None
                return [
                    OwnKeysDay(day, *(await self._totals(Days(day, day))), tuple(tasks)) for day, tasks in wrong.items()
                ]

    async def _differing_days(self, days: Days) -> Sequence[date]:
        """Return the days that differ, or the first of them where they are too many."""
        if agrees(*await self._totals(days)):
            return []
        if days.first == days.last:
            return [days.first]
        before, after = days.halves
        found = await self._differing_days(before)
        return found if len(found) > _MOST_DAYS else [*found, *await self._differing_days(after)]

    async def _totals(self, days: Days) -> BothTotals:
        window = days.start, days.end
        return await self.narrowing.ledger.total(*window), await self.narrowing.neo.total(*window)
