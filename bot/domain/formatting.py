"""Formatting: numbers, moments and days as text, the same in every message."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from bot.domain.money import show_usd
from bot.domain.periods import FIRST_YEAR, Unit, Window, day_start

_NAMED_DAYS = 2  # so many are named one by one; of more, the first and the last
_ALL = 100  # percent
_TENFOLD = 10  # from so many times another amount on, what it is more says more than how many times or percent


def count(number: int, noun: str) -> str:
    """Return a number of something: `1 task`, `1,200 tasks`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: datetime, zone: tzinfo) -> str:
    """Return a moment on the zone's clock, to the minute, for tables and data: `2026-11-28 21:05`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def utc(at: datetime) -> str:
    """Return an aware moment for machines: in UTC, to the second, `2026-11-20T09:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# --- days and times in sentences: `Nov 28`, `21:05`; the year only where it is not this one ----------


def last_date(end: datetime, zone: tzinfo) -> date:
    """Return the local day that ends at a moment, or holds what is just before it."""
    return (end - timedelta(microseconds=1)).astimezone(zone).date()


def short_date(day: date, today: date) -> str:
    """Return a day as it is said on another: `Nov 28`, `Nov 28, 2025`."""
    return f"{day:%b} {day.day}" + ("" if day.year == today.year else f", {day.year}")


def weekday(day: date, today: date | None = None) -> str:
    """Return a day with its weekday: `Sat, Nov 28`; with its year only if that is not the one of `today`."""
    return f"{day:%a}, {short_date(day, today or day)}"


def deleted_details(before: datetime, zone: tzinfo, now: datetime) -> str:
    """Return that details of tasks created before a moment are deleted."""
    last = short_date(last_date(before, zone), now.astimezone(zone).date())
    return f"No longer kept: titles, errors, tools and agents of tasks up to {last}"


def date_span(first: date, last: date, today: date) -> str:
    """Return the days from one to another: `Nov 22–28`, `Nov 22 – Dec 1`; of one day that day alone."""
    if first == last:
        return short_date(first, today)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%b} {first.day}–{last.day}" + ("" if last.year == today.year else f", {last.year}")
    start = f"{first:%b} {first.day}" if first.year == last.year else f"{first:%b} {first.day}, {first.year}"
    end = short_date(last, today) if first.year == last.year else f"{last:%b} {last.day}, {last.year}"
    return f"{start} – {end}"


def days_text(days: Collection[date]) -> str:
    """Return days in words: `Thu, Nov 26`, two such, or the first and the last of several."""
    ordered = sorted(days)
    if len(ordered) <= _NAMED_DAYS:
        return " and ".join(map(weekday, ordered))
    return date_span(ordered[0], ordered[-1], ordered[-1])


def period_name(first: date, unit: Unit, today: date) -> str:
    """Return what the day, week or month is called that begins on a date: `Nov 16–22`, `October`, `December 2025`."""
    if unit is Unit.MONTH:
        return f"{first:%B}" if first.year == today.year else f"{first:%B} {first.year}"
    return date_span(first, unit.shift(first, 1) - timedelta(days=1), today)


def local_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Return a moment on the zone's clock, with its day unless that is today: `21:05`, `Nov 28, 21:05`."""
    local = at.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == now.astimezone(zone).date() else dated_time(at, zone, now)


def dated_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Return a moment on the zone's clock with its day, for what is read on other days too: `Nov 28, 21:05`."""
    local = at.astimezone(zone)
    return f"{short_date(local.date(), now.astimezone(zone).date())}, {local:%H:%M}"


def time_span(start: datetime, end: datetime, zone: tzinfo, now: datetime) -> str:
    """Return a window `[start, end)` on the zone's clock: days if it is of whole ones, else its ends with their times.

    `Nov 22–28`; `Nov 27, 21:05 – Nov 28, 21:05`.
    """
    first, last, today = start.astimezone(zone), end.astimezone(zone), now.astimezone(zone).date()
    if first.time() == last.time() == time():
        return date_span(first.date(), last_date(end, zone), today)
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{short_date(last.date(), today)}, {last:%H:%M}"
    return f"{short_date(first.date(), today)}, {first:%H:%M} – {until}"


def span_so_far(window: Window, zone: tzinfo, now: datetime) -> str:
    """Return the days of a window in words, as far as they have come: `Nov 22–28`, `until Nov 28`."""
    today = now.astimezone(zone).date()
    end = min(window.end, day_start(today + timedelta(days=1), zone))
    if window.start.year > FIRST_YEAR:
        return time_span(window.start, end, zone, now)
    return f"until {short_date(last_date(end, zone), today)}"


# --- shares and comparisons ------------------------------------------------------------------------


def percent(part: int, whole: int) -> str:
    """Return a part of a positive whole in whole percent: `12%`.

    `<1%` is a part that is more than nothing, `>99%` one that is less than the whole.
    """
    rounded = round(part * 100 / whole)
    if part > 0 and not rounded:
        return "<1%"
    return ">99%" if part < whole and rounded == _ALL else f"{rounded}%"


def comparison(nanos: int, other_nanos: int, other: str) -> str:
    """Return how an amount compares with another one, which is named with its amount.

    `12% less than the 7 days before ($821.82)`; `the same as ...`; `$33.00 more than a typical Saturday ($3.00)` where
    that is little in comparison.
    """
    named = f"{other} ({show_usd(other_nanos)})"
    same = "as much as" if other.startswith("the same ") else "the same as"
    if nanos == other_nanos:
        return f"{same} {named}"
    if abs(nanos - other_nanos) * 200 < other_nanos:  # less than half a percent
        return f"about {same} {named}"
    word = "more" if nanos > other_nanos else "less"
    if other_nanos <= 0 or nanos < 0 or nanos >= _TENFOLD * other_nanos:
        return f"{show_usd(abs(nanos - other_nanos))} {word} than {named}"
    return f"{percent(abs(nanos - other_nanos), other_nanos)} {word} than {named}"
