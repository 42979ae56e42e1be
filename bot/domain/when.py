"""Time in a question: what `7d`, `last month` or `A..B` mean at a given moment, and the window before."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from bot.domain.periods import FIRST_YEAR, LAST_YEAR, Unit, Window, day_start, instant, local_day, period
from bot.domain.rfc3339 import TimestampError, offset_text, read_timestamp

MAX_HOURS = 24 * 366 * 10
MAX_DAYS = 366 * 10


class WhenError(ValueError):
    """A time that reads well but means nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar period counted from the present one: `today`, `last month`."""

    unit: Unit
    offset: int

    def __str__(self) -> str:
        if self.unit is Unit.DAY:
            return "yesterday" if self.offset else "today"
        return f"{'last' if self.offset else 'this'} {self.unit}"

    def window(self, now: datetime, zone: tzinfo) -> Window:
        """The period's window, to its calendar end."""
        present = self.unit.first_day(local_day(now, zone))
        return period(self.unit, self.unit.shift(present, self.offset), zone)

    def before(self, now: datetime, zone: tzinfo) -> Window:
        """The period before, cut at the same elapsed local time while this one is open."""
        return _cut(Calendar(self.unit, self.offset - 1).window(now, zone), self.window(now, zone), now, zone)


@dataclass(frozen=True, slots=True)
class Hours:
    """So many hours back from now: `24h`."""

    count: int

    def __str__(self) -> str:
        return f"{self.count}h"

    def window(self, now: datetime, zone: tzinfo) -> Window:  # noqa: ARG002 - one signature for all
        """The hours that end now."""
        return Window(now - timedelta(hours=self.count), now)

    def before(self, now: datetime, zone: tzinfo) -> Window:  # noqa: ARG002 - one signature for all
        """As many hours before those."""
        start = now - timedelta(hours=self.count)
        return Window(start - timedelta(hours=self.count), start)


@dataclass(frozen=True, slots=True)
class Days:
    """Whole local days that end with today: `7d`, `4w`."""

    count: int
    weeks: bool = False

    def __str__(self) -> str:
        return f"{self.count // 7}w" if self.weeks else f"{self.count}d"

    def window(self, now: datetime, zone: tzinfo) -> Window:
        """From the first of the days to the end of today."""
        today = local_day(now, zone)
        return _days(today - timedelta(days=self.count - 1), self.count, zone)

    def before(self, now: datetime, zone: tzinfo) -> Window:
        """As many days before, cut at the same local time of day."""
        today = local_day(now, zone)
        whole = _days(today - timedelta(days=2 * self.count - 1), self.count, zone)
        return _cut(whole, self.window(now, zone), now, zone)


@dataclass(frozen=True, slots=True)
class Dated:
    """A named calendar period: `2026-11-20`, `2026-W47`, `2026-11`."""

    unit: Unit
    first_day: date

    def __str__(self) -> str:
        return self.unit.label(self.first_day)

    def window(self, now: datetime, zone: tzinfo) -> Window:  # noqa: ARG002 - one signature for all
        """The period's window."""
        return period(self.unit, self.first_day, zone)

    def before(self, now: datetime, zone: tzinfo) -> Window:
        """The period of the same kind before."""
        previous = period(self.unit, self.unit.shift(self.first_day, -1), zone)
        return _cut(previous, self.window(now, zone), now, zone)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as written: local when `offset` is absent, else at that offset."""

    local: datetime
    offset: timedelta | None = None

    def __str__(self) -> str:
        whole_minutes = not (self.local.second or self.local.microsecond)
        text = self.local.isoformat(timespec="minutes" if whole_minutes else "auto")
        return text if self.offset is None else text + offset_text(self.offset)

    def at(self, zone: tzinfo) -> datetime:
        """The moment in UTC."""
        if self.offset is None:
            return instant(self.local, zone)
        return (self.local - self.offset).replace(tzinfo=UTC)


Edge = Dated | Moment


@dataclass(frozen=True, slots=True)
class Range:
    """From one edge to another; an absent start reaches back to the beginning, an absent end to today's.

    A bare date as the end includes its day.
    """

    start: Edge | None
    end: Edge | None

    def __str__(self) -> str:
        dates = isinstance(self.start, Dated) and isinstance(self.end, Dated)
        if dates:
            return f"{self.start}..{self.end}"
        return " ".join(f"{key}:{edge}" for key, edge in (("from", self.start), ("to", self.end)) if edge)

    def window(self, now: datetime, zone: tzinfo) -> Window:
        """The range's window."""
        return Window(self._starts(zone), self._ends(now, zone))

    def before(self, now: datetime, zone: tzinfo) -> Window | None:
        """As long a stretch just before: in local days between dates, in exact time between moments."""
        if self.start is None:
            return None
        window = self.window(now, zone)
        if isinstance(self.start, Moment) or isinstance(self.end, Moment):
            end = min(window.end, max(now, window.start))
            length = window.end - window.start
            return Window(window.start - length, end - length)
        first, last = local_day(window.start, zone), local_day(window.end, zone)
        return _cut(_days(first - (last - first), (last - first).days, zone), window, now, zone)

    def _starts(self, zone: tzinfo) -> datetime:
        match self.start:
            case None:
                return datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
            case Moment() as moment:
                return moment.at(zone)
            case Dated(first_day=day):
                return day_start(day, zone)

    def _ends(self, now: datetime, zone: tzinfo) -> datetime:
        match self.end:
            case None:
                return period(Unit.DAY, local_day(now, zone), zone).end
            case Moment() as moment:
                return moment.at(zone)
            case Dated(unit=unit, first_day=day):
                return period(unit, day, zone).end


