"""Formatting of budgets: limits, shares, paces and periods as text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.budgets.pace import Pace
from bot.budgets.periods import BudgetPeriod
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit, percent
from bot.domain import formatting
from bot.domain.forecast import LEAST_DAYS
from bot.domain.money import show_limit, show_usd
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit, local_day

ADJECTIVES = {Unit.DAY: "daily", Unit.WEEK: "weekly", Unit.MONTH: "monthly"}
_SOURCES = {DEFAULT: "team default", TEAM: "team budget"}


def share(nanos: int, total: int) -> str:
    """Return a part of a total, in whole percent."""
    return formatting.percent(nanos, total) if total > 0 else "0%"


def used(spend_nanos: int, limit_nanos: int) -> str:
    """Return how much of a limit is used: `82%`, rounded down so that 100% means all of it; `<1%`."""
    whole = percent(spend_nanos, limit_nanos)
    return "<1%" if spend_nanos > 0 and whole == 0 else f"{whole:,}%"


def unknown_spend(tasks: int) -> str:
    """Return what stands in place of a spend of which nothing is known but so many tasks: `unknown (2 tasks)`."""
    return f"unknown ({formatting.count(tasks, 'task')})" if tasks else ""


def source(limit: BudgetLimit) -> str:
    """Return where a limit comes from."""
    return _SOURCES.get(limit.scope, "personal budget")


def adjective(unit: Unit, narrowing: TaskNarrowing = ALL_TASKS) -> str:
    """Return what kind of budget one is: `monthly`, or `monthly model:opus` if it counts only some tasks."""
    return f"{ADJECTIVES[unit]} {narrowing}".rstrip()


def limit_of(nanos: int, unit: Unit, narrowing: TaskNarrowing = ALL_TASKS) -> str:
    """Return a limit, such as `$500 a month`, or `$500 a month for model:opus`."""
    return f"{show_limit(nanos)} a {unit}{f' for {narrowing}' if narrowing else ''}"


def pace(expected: Pace) -> str:
    """Return what a period will come to; of a month with too few days of data, how many there are."""
    if expected.days_seen is not None:
        return f"known after {LEAST_DAYS} full days, {expected.days_seen} so far"
    if expected.low_nanos is None or expected.high_nanos is None:
        return ""
    low, high = show_usd(expected.low_nanos), show_usd(expected.high_nanos)
    return low if low == high else f"{low} to {high}"


def used_up(expected: Pace) -> str:
    """Return when the limit will be used up; empty if it lasts."""
    return "" if expected.used_up_on is None else formatting.weekday(expected.used_up_on)


def day(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the day of a moment: `Nov 28`."""
    return formatting.short_date(local_day(at, zone), local_day(now, zone))


def last_day(end: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return the day that ends at a moment: `Nov 28`."""
    return formatting.short_date(formatting.last_date(end, zone), local_day(now, zone))


def period_days(period: BudgetPeriod, zone: ZoneInfo, now: datetime) -> str:
    """Return the days of a period: `Nov 1–30`."""
    return formatting.time_span(period.window.start, period.window.end, period.calendar(zone), now)


def period_end(period: BudgetPeriod, zone: ZoneInfo, now: datetime) -> str:
    """Return the day on which the next period starts, or the last day of one that has ended."""
    end = period.window.end
    return last_day(end, zone, now) if now >= end else day(end, zone, now)
