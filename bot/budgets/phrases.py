"""Phrases: what is said of budgets, wherever it is shown."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.budgets.rules import DEFAULT, Limit, Span
from bot.domain.money import show_usd
from bot.domain.periods import Unit

ADJECTIVES = {Unit.DAY: "daily", Unit.WEEK: "weekly", Unit.MONTH: "monthly"}


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A moment on the zone's clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def last_day(end: datetime, zone: ZoneInfo) -> str:
    """The last day that ends at a moment."""
    return f"{(end - timedelta(microseconds=1)).astimezone(zone):%Y-%m-%d}"


def share(nanos: int, total: int) -> str:
    """A part of a total, in whole percent."""
    return f"{round(nanos * 100 / total)} %" if total > 0 else "0 %"


def source(limit: Limit) -> str:
    """Where a limit comes from."""
    return "the default for everyone" if limit.scope == DEFAULT else "an own budget"


def limit_of(nanos: int, unit: Unit) -> str:
    """A limit, such as `$500.00 a month`."""
    return f"{show_usd(nanos)} a {unit}"


def when(span: Span, zone: ZoneInfo) -> str:
    """When a period ends, or starts again."""
    return f"{span.window.end.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"
