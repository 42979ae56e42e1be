"""The budgets that a digest lists: those over their limit, near it, or on pace to pass it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from bot.budgets.listing.lines import BudgetLine, budget_lines
from bot.budgets.periods import UNITS, budget_period
from bot.budgets.rules import FULL, NEAR
from bot.digest.policy import DigestPolicy
from bot.domain.periods import Window


@dataclass(frozen=True, slots=True)
class BudgetsAtRisk:
    """Budgets over their limit, near it, and on pace to pass it (`ahead`); each budget is in one of them."""

    over: tuple[BudgetLine, ...]
    near: tuple[BudgetLine, ...]
    ahead: tuple[BudgetLine, ...]


def budgets_at_risk(connection: Connection, window: Window, policy: DigestPolicy, now: datetime) -> BudgetsAtRisk:
    """Return the budgets at risk in the periods that the last moment of the window lies in."""
    lines = _lines(connection, window, policy, now)
    used = sorted((each for each in lines if each.spend_nanos is not None), key=lambda each: -each.percent)
    return BudgetsAtRisk(
        over=tuple(each for each in used if each.percent >= FULL),
        near=tuple(each for each in used if NEAR <= each.percent < FULL),
        ahead=tuple(_ahead(used, now)),
    )


def _ahead(used: Sequence[BudgetLine], now: datetime) -> list[BudgetLine]:
    """Return the budgets on pace to pass their limit, by when they pass it."""
    ahead = [
        each for each in used if each.percent < NEAR and each.pace.used_up_on is not None and now in each.period.window
    ]
    return sorted(ahead, key=lambda each: each.pace.used_up_on or date.max)


def _lines(connection: Connection, window: Window, policy: DigestPolicy, now: datetime) -> Iterator[BudgetLine]:
    """Yield the budgets of those periods: as they are now, or as they were at the end of a period that is over."""
    zone = policy.zone
    last = window.end - timedelta(microseconds=1)
    current = [unit for unit in UNITS if budget_period(unit, last, zone).name == budget_period(unit, now, zone).name]
    yield from budget_lines(connection, policy.budgets, now, units=current)
    yield from budget_lines(connection, policy.budgets, last, units=[unit for unit in UNITS if unit not in current])
