"""Builds the event of a budget that is expected to run out, as the forecast is when it is sent."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.alerts.budget_event import budget_data, who
from bot.budgets.alerts.budget_snapshot import BudgetSnapshot, budget_snapshot
from bot.budgets.budget_formatting import adjective
from bot.budgets.forecasts.facts import snapshot_outlook
from bot.budgets.forecasts.rules import Outlook
from bot.budgets.forecasts.store import alert_by_id
from bot.budgets.keys import ForecastEventKey
from bot.budgets.periods import PeriodName, named_period
from bot.budgets.policy import BudgetPolicy
from bot.domain.money import show_limit, show_usd
from bot.domain.periods import Unit
from bot.outbox.events import EventMembers, EventRequest, WebhookEvent, amount, optional_amount


@dataclass(frozen=True, slots=True)
class ForecastEvent:
    """Builds events of forecast alerts."""

    policy: BudgetPolicy
    members: EventMembers

    def build(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return the event; None if there is no such alert any more, or the budget does not run out after all."""
        alert = alert_by_id(connection, ForecastEventKey.decode(request.dedup_key).id)
        if alert is None:
            return None
        period = named_period(PeriodName(Unit.MONTH, alert.label), self.policy.zone)
        budget = budget_snapshot(connection, alert.subject, period, self.policy, request.now)
        if budget.limit is None or snapshot_outlook(budget) is not Outlook.RUNS_OUT:
            return None
        return WebhookEvent(
            "budget.forecast_exceeded",
            f"{who(budget.email, self.members)}: {_expectation(budget, budget.limit.nanos)}",
            {**budget_data(alert.subject, budget.email, period, self.members), **self._forecast(budget)},
        )

    def _forecast(self, budget: BudgetSnapshot) -> dict[str, Any]:
        pace = budget.pace
        return {
            "used_percent": budget.percent,
            "spend": amount(budget.spend_nanos),
            "limit": optional_amount(budget.limit and budget.limit.nanos),
            "forecast": {"low": optional_amount(pace.low_nanos), "high": optional_amount(pace.high_nanos)},
            "runs_out_on": None if pace.used_up_on is None else pace.used_up_on.isoformat(),
            "timezone": self.policy.zone.key,
        }


def _expectation(budget: BudgetSnapshot, limit_nanos: int) -> str:
    day = budget_formatting.used_up(budget.pace)
    spent, limit = show_usd(budget.spend_nanos), show_limit(limit_nanos)
    kind = adjective(budget.period.unit, budget.period.narrowing)
    return (
        f"the {kind} budget is expected to run out{f' on {day}' if day else ''}"
        f" ({spent} of {limit}, forecast {budget_formatting.pace(budget.pace)})."
    )
