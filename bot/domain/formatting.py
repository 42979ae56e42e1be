"""Wording: how numbers, moments and days are said, whoever says them."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.domain.money import show_usd

_MANY_TIMES = 900  # percent, above which a multiple reads better


def count(number: int, noun: str) -> str:
    """So many of something."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """A moment on the zone's clock, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def utc(at: datetime) -> str:
    """An aware moment as data has it: UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def last_day(end: datetime, zone: tzinfo) -> str:
    """The last day that ends at a moment."""
    return f"{(end - timedelta(microseconds=1)).astimezone(zone):%Y-%m-%d}"


def weekday(day: date) -> str:
    """A day in words: `Thu 26 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def against(nanos: int, other_nanos: int, *, after_times: str = "") -> str:
    """An amount against a positive other one: how much more or less, and that one; `after_times` follows a multiple."""
    percent = (nanos - other_nanos) * 100 / other_nanos
    if percent >= _MANY_TIMES:
        return f"{nanos / other_nanos:,.0f} times the {show_usd(other_nanos)}{after_times}"
    return f"{percent:+,.0f} % against {show_usd(other_nanos)}"
