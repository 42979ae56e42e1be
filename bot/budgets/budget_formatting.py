"""Phrases: what is said of budgets, wherever it is shown."""

from zoneinfo import ZoneInfo

from bot.budgets.pace import Pace
from bot.budgets.rules import DEFAULT, BudgetLimit, BudgetPeriod
from bot.domain import formatting
from bot.domain.forecast import LEAST_DAYS
from bot.domain.money import show_usd
from bot.domain.periods import Unit

ADJECTIVES = {Unit.DAY: "daily", Unit.WEEK: "weekly", Unit.MONTH: "monthly"}


def share(nanos: int, total: int) -> str:
    """Return a part of a total in whole percent."""
    return formatting.percent(nanos, total) if total > 0 else "0 %"


def source(limit: BudgetLimit) -> str:
    """Where a limit comes from."""
    return "the default for everyone" if limit.scope == DEFAULT else "an own budget"


def limit_of(nanos: int, unit: Unit) -> str:
    """A limit, such as `$500.00 a month`."""
    return f"{show_usd(nanos)} a {unit}"


def pace(found: Pace) -> str:
    """What a period comes to at this rate; of a month with too few days behind it, how many there are."""
    if found.days_seen is not None:
        return f"told from {LEAST_DAYS} whole days on, {found.days_seen} so far"
    if found.low_nanos is None or found.high_nanos is None:
        return ""
    low, high = show_usd(found.low_nanos), show_usd(found.high_nanos)
    return low if low == high else f"{low} to {high}"


def used_up(found: Pace) -> str:
    """When the limit is used up at this rate; empty if it lasts."""
    return "" if found.passes is None else formatting.weekday(found.passes)


def when(period: BudgetPeriod, zone: ZoneInfo) -> str:
    """When a period ends, or starts again."""
    return f"{formatting.moment(period.window.end, zone)} {zone.key}"
