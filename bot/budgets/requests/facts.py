"""Budget requests with the budget that each would change, as messages and App Home show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.alerts.subject_names import person
from bot.budgets.limits.store import limits
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.requests.store import BudgetRequest, budget_request, open_requests
from bot.budgets.rules import percent
from bot.budgets.spend import spends, unknown_costs
from bot.domain.money import show_limit, show_usd
from bot.ledger.members import emails_by_id


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """A request, the member's e-mail, and their limit (0: none) and spend in the present period.

    `unknown_costs` counts the tasks of unknown cost where no spend is known.
    """

    request: BudgetRequest
    email: str
    limit_nanos: int
    spend_nanos: int
    unknown_costs: int = 0

    def template_values(self, who: str, zone: ZoneInfo, now: datetime) -> dict[str, object]:
        """Return the values of the templates about a request; `who` is how whoever asks is called there."""
        request, limit = self.request, self.limit_nanos
        return {
            "who": who,
            "limit": budget_formatting.limit_of(request.nanos, request.unit),
            "ends_at": budget_formatting.last_day(request.ends_at, zone, now) if request.ends_at else "",
            "reason": request.reason or "",
            "spend": show_usd(self.spend_nanos),
            "unknown": budget_formatting.unknown_spend(self.unknown_costs),
            "present": show_limit(limit) if limit else "",
            "percent": percent(self.spend_nanos, limit),
            "used": budget_formatting.used(self.spend_nanos, limit),
            "unit": request.unit.value,
            "adjective": budget_formatting.ADJECTIVES[request.unit],
            "state": request.state.value,
            "why": request.decision_reason or "",
            "by": person(request.decided_by) if request.decided_by else "",
        }


def request_facts(
    connection: Connection, requests: Sequence[BudgetRequest], policy: BudgetPolicy, now: datetime
) -> list[RequestFacts]:
    """Return the facts of requests, within the caller's snapshot."""
    periods = {unit: budget_period(unit, now, policy.zone) for unit in UNITS}
    cases = [(each.member, periods[each.unit]) for each in requests]
    limit_by_case, spend_by_case = limits(connection, cases, now), spends(connection, cases, policy.basis)
    emails = emails_by_id(connection, [each.member for each in requests])
    unknown = unknown_costs(connection, spend_by_case)
    return [
        RequestFacts(
            each,
            emails[each.member],
            limit_by_case[case].nanos if case in limit_by_case else 0,
            spend_by_case[case],
            unknown.get(case, 0),
        )
        for each, case in zip(requests, cases, strict=True)
    ]


def request_facts_of(connection: Connection, request: int, policy: BudgetPolicy, now: datetime) -> RequestFacts | None:
    """Return the facts of the request of an id, None if there is none."""
    found = budget_request(connection, request)
    return None if found is None else request_facts(connection, [found], policy, now)[0]


def waiting_requests(connection: Connection, policy: BudgetPolicy, now: datetime) -> list[RequestFacts]:
    """Return the facts of requests that wait for a decision, the oldest first."""
    return request_facts(connection, open_requests(connection), policy, now)
