"""Suggestions: default limits that would have notified about one member in ten."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.backtest.facts import DAYS, default_peaks
from bot.budgets.limits.suggestion import round_limit
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import reached_steps
from bot.domain.money import show_limit
from bot.domain.periods import Unit

SUGGESTED_OVER = DAYS  # days that suggestions look back
_ONE_IN = 10
_UNITS = (Unit.MONTH, Unit.WEEK, Unit.DAY)


@dataclass(frozen=True, slots=True)
class BudgetSuggestion:
    """A default limit, and how many members it would have notified, of so many with spend."""

    unit: Unit
    nanos: int
    notified: int
    members: int

    @property
    def limit(self) -> str:
        """The limit: `$500 a month`."""
        return budget_formatting.limit_of(self.nanos, self.unit)

    @property
    def line(self) -> str:
        """The line to type that sets it."""
        return f"budget default {show_limit(self.nanos)}/{self.unit.value}"


def budget_suggestions(connection: Connection, policy: BudgetPolicy, now: datetime) -> list[BudgetSuggestion]:
    """Return a default limit for a month, a week and a day, each by what members spent; none without any spend."""
    return list(_suggestions(connection, policy, now))


def _suggestions(connection: Connection, policy: BudgetPolicy, now: datetime) -> Iterator[BudgetSuggestion]:
    for unit in _UNITS:
        peaks = default_peaks(connection, unit, SUGGESTED_OVER, policy, now)
        if nanos := suggested_limit(peaks, policy.steps[0]):
            notified = sum(1 for peak in peaks if reached_steps(nanos, peak, policy.steps))
            yield BudgetSuggestion(unit, nanos, notified, len(peaks))


def suggested_limit(peaks: Sequence[int], first_step: int) -> int:
    """Return the smallest round limit whose first step at most one member in ten has reached; 0 without any spend.

    Args:
        peaks: the most that each member has spent in a period, in nanos.
        first_step: the lowest step that is notified, in percent.
    """
    ordered = sorted(peaks, reverse=True)
    if not ordered or ordered[0] <= 0:
        return 0
    notified = (len(ordered) + _ONE_IN // 2) // _ONE_IN  # rounded
    spent = max(ordered[notified] if notified < len(ordered) else 0, 0)  # the most of those who are not to be notified
    return round_limit(spent * 100 // first_step + 1)
