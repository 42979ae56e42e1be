"""Times in a question: which window `7d`, `last month` or `A..B` mean at a given moment, and the window before it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.domain.periods import FIRST_YEAR, Unit, Window, day_start, instant, local_day, period
from bot.domain.query.errors import WhenError
from bot.domain.rfc3339 import offset_text


@dataclass(frozen=True, slots=True)
class LocalNow:
    """The present moment, and the time zone that tells its local day."""

    now: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The local day."""
        return local_day(self.now, self.zone)

    def days(self, first: date, count: int) -> Window:
        """Return the window of so many local days."""
        return Window(day_start(first, self.zone), day_start(first + timedelta(days=count), self.zone))

    def cut_to_same_elapsed(self, previous: Window, window: Window) -> Window:
        """Return the previous window, cut to as much local time as has elapsed of the present one.

        It is not cut once the present one is over.
        """
        if self.now not in window:
            return previous
        now, start, previous_start = map(self._local_time, (self.now, window.start, previous.start))
        same_point = instant(previous_start + (now - start), self.zone)
        return Window(previous.start, max(previous.start, min(previous.end, same_point)))

    def _local_time(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar period counted from the present one: `today`, `last month`."""

    unit: Unit
    offset: int

    def __str__(self) -> str:
        if self.unit is Unit.DAY:
            return "yesterday" if self.offset else "today"
        return f"{'last' if self.offset else 'this'} {self.unit}"

    def window(self, at: LocalNow) -> Window:
        """Return the period's window, to its calendar end."""
        present = self.unit.first_day(at.today)
        return period(self.unit, self.unit.shift(present, self.offset), at.zone)

    def window_before(self, at: LocalNow) -> Window:
        """Return the period before, cut at the same elapsed local time while this one is open."""
        return at.cut_to_same_elapsed(Calendar(self.unit, self.offset - 1).window(at), self.window(at))


@dataclass(frozen=True, slots=True)
class Hours:
    """So many hours back from now: `24h`."""

    count: int

    def __str__(self) -> str:
        return f"{self.count}h"

    def window(self, at: LocalNow) -> Window:
        """Return the hours that end now."""
        return Window(at.now - timedelta(hours=self.count), at.now)

    def window_before(self, at: LocalNow) -> Window:
        """Return as many hours before those."""
        start = at.now - timedelta(hours=self.count)
        return Window(start - timedelta(hours=self.count), start)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole local days that end with today: `7d`, `4w`."""

    count: int
    weeks: bool = False

    def __str__(self) -> str:
        return f"{self.count // 7}w" if self.weeks else f"{self.count}d"

    def window(self, at: LocalNow) -> Window:
        """Return the window from the first of the days to the end of today."""
        return at.days(at.today - timedelta(days=self.count - 1), self.count)

    def window_before(self, at: LocalNow) -> Window:
        """Return as many days before, cut at the same local time of day."""
        whole = at.days(at.today - timedelta(days=2 * self.count - 1), self.count)
        return at.cut_to_same_elapsed(whole, self.window(at))


@dataclass(frozen=True, slots=True)
class Dated:
    """A named calendar period: `2026-11-20`, `2026-W47`, `2026-11`."""

    unit: Unit
    first_day: date

    def __str__(self) -> str:
        return self.unit.label(self.first_day)

    def window(self, at: LocalNow) -> Window:
        """Return the period's window."""
        return period(self.unit, self.first_day, at.zone)

    def window_before(self, at: LocalNow) -> Window:
        """Return the period of the same kind before, cut while this one is open."""
        previous = period(self.unit, self.unit.shift(self.first_day, -1), at.zone)
        return at.cut_to_same_elapsed(previous, self.window(at))


@dataclass(frozen=True, slots=True)
class PointInTime:
    """A point in time as written: local when `offset` is absent, else at that offset."""

    local: datetime
    offset: timedelta | None = None

    def __str__(self) -> str:
        whole_minutes = not (self.local.second or self.local.microsecond)
        text = self.local.isoformat(timespec="minutes" if whole_minutes else "auto")
        return text if self.offset is None else text + offset_text(self.offset)

    def at(self, zone: tzinfo) -> datetime:
        """Return the moment in UTC."""
        if self.offset is None:
            return instant(self.local, zone)
        return (self.local - self.offset).replace(tzinfo=UTC)


Edge = Dated | PointInTime


@dataclass(frozen=True, slots=True)
class Range:
    """From one edge to another; an absent start reaches back to the beginning, an absent end to the end of today.

    A bare date as the end includes its day.
    """

    start: Edge | None
    end: Edge | None

    def __str__(self) -> str:
        if isinstance(self.start, Dated) and isinstance(self.end, Dated):
            return f"{self.start}..{self.end}"
        return " ".join(f"{key}:{edge}" for key, edge in (("from", self.start), ("to", self.end)) if edge)

    def window(self, at: LocalNow) -> Window:
        """Return the range's window."""
        return Window(self._start(at), self._end(at))

    def window_before(self, at: LocalNow) -> Window | None:
        """Return a window as long just before: in local days between dates, in exact time between moments."""
        if self.start is None:
            return None
        window = self.window(at)
        if isinstance(self.start, PointInTime) or isinstance(self.end, PointInTime):
            end = min(window.end, max(at.now, window.start))
            length = window.end - window.start
            return Window(window.start - length, end - length)
        first, last = local_day(window.start, at.zone), local_day(window.end, at.zone)
        return at.cut_to_same_elapsed(at.days(first - (last - first), (last - first).days), window)

    def _start(self, at: LocalNow) -> datetime:
        match self.start:
            case None:
                return datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
            case PointInTime() as moment:
                return moment.at(at.zone)
            case Dated(first_day=day):
                return day_start(day, at.zone)

    def _end(self, at: LocalNow) -> datetime:
        match self.end:
            case None:
                return at.days(at.today, 1).end
            case PointInTime() as moment:
                return moment.at(at.zone)
            case Dated(unit=unit, first_day=day):
                return period(unit, day, at.zone).end


When = Calendar | Hours | Days | Dated | Range

THIS_MONTH = Calendar(Unit.MONTH, 0)
EVER = Range(None, None)
SINCE_THE_FIRST_YEAR = Range(Dated(Unit.MONTH, date(FIRST_YEAR, 1, 1)), None)
"""The same as a line of the query language can say it: no question names an earlier year."""


def resolve(when: When, now: datetime, zone: tzinfo) -> Window:
    """Return the window a question asks for. Raises WhenError if it is none, or has not begun."""
    window = when.window(LocalNow(now, zone))
    has_open_end = isinstance(when, Range) and when.end is None
    if window.end <= window.start and not has_open_end:
        is_turned = isinstance(when, Range) and when.start != when.end
        raise WhenError("that time ends before it begins" if is_turned else "that time has no length")
    if window.start > now or window.end <= window.start:
        raise WhenError("that time is in the future")
    return window


def turned(when: When) -> Range | None:
    """Return a range with its two edges the other way round; None for a time that has no two edges."""
    if not isinstance(when, Range) or when.start is None or when.end is None:
        return None
    return Range(when.end, when.start)


def compares_with(when: When, other: When, now: datetime, zone: tzinfo) -> bool:
    """Return whether an answer about one time compares it with the other: `today` with `yesterday`."""
    before, named = window_before(when, now, zone), other.window(LocalNow(now, zone))
    return before is not None and before.start == named.start and named.end == when.window(LocalNow(now, zone)).start


def window_before(when: When, now: datetime, zone: tzinfo) -> Window | None:
    """Return the window to compare that of `when` with; None if nothing lies before it."""
    return when.window_before(LocalNow(now, zone))