When = Calendar | Hours | Days | Dated | Range

THIS_MONTH = Calendar(Unit.MONTH, 0)
EVER = Range(None, None)


def resolve(when: When, now: datetime, zone: tzinfo) -> Window:
    """The window a question asks for.

    Raises:
        WhenError: it ends before it begins, or has not begun.
    """
    window = when.window(now, zone)
    open_end = isinstance(when, Range) and when.end is None
    if window.end <= window.start and not open_end:
        raise WhenError("the window ends before it begins")
    if window.start > now or window.end <= window.start:
        raise WhenError("the window lies wholly in the future")
    return window


def _days(first: date, count: int, zone: tzinfo) -> Window:
    return Window(day_start(first, zone), day_start(first + timedelta(days=count), zone))


def _cut(previous: Window, window: Window, now: datetime, zone: tzinfo) -> Window:
    """The previous window as far as the present one has come, by the local clock."""
    if now not in window:
        return previous
    naive = {moment: moment.astimezone(zone).replace(tzinfo=None) for moment in (now, window.start, previous.start)}
    same_point = instant(naive[previous.start] + (naive[now] - naive[window.start]), zone)
    return Window(previous.start, max(previous.start, min(previous.end, same_point)))


# --- reading -------------------------------------------------------------------------------------

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
WORDS = tuple(_NAMED)

_ROLLING = re.compile(r"(\d{1,9})([hdw])", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_WEEK = re.compile(r"(\d{4})-w(\d{2})", re.ASCII)
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,99})?)? ?(?:z|utc|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?"
CLOCK = re.compile(_CLOCK, re.ASCII)
"""A time of day as it stands behind a date and a blank in what we print: `09:00`, `09:00:03.5Z`."""


def read_when(word: str) -> When | None:
    """The time a lower-cased word (or pair, `last month`) names; None if it names none.

    Raises:
        WhenError: it looks like a time and is none, such as `2026-13`.
    """
    if word in _NAMED:
        return _NAMED[word]
    if rolling := _ROLLING.fullmatch(word):
        return _rolling(int(rolling[1]), rolling[2])
    if ".." in word:
        return _range(word)
    return _dated(word)


def read_edge(word: str) -> Edge:
    """The date or moment a lower-cased `from:` or `to:` names.

    Raises:
        WhenError: it names neither.
    """
    if edge := _moment(word) or _dated(word):
        return edge
    raise WhenError("neither a date (2026-11-20) nor a time (2026-11-20T09:00Z)")


def _rolling(count: int, letter: str) -> When:
    if count == 0:
        raise WhenError("a window of no length")
    if letter == "h":
        if count > MAX_HOURS:
            raise WhenError(f"more than {MAX_HOURS:,} hours")
        return Hours(count)
    days = count * 7 if letter == "w" else count
    if days > MAX_DAYS:
        raise WhenError(f"more than {MAX_DAYS:,} days")
    return Days(days, weeks=letter == "w")


def _range(word: str) -> Range | None:
    start, _, end = word.partition("..")
    if not _looks_dated(start) and not _looks_dated(end):
        return None
    edges = [read_edge(side) if side else None for side in (start, end)]
    return Range(*edges)


def _looks_dated(word: str) -> bool:
    return bool(re.match(r"\d{4}-", word, re.ASCII))


def _dated(word: str) -> Dated | None:
    try:
        if match := _DATE.fullmatch(word):
            return Dated(Unit.DAY, _checked(date(int(match[1]), int(match[2]), int(match[3]))))
        if match := _MONTH.fullmatch(word):
            return Dated(Unit.MONTH, _checked(date(int(match[1]), int(match[2]), 1)))
        if match := _WEEK.fullmatch(word):
            return Dated(Unit.WEEK, _checked(date.fromisocalendar(int(match[1]), int(match[2]), 1)))
    except ValueError as error:
        raise WhenError(f"no such date ({error})") from error
    return None


def _checked(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise WhenError(f"outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _moment(word: str) -> Moment | None:
    try:
        written = read_timestamp(word)
    except TimestampError as error:
        raise WhenError(str(error)) from error
    if written is None:
        return None
    _checked(written.local.date())
    return Moment(written.local, written.offset)
