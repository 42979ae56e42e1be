"""Periods and windows: half-open spans of time on the calendar of a time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache

FIRST_YEAR, LAST_YEAR = 2000, 2999  # what a question may name; keeps every sum of dates inside `date`

_KEPT = 1_000  # of what is asked again and again for one answer: each takes a zone's rules three times


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span `[start, end)`; both ends are zone-aware."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


class Unit(StrEnum):
    """A calendar period's kind; weeks are ISO weeks."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    def first_day(self, day: date) -> date:
        """Return the first day of the period that holds `day`."""
        match self:
            case Unit.DAY:
                return day
            case Unit.WEEK:
                return day - timedelta(days=day.weekday())
            case Unit.MONTH:
                return day.replace(day=1)
            case Unit.QUARTER:
                return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
            case Unit.YEAR:
                return day.replace(month=1, day=1)

    def shift(self, first_day: date, count: int) -> date:
        """Return the first day of the period `count` periods after the one that begins on `first_day`."""
        match self:
            case Unit.DAY:
                return first_day + timedelta(days=count)
            case Unit.WEEK:
                return first_day + timedelta(weeks=count)
        months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[self] * count
        year, month = divmod(first_day.year * 12 + first_day.month - 1 + months, 12)
        return date(year, month + 1, 1)

    def label(self, first_day: date) -> str:
        """Return the period's name: `2026-11-20`, `2026-W47`, `2026-11`, `2026-Q4`, `2026`."""
        match self:
            case Unit.DAY:
                return first_day.isoformat()
            case Unit.WEEK:
                week = first_day.isocalendar()
                return f"{week.year:04d}-W{week.week:02d}"
            case Unit.MONTH:
                return f"{first_day:%Y-%m}"
            case Unit.QUARTER:
                return f"{first_day:%Y}-Q{(first_day.month + 2) // 3}"
            case Unit.YEAR:
                return f"{first_day:%Y}"


def instant(local: datetime, zone: tzinfo) -> datetime:
    """Return the moment (UTC) of a naive local time.

    A time in the missing hour of spring is the first moment after it, one in the doubled hour of autumn
    the first of the two.
    """
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    back = moment.astimezone(zone).replace(tzinfo=None)
    if back == local:
        return moment
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: tzinfo) -> datetime:
    # the two folds of a missing time lie on either side of the jump: bisect the whole seconds between them
    early = int(local.replace(tzinfo=zone, fold=1).astimezone(UTC).timestamp())
    late = int(local.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp()) + 1
    while late - early > 1:
        middle = (early + late) // 2
        is_past = datetime.fromtimestamp(middle, UTC).astimezone(zone).replace(tzinfo=None) >= local
        early, late = (early, middle) if is_past else (middle, late)
    return datetime.fromtimestamp(late, UTC)


@lru_cache(_KEPT)
def day_start(day: date, zone: tzinfo) -> datetime:
    """Return the first moment (UTC) of a local day."""
    return instant(datetime.combine(day, time.min), zone)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """Return the local date of a moment."""
    return moment.astimezone(zone).date()


def latest_time_of_day(at: time, now: datetime, zone: tzinfo) -> datetime:
    """Return the last moment (UTC), `now` at the latest, at which it was a local time of day."""
    today = local_day(now, zone)
    moment = instant(datetime.combine(today, at), zone)
    return moment if moment <= now else instant(datetime.combine(today - timedelta(days=1), at), zone)


@lru_cache(_KEPT)
def period(unit: Unit, day: date, zone: tzinfo) -> Window:
    """Return the calendar period of a kind that holds a local day."""
    first = unit.first_day(day)
    return Window(day_start(first, zone), day_start(unit.shift(first, 1), zone))


@dataclass(frozen=True, slots=True)
class Bucket:
    """One column of a question grouped by time: the period's label and its part inside the window."""

    label: str
    window: Window


def buckets(unit: Unit, window: Window, zone: tzinfo) -> Iterator[Bucket]:
    """Yield the parts into which the calendar's periods cut a window, in order; they are disjoint and fill it."""
    first = unit.first_day(local_day(window.start, zone))
    start = window.start
    while start < window.end:
        following = unit.shift(first, 1)
        end = min(max(start, day_start(following, zone)), window.end)
        if start < end:
            yield Bucket(unit.label(first), Window(start, end))
        first, start = following, end
