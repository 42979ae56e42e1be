"""A backtest as JSON."""

from typing import Any

from bot.budgets.audiences import crossing_audiences
from bot.budgets.backtest.facts import Backtest, WouldNotify
from bot.budgets.rules import DEFAULT, TEAM
from bot.domain.formatting import utc
from bot.domain.money import usd_text


def to_document(found: Backtest) -> dict[str, Any]:
    """Return a backtest as it is printed with `--json`: amounts as exact decimal strings, moments in UTC."""
    scope = {DEFAULT: "default", TEAM: "team"}.get(found.request.scope, found.email)
    return {
        "scope": scope,
        "limit_usd": usd_text(found.request.nanos),
        "period": found.request.unit.value,
        "counts": str(found.request.narrowing) or None,
        "first_day": found.first_day.isoformat(),
        "last_day": found.last_day.isoformat(),
        "members": found.members,
        "members_with_own_budget": found.own,
        "members_notified": len(found.notified),
        "notifications": [
            {"member": each.email, **_notification(alert, is_team=each.email is None)}
            for each in found.notified
            for alert in each.alerts
        ],
    }


def _notification(alert: WouldNotify, *, is_team: bool) -> dict[str, Any]:
    return {
        "period": alert.period.label,
        "step": alert.step,
        "at": utc(alert.at),
        "spend_usd": usd_text(alert.spend_nanos),
        "late": alert.late,
        "to": [each.value for each in crossing_audiences(TEAM if is_team else 1, alert.step)],
    }
