"""Tasks on the team's own model keys: whether a cost is what Neo sums, which it does for a whole window only."""

from dataclasses import dataclass
from datetime import date

from bot.domain.usage_total import UsageTotal, agrees
from bot.ledger.neo_agreement import TaskDifference
from bot.reconcile.narrowing import Narrowing
from bot.reconcile.rules import MOST_SEPARATE_DAYS, BothTotals, Days, days_by_halving
from bot.reconcile.spread_days import SpreadDays, Verdict
from bot.reconcile.upstream import ChangingError, Heal


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
        found = {day: await self._totals(Days(day, day)) for day in await days_by_halving(days, self._differ)}
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
                if len(wrong) > MOST_SEPARATE_DAYS:
                    return None
                return [
                    OwnKeysDay(day, *(await self._totals(Days(day, day))), tuple(tasks)) for day, tasks in wrong.items()
                ]

    async def _differ(self, days: Days) -> bool:
        return not agrees(*await self._totals(days))

    async def _totals(self, days: Days) -> BothTotals:
        window = days.start, days.end
        return await self.narrowing.ledger.total(*window), await self.narrowing.neo.total(*window)
