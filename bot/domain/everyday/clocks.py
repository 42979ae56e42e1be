"""Times of day as people say them: `since 9am`, `3pm to 5pm yesterday`, `from noon until 17:30`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.domain.everyday.dates import WEEKDAYS, DateReader
from bot.domain.periods import Unit
from bot.domain.query.when import Dated, PointInTime, Range

_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap])?\.?m?\.?(?: o'clock)?", re.ASCII)
_MARKED = re.compile(r"[:apo]")  # what is but a number is no time of day
_NAMED = {"noon": time(12), "midnight": time(0)}
_HOUR_SPAN = re.compile(r"(\d{1,2}(?::\d\d)?(?:[ap]m)?)-(\d{1,2}(?::\d\d)?(?:[ap]m)?)", re.ASCII)
_BARE = re.compile(r"\d{1,2}", re.ASCII)
_PLAIN_DAYS = {"today", "yesterday"}
_LONGEST_DAY = 4  # words before `9am-5pm`
_JOINTS = {"to", "until", "till", "through", "and", "-", "--"}
_NOON = 12
BEGINNINGS = {*_NAMED, "on", "from", "between", "since", "after"}
"""What the first word of a time of day may be that is no date and has no figures."""


Times = tuple[int, tuple[Range, ...]]
"""How many words name a time, and which ones they may mean."""


@dataclass(frozen=True, slots=True)
class _Hours:
    """Where two times of day end in a line, what they may be, and whether both are but numbers."""

    end: int
    options: tuple[tuple[time, time], ...]
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class ClockReader:
    """Reads times of day; those without a day are of `today`."""

    today: date

    def read(self, words: Sequence[str]) -> Times | None:
        """Return how many words name a time that begins or ends at a time of day, and what it may be; else None."""
        if all(word.isalpha() and word not in _NAMED for word in words):
            return None
        if words[0] in {"since", "after"}:
            return self._since(words[1:])
        apart = _apart(words)
        found = self._within_day(apart) or self._span(apart)
        return None if found is None else (found[0] - len(apart) + len(words), found[1])

    def _span(self, words: Sequence[str]) -> Times | None:
        """Return the hours that `3pm to 5pm yesterday` and `yesterday between 9 and 17` name."""
        begun = int(words[0] in {"from", "between"})
        place, day = self._day(words, begun)
        is_marked = begun > 0
        if place > begun and list(words[place : place + 1]) in (["from"], ["between"]):
            place, is_marked = place + 1, True
        hours = _hours(words, place)
        if hours is None:
            return None
        count, said = self._day(words, hours.end)
        if hours.is_bare and not _may_be_hours(words[begun:place], words[hours.end : count], is_marked=is_marked):
            return None  # they may be days
        day = said or day or self.today
        return count, tuple(Range(_moment(day, start), _moment(day, end)) for start, end in hours.options)

    def _within_day(self, words: Sequence[str]) -> Times | None:
        """Return the part of a day that `yesterday after 5pm` and `yesterday before noon` name."""
        place, day = self._day(words, 0)
        how = "".join(words[place : place + 1])
        at = clock(words, place + 1) if day and how in {"after", "before"} else None
        if at is None or day is None:
            return None
        moment, whole = _moment(day, at[1]), Dated(Unit.DAY, day)
        return at[0], (Range(moment, whole) if how == "after" else Range(whole, moment),)

    def _since(self, words: Sequence[str]) -> Times | None:
        place, day = self._day(words, 0)
        place += list(words[place : place + 1]) == ["at"]
        start = clock(words, place)
        if start is None:
            return None
        count, said = (start[0], None) if day else self._day(words, start[0])
        return 1 + count, (Range(_moment(said or day or self.today, start[1]), None),)

    def _day(self, words: Sequence[str], place: int) -> tuple[int, date | None]:
        """Return where a day ends that stands at a place, and it; the place itself if there is none."""
        begun = place + (list(words[place : place + 1]) == ["on"])
        found = DateReader(self.today).read(words[begun:]) if words[begun:] else None
        if found is None or len(found[1]) > 1 or found[1][0].unit is not Unit.DAY:
            return place, None
        return begun + found[0], found[1][0].first_day


def _apart(words: Sequence[str]) -> Sequence[str]:
    """Return words in which `9am-5pm`, or `9-12` behind a day, reads `9am - 5pm`."""
    for place, text in enumerate(words[:_LONGEST_DAY]):
        if found := _HOUR_SPAN.fullmatch(text):
            return [*words[:place], found[1], "-", found[2], *words[place + 1 :]]
    return words


def _may_be_hours(before: Sequence[str], behind: Sequence[str], *, is_marked: bool) -> bool:
    """Return whether `9 to 12` are hours, and no days: beside `today`, or behind `between` on another day."""
    beside = {*before, *behind}
    return bool(beside & _PLAIN_DAYS) or (is_marked and bool(before) and not beside & {*WEEKDAYS})


def _hours(words: Sequence[str], place: int) -> _Hours | None:
    """Return the two times of day that stand at a place; None if there are none."""
    start = clock(words, place) or _bare_hour(words, place)
    if start is None or not set(words[start[0] : start[0] + 1]) & _JOINTS:
        return None
    end = clock(words, start[0] + 1) or _bare_hour(words, start[0] + 1)
    if end is None:
        return None
    first, last = ("".join(words[at : at + 1]) for at in (place, start[0] + 1))
    is_first_bare = bool(_BARE.fullmatch(first)) and start[0] == place + 1  # not `9 am`
    if _BARE.fullmatch(last) and end[0] == start[0] + 2:
        if not is_first_bare:
            return None
        options = tuple(_hours_meant(start[1].hour, end[1].hour))
        return _Hours(end[0], options, is_bare=True) if options else None
    if is_first_bare:  # `9-5pm`, `3-5pm`
        afternoon = start[1].replace(hour=start[1].hour % _NOON + _NOON)
        start = (start[0], afternoon if start[1].hour <= _NOON and afternoon < end[1] else start[1])
    return _Hours(end[0], ((start[1], end[1]),))


def _bare_hour(words: Sequence[str], place: int) -> tuple[int, time] | None:
    text = "".join(words[place : place + 1])
    is_hour = _BARE.fullmatch(text) and int(text) < 2 * _NOON
    return (place + 1, time(int(text))) if is_hour else None


def _hours_meant(first: int, last: int) -> Iterator[tuple[time, time]]:
    """Yield what two bare numbers may be: `9 to 5` ends in the afternoon, `1 to 5` may be of the night or the day."""
    if first < last:
        yield time(first), time(last)
    if 0 < first <= _NOON and 0 < last < _NOON and first != last:
        later = first % _NOON + _NOON if first < last else first
        yield time(later), time(last + _NOON)


def clock(words: Sequence[str], place: int) -> tuple[int, time] | None:
    """Return where the time of day ends that stands at a place, and it; None if there is none."""
    if place >= len(words):
        return None
    if words[place] in _NAMED:
        return place + 1, _NAMED[words[place]]
    for count in (2, 1):
        text = " ".join(words[place : place + count])
        found = _CLOCK.fullmatch(text)
        if found and _MARKED.search(text) and (at := _time(found)) is not None:
            return place + count, at
    return None


def _time(found: re.Match[str]) -> time | None:
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), found["half"]
    if half and not 1 <= hour <= _NOON:
        return None
    hour = hour % _NOON + _NOON * (half == "p") if half else hour
    return time(hour, minute) if hour < 2 * _NOON and minute < 60 else None  # noqa: PLR2004 - minutes of an hour


def _moment(day: date, at: time) -> PointInTime:
    return PointInTime(datetime.combine(day, at))
