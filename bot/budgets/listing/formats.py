"""The listing as JSON, and as the cells of a table."""

from collections.abc import Sequence
from typing import Any

from bot.budgets import budget_formatting
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT
from bot.domain import formatting
from bot.domain.money import show_usd, usd_text


def to_document(lines: Sequence[BudgetLine]) -> list[dict[str, Any]]:
    """Return the listing as data; amounts are exact decimal strings, moments UTC."""
    return [_line_document(line) for line in lines]


def _line_document(line: BudgetLine) -> dict[str, Any]:
    return {
        "scope": line.scope,
        "period": line.period.unit.value,
        "window": line.period.label,
        "limit_usd": usd_text(line.limit.nanos),
        "spend_usd": _optional_usd(line.spend_nanos),
        "percent": None if line.spend_nanos is None else line.percent,
        "forecast_low_usd": _optional_usd(line.pace.low_nanos),
        "forecast_high_usd": _optional_usd(line.pace.high_nanos),
        "used_up_on": None if line.pace.used_up_on is None else line.pace.used_up_on.isoformat(),
        "source": "default" if line.limit.scope == DEFAULT else "own",
        "until": None if line.limit.ends_at is None else formatting.utc(line.limit.ends_at),
        "set_by": line.set_by,
        "set_at": formatting.utc(line.set_at),
        "reason": line.reason,
    }


def _optional_usd(nanos: int | None) -> str | None:
    return None if nanos is None else usd_text(nanos)


COLUMNS = ("Whose", "Period", "Limit", "Used", "Use", "Pace", "Limit from")
NUMBERS = (2, 3, 4, 5)  # the columns that hold numbers
_NONE = "\u2013"  # a dash


def rows(lines: Sequence[BudgetLine], policy: BudgetPolicy) -> list[list[str]]:
    """Return the listing as cells."""
    return [
        [
            line.scope,
            f"{line.period.unit} {line.period.label}",
            show_usd(line.limit.nanos),
            _NONE if line.spend_nanos is None else show_usd(line.spend_nanos),
            "" if line.spend_nanos is None else f"{line.percent}%",
            "; used up ".join(filter(None, (budget_formatting.pace(line.pace), budget_formatting.used_up(line.pace)))),
            _limit_source(line, policy),
        ]
        for line in lines
    ]


def _limit_source(line: BudgetLine, policy: BudgetPolicy) -> str:
    if line.limit.scope == DEFAULT and line.scope != "default":
        return "default"
    ends = f", through {formatting.last_day(line.limit.ends_at, policy.zone)}" if line.limit.ends_at else ""
    why = f": {line.reason}" if line.reason else ""
    return f"set {formatting.moment(line.set_at, policy.zone)}{ends}{why}"
