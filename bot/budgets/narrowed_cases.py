"""Narrowed cases: those of budgets that count only some tasks, as far as changes of tasks may touch them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.budgets.limits.store import StoredBudget, narrowed_budgets
from bot.budgets.periods import BudgetPeriod, Case, notified_periods
from bot.budgets.rules import DEFAULT, TEAM
from bot.domain.timestamps import from_us

if TYPE_CHECKING:
    from bot.ledger.booking_result import TaskChange

_Changes = Sequence["TaskChange"]


def touched_cases(connection: Connection, changes: _Changes, zone: ZoneInfo, now: datetime) -> list[Case]:
    """Return the cases of narrowed budgets that changes may bring over a step, of periods that are still notified.

    A new task counts where it is booked. With a known one, all that was ever charged for it may begin or cease to
    count, such as when it fails: then every such period is touched.
    """
    of_member: dict[int, list[TaskChange]] = defaultdict(list)
    for change in changes:
        of_member[change.member].append(change)
    cases: dict[Case, None] = {}
    periods = _Periods(zone, now)
    for budget in narrowed_budgets(connection, {*of_member, TEAM, DEFAULT}):
        for period in periods.of(budget):
            touched = (subject for subject, its in _subjects(budget.scope, of_member, changes) if _touch(its, period))
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


def _subjects(scope: int, of_member: Mapping[int, _Changes], changes: _Changes) -> Iterator[tuple[int, _Changes]]:
    """Yield whom a limit for a scope is evaluated for, each with the changes that concern them."""
    if scope == DEFAULT:
        yield from of_member.items()
    else:
        yield scope, changes if scope == TEAM else of_member[scope]


def _touch(changes: _Changes, period: BudgetPeriod) -> bool:
    return any(change.was is not None or _is_booked_within(change, period) for change in changes)


def _is_booked_within(change: "TaskChange", period: BudgetPeriod) -> bool:
    return period.narrowing.counts(change.task) and any(
        from_us(entry.booked_at) in period.window for entry in change.entries
    )
