"""The facts of a forecast alert: the budget as it is now, its outlook, and who and what spends most of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.alerts.budget_snapshot import BudgetSnapshot, budget_snapshot
from bot.budgets.alerts.spend_drivers import Driver
from bot.budgets.forecasts.rules import Outlook, outlook
from bot.budgets.forecasts.store import alert_by_id
from bot.budgets.keys import ForecastTopic
from bot.budgets.periods import BudgetPeriod, PeriodName, named_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import TEAM
from bot.budgets.snoozes.store import is_snoozed_by
from bot.domain.periods import Unit
from bot.ledger.charge_queries import ChargeRange, dearest_models, spend_of_all_members
from bot.ledger.members import UNATTRIBUTED_NAME, emails_by_id
from bot.outbox.destinations import Destination, OperatorDestination
from bot.outbox.live_store import live_messages


@dataclass(frozen=True, slots=True)
class ForecastFacts:
    """What an alert's message is rendered from; `member` (by e-mail) is the biggest spender of the team's budget.

    `model` is what costs most; None too if the budget counts but one.
    `is_posted` says whether its reader has the message already, `is_snoozed` whether they have snoozed the budget.
    """

    budget: BudgetSnapshot
    outlook: Outlook
    member: Driver | None
    model: Driver | None
    is_posted: bool
    is_snoozed: bool


def forecast_facts(
    connection: Connection, alert: int, destination: Destination, policy: BudgetPolicy, now: datetime
) -> ForecastFacts | None:
    """Return the facts of an alert for a destination, read in one snapshot; None if there is no such alert any more."""
    stored = alert_by_id(connection, alert)
    if stored is None:
        return None
    subject = stored.subject
    period = named_period(PeriodName(Unit.MONTH, stored.label), policy.zone)
    budget = budget_snapshot(connection, subject, period, policy, now)
    charges = ChargeRange(period.window, None if subject == TEAM else subject, narrowing=period.narrowing)
    models = dearest_models(connection, charges, policy.basis, 1)
    return ForecastFacts(
        budget=budget,
        outlook=snapshot_outlook(budget),
        member=_biggest_spender(connection, period, policy) if subject == TEAM else None,
        model=Driver(*models[0]) if models and len(period.narrowing.models) != 1 else None,
        is_posted=any(posted == destination for _, posted in live_messages(connection, [ForecastTopic(alert)])),
        is_snoozed=isinstance(destination, OperatorDestination)
        and is_snoozed_by(connection, destination.user, subject, Unit.MONTH, now),
    )


def snapshot_outlook(budget: BudgetSnapshot) -> Outlook:
    """Return what is to be expected of a budget as it is now."""
    if budget.has_ended:
        return Outlook.ENDED
    if budget.limit is None:
        return Outlook.NO_LIMIT
    return outlook(budget.limit.nanos, budget.spend_nanos, budget.pace.low_nanos)


def _biggest_spender(connection: Connection, period: BudgetPeriod, policy: BudgetPolicy) -> Driver | None:
    spent = spend_of_all_members(connection, period.window, policy.basis, period.narrowing)
    member = max(spent, key=lambda each: (spent[each], -each), default=None)
    if member is None or spent[member] <= 0:
        return None
    return Driver(emails_by_id(connection, [member]).get(member, UNATTRIBUTED_NAME), spent[member])
