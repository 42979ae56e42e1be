"""Times of day as people say them: `since 9am`, `3pm to 5pm yesterday`, `from noon until 17:30`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from bot.domain.everyday.dates import DateReader
from bot.domain.periods import Unit
from bot.domain.query.when import PointInTime, Range

_CLOCK = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))? ?(?P<half>[ap])?\.?m?\.?(?: o'clock)?", re.ASCII)
_MARKED = re.compile(r"[:apo]")  # what is but a number is no time of day
_NAMED = {"noon": time(12), "midnight": time(0)}
_JOINTS = {"to", "until", "till", "through", "and", "-", "--"}
_NOON = 12
BEGINNINGS = {*_NAMED, "on", "from", "between", "since", "after"}
"""What the first word of a time of day may be that is no date and has no figures."""


@dataclass(frozen=True, slots=True)
class ClockReader:
    """Reads times of day; those without a day are of `today`."""

    today: date

    def read(self, words: Sequence[str]) -> tuple[int, Range] | None:
        """Return how many words name a time that begins or ends at a time of day, and it; None if they name none."""
        if words[0] in {"since", "after"}:
            return self._since(words[1:])
        begun = int(words[0] in {"from", "between"})
        place, day = self._day(words, begun)
        place += place > begun and list(words[place : place + 1]) in (["from"], ["between"])
        start = clock(words, place)
        if start is None or not set(words[start[0] : start[0] + 1]) & _JOINTS:
            return None
        end = clock(words, start[0] + 1)
        if end is None:
            return None
        count, said = self._day(words, end[0])
        day = said or day or self.today
        return count, Range(_moment(day, start[1]), _moment(day, end[1]))

    def _since(self, words: Sequence[str]) -> tuple[int, Range] | None:
        place, day = self._day(words, 0)
        place += list(words[place : place + 1]) == ["at"]
        start = clock(words, place)
        if start is None:
            return None
        count, said = (start[0], None) if day else self._day(words, start[0])
        return 1 + count, Range(_moment(said or day or self.today, start[1]), None)

    def _day(self, words: Sequence[str], place: int) -> tuple[int, date | None]:
        """Return where a day ends that stands at a place, and it; the place itself if there is none."""
        begun = place + (list(words[place : place + 1]) == ["on"])
        found = DateReader(self.today).read(words[begun:]) if words[begun:] else None
        if found is None or len(found[1]) > 1 or found[1][0].unit is not Unit.DAY:
            return place, None
        return begun + found[0], found[1][0].first_day


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
