"""The snapshot of a subject's budget in a period: spend and limit, pace, what drives the spend, and what people did."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.acknowledgements.store import acknowledgement
from bot.budgets.alerts.spend_drivers import SpendDrivers, spend_drivers
from bot.budgets.crossings.store import CrossedStep, notified_steps
from bot.budgets.keys import BudgetTopic
from bot.budgets.limits.revision_store import Act, LimitRevision, limit_revision
from bot.budgets.limits.store import limits
from bot.budgets.pace import NO_PACE, LimitedCase, Pace, pace_of
from bot.budgets.periods import BudgetPeriod
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import BudgetLimit, percent
from bot.budgets.scopes import email_of
from bot.budgets.snoozes.store import ActiveSnooze, active_snoozes
from bot.budgets.spend import spends, without_cost_of
from bot.ledger.freshness import freshness


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """A subject's budget in a period. `email` is None for the team; `limit` is None once it was removed."""

    subject: int
    email: str | None
    period: BudgetPeriod
    spend_nanos: int
    limit: BudgetLimit | None
    has_ended: bool  # the period
    set_by: LimitRevision | None
    steps: tuple[CrossedStep, ...]  # those that were notified
    drivers: SpendDrivers
    without_cost: int  # tasks created in the period whose cost is unknown
    acknowledged: Act | None
    snoozes: tuple[ActiveSnooze, ...]
    pace: Pace
    as_of: datetime | None

    @property
    def percent(self) -> int:
        """How much of the limit is used."""
        return percent(self.spend_nanos, self.limit.nanos) if self.limit else 0

    @property
    def used(self) -> str:
        """The same as text."""
        return budget_formatting.used(self.spend_nanos, self.limit.nanos if self.limit else 0)


def budget_snapshot(
    connection: Connection, subject: int, period: BudgetPeriod, policy: BudgetPolicy, now: datetime
) -> BudgetSnapshot:
    """Return a subject's budget as it is now, read in one snapshot."""
    case = (subject, period)
    limit = limits(connection, [case], now).get(case)
    spend = spends(connection, [case], policy.basis)[case]
    steps = notified_steps(connection, subject, period)
    return BudgetSnapshot(
        subject=subject,
        email=email_of(connection, subject),
        period=period,
        spend_nanos=spend,
        limit=limit,
        has_ended=now >= period.window.end,
        set_by=None if limit is None else limit_revision(connection, limit.revision),
        steps=tuple(steps),
        drivers=spend_drivers(connection, case, policy.basis, steps),
        without_cost=without_cost_of(connection, case),
        acknowledged=acknowledgement(connection, BudgetTopic.of(subject, period)),
        snoozes=tuple(active_snoozes(connection, subject, period.unit, now)),
        pace=NO_PACE if limit is None else pace_of(connection, LimitedCase(case, limit, spend), policy, now),
        as_of=freshness(connection, now).as_of,
    )
