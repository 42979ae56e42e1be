"""A backtest as a sentence and a table, for Slack and the terminal alike."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.budgets import budget_formatting
from bot.budgets.backtest.facts import Backtest, NotifiedSubject
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT, TEAM
from bot.domain import formatting
from bot.domain.cells import Cell, Number, amount_cell, count_cell
from bot.domain.periods import local_day

COLUMNS_OF_MEMBERS = ("Member", "Alerts", "Highest step", "First", "Last")
COLUMNS_OF_STEPS = ("Period", "Step", "Date", "Spend")


def headline_values(found: Backtest, policy: BudgetPolicy, now: datetime, name: str) -> dict[str, object]:
    """Return the values of the template `budgets/backtest`; `name` is what the member is called."""
    request = found.request
    return {
        "limit": budget_formatting.limit_of(request.nanos, request.unit, request.narrowing),
        "counts": str(request.narrowing),
        "counts_status": bool(request.narrowing.statuses),
        "scope": {DEFAULT: "default", TEAM: "team"}.get(request.scope, "member"),
        "name": name,
        "days": formatting.date_span(found.first_day, found.last_day, local_day(now, policy.zone)),
        "members": found.members,
        "notified": len(found.notified),
        "alerts": found.alert_count,
        "own": found.own,
        "steps": ", ".join(str(each) for each in policy.steps),
    }


def columns(found: Backtest) -> tuple[str, ...]:
    """Return the columns of its table."""
    return COLUMNS_OF_MEMBERS if found.request.scope == DEFAULT else COLUMNS_OF_STEPS


def rows(found: Backtest, policy: BudgetPolicy, names: Mapping[str, str]) -> list[list[Cell]]:
    """Return its table: of a default a row for each member, else one for each alert."""
    if found.request.scope == DEFAULT:
        return [_member_row(each, policy, names) for each in found.notified]
    return [row for each in found.notified for row in _step_rows(each, policy)]


def _member_row(each: NotifiedSubject, policy: BudgetPolicy, names: Mapping[str, str]) -> list[Cell]:
    email = each.email or ""
    first, last = (local_day(alert.at, policy.zone).isoformat() for alert in (each.alerts[0], each.alerts[-1]))
    highest = max(alert.step for alert in each.alerts)
    return [names.get(email, email), count_cell(len(each.alerts)), Number(highest, f"{highest}%"), first, last]


def _step_rows(each: NotifiedSubject, policy: BudgetPolicy) -> Iterator[list[Cell]]:
    for alert in each.alerts:
        day = local_day(alert.at, policy.zone).isoformat()
        yield [alert.period.label, Number(alert.step, f"{alert.step}%"), day, amount_cell(alert.spend_nanos)]
