"""Formatting: numbers, moments and days as text, the same in every message."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.domain.money import show_usd

_MANY_TIMES = 900  # percent, above which a multiple reads better


def count(number: int, noun: str) -> str:
    """Return a number of something: `1 task`, `1,200 tasks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return a moment on the zone's clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def utc(at: datetime) -> str:
    """Return an aware moment for machines: in UTC, to the second, `2026-11-20T09:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def last_day(end: datetime, zone: tzinfo) -> str:
    """Return the local day that ends at a moment, or holds what is just before it."""
    return f"{(end - timedelta(microseconds=1)).astimezone(zone):%Y-%m-%d}"


def weekday(day: date) -> str:
    """Return a day with its weekday: `Thu 26 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def percent(part: int, whole: int) -> str:
    """Return a part of a positive whole in whole percent: `12 %`."""
    return f"{round(part * 100 / whole)} %"


def against(nanos: int, other_nanos: int, *, after_times: str = "") -> str:
    """Return the difference between an amount and a positive other one, and the other: `+20 % against $3.00`.

    `after_times` is what follows a multiple such as `12 times the $3.00`.
    """
    more = (nanos - other_nanos) * 100 / other_nanos
    if more >= _MANY_TIMES:
        return f"{nanos / other_nanos:,.0f} times the {show_usd(other_nanos)}{after_times}"
    return f"{more:+,.0f} % against {show_usd(other_nanos)}"
