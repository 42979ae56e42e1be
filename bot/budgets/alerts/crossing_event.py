"""Builds the event of a step that was passed, as it was when it was passed."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.budgets.alerts.budget_event import budget_data, who
from bot.budgets.budget_formatting import adjective, used
from bot.budgets.crossings.store import CrossedStep, crossed_steps, crossing_case
from bot.budgets.keys import CrossingEventKey
from bot.budgets.periods import BudgetPeriod, named_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import percent
from bot.budgets.scopes import email_of
from bot.domain.money import show_limit, show_usd
from bot.outbox.events import EventMembers, EventRequest, WebhookEvent, amount


@dataclass(frozen=True, slots=True)
class CrossingEvent:
    """Builds events of crossings."""

    policy: BudgetPolicy
    members: EventMembers

    def build(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return the event; None if there is no such crossing any more."""
        id_ = CrossingEventKey.decode(request.dedup_key).id
        if (case := crossing_case(connection, id_)) is None:
            return None
        subject, period = case[0], named_period(case[1], self.policy.zone)
        step = next(each for each in crossed_steps(connection, subject, period) if each.id == id_)
        email = email_of(connection, subject)
        return WebhookEvent(
            "budget.step_reached",
            f"{who(email, self.members)}: {_use(step, period)}",
            {**budget_data(subject, email, period, self.members), **_step(step)},
        )


def _use(step: CrossedStep, period: BudgetPeriod) -> str:
    part, spent, limit = (
        used(step.spend_nanos, step.limit_nanos),
        show_usd(step.spend_nanos),
        show_limit(step.limit_nanos),
    )
    return f"{part} of the {adjective(period.unit, period.narrowing)} budget is used ({spent} of {limit})."


def _step(step: CrossedStep) -> dict[str, Any]:
    return {
        "step_percent": step.step,
        "used_percent": percent(step.spend_nanos, step.limit_nanos),
        "spend": amount(step.spend_nanos),
        "limit": amount(step.limit_nanos),
        "late": step.late,
    }
