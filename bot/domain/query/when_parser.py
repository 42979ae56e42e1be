"""The parser of times: `7d`, `last month`, `2026-11`, `A..B`, and the edges of `from:` and `to:`."""

import re
from datetime import date

from bot.domain.periods import FIRST_YEAR, LAST_YEAR, Unit
from bot.domain.query.errors import WhenError
from bot.domain.query.when import THIS_MONTH, Calendar, Dated, Days, Edge, Hours, PointInTime, Range, When
from bot.domain.rfc3339 import TimestampError, read_timestamp

MAX_HOURS = 24 * 366 * 10
MAX_DAYS = 366 * 10

_NAMED = {
    "today": Calendar(Unit.DAY, 0),
    "yesterday": Calendar(Unit.DAY, -1),
    "mtd": THIS_MONTH,
    "ytd": Calendar(Unit.YEAR, 0),
} | {
    f"{name} {unit}": Calendar(unit, offset)
    for name, offset in (("this", 0), ("last", -1))
    for unit in (Unit.WEEK, Unit.MONTH, Unit.QUARTER, Unit.YEAR)
}
PERIOD_NAMES = tuple(_NAMED)

_ROLLING = re.compile(r"(\d{1,9})([hdw])", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_WEEK = re.compile(r"(\d{4})-w(\d{2})", re.ASCII)
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,99})?)? ?(?:z|utc|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?"
CLOCK = re.compile(_CLOCK, re.ASCII)
"""A time of day as it stands behind a date and a space in what we print: `09:00`, `09:00:03.5Z`."""


def parse_when(text: str) -> When | None:
    """Return the time that a lower-cased word (or pair, `last month`) names; None if it names none.

    Raises WhenError if it is written as a time but means none, such as `2026-13`.
    """
    if text in _NAMED:
        return _NAMED[text]
    if rolling := _ROLLING.fullmatch(text):
        return _days_or_hours(int(rolling[1]), rolling[2])
    if ".." in text:
        return _range(text)
    return _period(text)


def parse_edge(text: str) -> Edge:
    """Return the date or moment that a lower-cased text behind `from:` or `to:` names.

    Raises WhenError if it names neither.
    """
    if edge := _written_moment(text) or _period(text):
        return edge
    raise WhenError("that is neither a date (`2026-11-20`) nor a time (`2026-11-20T09:00Z`)")


def _days_or_hours(count: int, letter: str) -> When:
    if count == 0:
        raise WhenError("that time has no length")
    if letter == "h":
        if count > MAX_HOURS:
            raise WhenError(f"{MAX_HOURS:,} hours is the longest time")
        return Hours(count)
    days = count * 7 if letter == "w" else count
    if days > MAX_DAYS:
        raise WhenError(f"{MAX_DAYS:,} days is the longest time")
    return Days(days, weeks=letter == "w")


def _range(text: str) -> Range | None:
    start, _, end = text.partition("..")
    if not _begins_with_year(start) and not _begins_with_year(end):
        return None
    edges = [parse_edge(side) if side else None for side in (start, end)]
    return Range(*edges)


def _begins_with_year(text: str) -> bool:
    return bool(re.match(r"\d{4}-", text, re.ASCII))


def _period(text: str) -> Dated | None:
    try:
        if match := _DATE.fullmatch(text):
            return Dated(Unit.DAY, _day_in_reach(date(int(match[1]), int(match[2]), int(match[3]))))
        if match := _MONTH.fullmatch(text):
            return Dated(Unit.MONTH, _day_in_reach(date(int(match[1]), int(match[2]), 1)))
        if match := _WEEK.fullmatch(text):
            return Dated(Unit.WEEK, _day_in_reach(date.fromisocalendar(int(match[1]), int(match[2]), 1)))
    except WhenError:
        raise
    except ValueError as error:
        raise WhenError("there is no such date") from error
    return None


def _day_in_reach(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise WhenError(f"years go from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _written_moment(text: str) -> PointInTime | None:
    try:
        timestamp = read_timestamp(text)
    except TimestampError as error:
        raise WhenError("there is no such time") from error
    if timestamp is None:
        return None
    _day_in_reach(timestamp.local.date())
    return PointInTime(timestamp.local, timestamp.offset)
