"""Formatting of budgets: limits, shares, paces and periods as text."""

from zoneinfo import ZoneInfo

from bot.budgets.pace import Pace
from bot.budgets.periods import BudgetPeriod
from bot.budgets.rules import DEFAULT, BudgetLimit
from bot.domain import formatting
from bot.domain.forecast import LEAST_DAYS
from bot.domain.money import show_usd
from bot.domain.periods import Unit

ADJECTIVES = {Unit.DAY: "daily", Unit.WEEK: "weekly", Unit.MONTH: "monthly"}


def share(nanos: int, total: int) -> str:
    """Return a part of a total, in whole percent."""
    return formatting.percent(nanos, total) if total > 0 else "0%"


def source(limit: BudgetLimit) -> str:
    """Return where a limit comes from."""
    return "the default for everyone" if limit.scope == DEFAULT else "an own budget"


def limit_of(nanos: int, unit: Unit) -> str:
    """Return a limit, such as `$500.00 a month`."""
    return f"{show_usd(nanos)} a {unit}"


def pace(expected: Pace) -> str:
    """Return what a period comes to at this rate; of a month with too few days of data, how many there are."""
    if expected.days_seen is not None:
        return f"told from {LEAST_DAYS} whole days on, {expected.days_seen} so far"
    if expected.low_nanos is None or expected.high_nanos is None:
        return ""
    low, high = show_usd(expected.low_nanos), show_usd(expected.high_nanos)
    return low if low == high else f"{low} to {high}"


def used_up(expected: Pace) -> str:
    """Return when the limit is used up at this rate; empty if it lasts."""
    return "" if expected.used_up_on is None else formatting.weekday(expected.used_up_on)


def period_end(period: BudgetPeriod, zone: ZoneInfo) -> str:
    """Return when a period ends, and the next one starts."""
    return f"{formatting.moment(period.window.end, zone)} {zone.key}"
