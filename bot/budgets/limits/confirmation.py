"""The confirmation of a change of limits, for whoever made it: the new limit, and what is spent of it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets import budget_formatting
from bot.budgets.limits.executor import BudgetChange
from bot.budgets.limits.store import StoredBudget
from bot.budgets.rules import DEFAULT
from bot.domain import formatting
from bot.domain.money import show_limit, show_usd
from bot.slack.templates import Templates

_WHOSE = {"team": "the team's", "default": "the default"}


def confirmation(
    changes: Iterable[BudgetChange], names: Mapping[str, str], templates: Templates, zone: ZoneInfo, now: datetime
) -> str:
    """Return the changes in rendered mrkdwn; `names` are those of members by their e-mails, which it may leave out."""
    done = [_values(each, names.get(each.scope, each.scope), zone, now) for each in changes]
    return templates.render("budgets/change_confirmation", done=done)


def _values(change: BudgetChange, name: str, zone: ZoneInfo, now: datetime) -> dict[str, object]:
    """Return the values of the template for one change of the budget of somebody with that name."""
    after, before = _limit(change.after), _limit(change.before)
    ends_at = change.after.ends_at if change.after else None
    return {
        "scope": name,
        "whose": _WHOSE.get(change.scope.lower(), f"{name}'s"),
        "is_default": change.scope.lower() == "default",
        "unit": change.unit.value,
        "adjective": budget_formatting.adjective(change.unit, change.narrowing),
        "counts": str(change.narrowing),
        "same": change.same,
        "after": show_limit(after) if after else "",
        "before": show_limit(before) if before else "",
        "up": after > before,
        "ends_at": budget_formatting.last_day(ends_at, zone, now) if ends_at else "",
        "then": show_limit(change.then_nanos) if change.then_nanos else "",
        "default": show_limit(change.default_nanos) if change.default_nanos else "",
        "spend": "" if change.spend_nanos is None else show_usd(change.spend_nanos),
        "used": budget_formatting.used(change.spend_nanos or 0, after),
        "known": change.known,
        "unknown": budget_formatting.unknown_spend(change.unknown_costs),
        "reason": change.reason or "",
        "others": [
            (budget_formatting.limit_of(limit.nanos, unit), limit.scope == DEFAULT) for unit, limit in change.others
        ],
        "covered": "" if change.covered is None else formatting.count(change.covered, "member"),
    }


def _limit(budget: StoredBudget | None) -> int:
    return (budget.limit_nanos or 0) if budget else 0
