"""Narrowed cases: those of budgets that count only some tasks, as far as a booking has changed their spend."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.booked_amounts import BookedAmount, BookedAmounts
from bot.budgets.limits.store import StoredBudget
from bot.budgets.periods import BudgetPeriod, Case, notified_periods
from bot.budgets.rules import DEFAULT
from bot.domain.timestamps import to_us


def touched_cases(booked: BookedAmounts, budgets: Iterable[StoredBudget], zone: ZoneInfo, now: datetime) -> list[Case]:
    """Return the cases of narrowed budgets whose spend a booking has changed, of periods that are still notified."""
    members = booked.members()
    cases: dict[Case, None] = {}
    periods = _Periods(zone, now)
    for budget in (each for each in budgets if each.limit_nanos is not None):
        subjects = members if budget.scope == DEFAULT else [budget.scope]
        for period in periods.of(budget):
            touched = (subject for subject in subjects if _touch(booked.narrowed(subject), period))
            cases |= dict.fromkeys((subject, period) for subject in touched)
    return list(cases)


class _Periods:
    """The periods of budgets that are still notified, each made once."""

    def __init__(self, zone: ZoneInfo, now: datetime) -> None:
        self._zone, self._now = zone, now
        self._made: dict[tuple[object, object], list[BudgetPeriod]] = {}

    def of(self, budget: StoredBudget) -> list[BudgetPeriod]:
        kind = budget.unit, budget.narrowing
        if kind not in self._made:
            self._made[kind] = list(notified_periods(budget.unit, self._now, self._zone, budget.narrowing))
        return self._made[kind]


def _touch(amounts: Sequence[BookedAmount], period: BudgetPeriod) -> bool:
    low, high = to_us(period.window.start), to_us(period.window.end)
    return any(low <= each.at < high and each.sign(period.narrowing) for each in amounts)
