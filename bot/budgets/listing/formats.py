"""The listing as JSON, and as the cells of a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.budgets import budget_formatting
from bot.budgets.listing.lines import BudgetLine
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT
from bot.domain import formatting
from bot.domain.cells import Cell, Number, amount_cell, unknown_cell
from bot.domain.money import NANOS_PER_USD, show_usd, usd_text
from bot.domain.periods import Unit


def to_document(lines: Sequence[BudgetLine]) -> list[dict[str, Any]]:
    """Return the listing as data; amounts are exact decimal strings, moments UTC."""
    return [line_document(line) for line in lines]


def line_document(line: BudgetLine) -> dict[str, Any]:
    """Return one budget as data; a spend of which nothing is known is null."""
    spend_nanos = None if line.unknown_costs else line.spend_nanos
    return {
        "scope": line.scope,
        "period": line.period.unit.value,
        "window": line.period.days,
        "counts": str(line.period.narrowing) or None,
        "limit_usd": usd_text(line.limit.nanos),
        "spend_usd": _optional_usd(spend_nanos),
        "tasks_without_cost": None if line.spend_nanos is None else line.without_cost,
        "percent": None if spend_nanos is None else line.percent,
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


COLUMNS = ("Whose", "Used", "Spent", "Limit", "Forecast", "Limit from")
_NONE = "\u2013"  # a dash
_PRESENT = {Unit.DAY: "today", Unit.WEEK: "this week", Unit.MONTH: "this month"}


def rows(
    lines: Sequence[BudgetLine], policy: BudgetPolicy, names: Mapping[str, str], now: datetime
) -> list[list[Cell]]:
    """Return the listing as cells; `names` are those of members by their e-mails, which it may leave out."""
    return [
        [
            names.get(line.scope, line.scope),
            _used_cell(line),
            _spend_cell(line),
            Number(line.limit.nanos / NANOS_PER_USD, line.limit_text),
            _forecast_cell(line),
            _limit_source(line, policy, now),
        ]
        for line in lines
    ]


def remainders(lines: Sequence[BudgetLine], policy: BudgetPolicy, now: datetime) -> list[str]:
    """Return how much is left of each budget, and when it resets: `$13.35 left today (resets Nov 29)`."""
    return [
        f"{_remainder(line.limit.nanos - line.spend_nanos)} {_PRESENT[line.period.unit]}{_counted(line)}"
        f" (resets {budget_formatting.period_end(line.period, policy.zone, now)})"
        for line in lines
        if line.spend_nanos is not None and not line.unknown_costs
    ]


def _remainder(nanos: int) -> str:
    return f"{show_usd(-nanos)} over" if nanos < 0 else f"{show_usd(nanos)} left"


def _counted(line: BudgetLine) -> str:
    return f" for {line.period.narrowing}" if str(line.period.narrowing) else ""


def _spend_cell(line: BudgetLine) -> Cell:
    if line.spend_nanos is None or line.unknown_costs:
        return unknown_cell(budget_formatting.unknown_spend(line.unknown_costs) or _NONE)
    return amount_cell(line.spend_nanos)


def _used_cell(line: BudgetLine) -> Cell:
    if line.spend_nanos is None or line.unknown_costs:
        return unknown_cell("unknown" if line.unknown_costs else _NONE)
    return Number(line.percent, budget_formatting.used(line.spend_nanos, line.limit.nanos))


def _forecast_cell(line: BudgetLine) -> Cell:
    phrases = filter(None, (budget_formatting.pace(line.pace), budget_formatting.used_up(line.pace)))
    text = "; limit reached ".join(phrases)
    return unknown_cell(text) if line.pace.high_nanos is None else Number(line.pace.high_nanos / NANOS_PER_USD, text)


def _limit_source(line: BudgetLine, policy: BudgetPolicy, now: datetime) -> str:
    if line.limit.scope == DEFAULT and line.scope != "default":
        return budget_formatting.source(line.limit)
    ends = f", through {budget_formatting.last_day(line.limit.ends_at, policy.zone, now)}" if line.limit.ends_at else ""
    why = f": {line.reason}" if line.reason else ""
    return f"set {budget_formatting.day(line.set_at, policy.zone, now)}{ends}{why}"
