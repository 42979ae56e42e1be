"""Parts of a period of the calendar: `first week of november`, `last 10 days of october`, `first half of 2026`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.everyday.dates import CalendarPeriod, DateReader
from bot.domain.periods import Unit
from bot.domain.query.when import Dated, Range, When

_ORDINALS = {
    word: number
    for number, words in enumerate(
        (("first", "1st"), ("second", "2nd"), ("third", "3rd"), ("fourth", "4th"), ("fifth", "5th")), 1
    )
    for word in words
} | {"last": 0, "final": 0}
_THIRDS = {"early": 1, "mid": 2, "middle": 2, "late": 3}
_THIRD = 10  # days of a month; the last one goes to its end
_MIDDLE = 15  # the last day of the first half of a month
_HALF_YEAR = 6  # months
_HALVES = {"h1": 1, "h2": 2}
_QUARTERS = 4  # of a year
_UNITS = {"day": Unit.DAY, "days": Unit.DAY, "week": Unit.WEEK, "weeks": Unit.WEEK}
_WHOLES = {*_UNITS, "half"}
BEGINNINGS = {*_ORDINALS, *_THIRDS, "the", "week"}
"""What the first word of a part of a period may be, up to a dash in it."""
_LENGTHS = {Unit.DAY: 1, Unit.WEEK: 7}

Part = tuple[int, When]
"""How many words name a part of a period, and which days it is."""


@dataclass(frozen=True, slots=True)
class PartReader:
    """Reads parts of periods; `today` is the local day, `numbers` are numbers by their words.

    The weeks of a month are of seven days from its first on, or up to its last. Its middle goes from the 11th to the
    20th.
    """

    today: date
    numbers: dict[str, int]

    def read(self, words: Sequence[str]) -> Part | None:
        """Return the days that the first words name; None if they name no part of a period."""
        place = int(words[0] == "the")
        texts = [*words[place : place + 1][0].split("-"), *words[place + 1 :]] if words[place:] else []
        if not texts:
            return None
        if texts[0] in _THIRDS:
            found = self._third(texts)
        elif texts[0] in _HALVES:
            found = self._half_year(texts)
        elif texts[0] in _ORDINALS:
            found = self._counted(texts)
        else:
            found = self._week_of(texts) if texts[0] == "week" else None
        return None if found is None else (found[0] + len(words) - len(texts), found[1])

    def _half_year(self, texts: Sequence[str]) -> Part | None:
        """Return the half of a year that `h1 2026` names; without a year it is the latest one that has begun."""
        year = self._period(texts, 1 + (texts[1:2] == ["of"]))
        ordinal = _HALVES[texts[0]]
        if year is not None and year[1].unit is Unit.YEAR:
            days_of = _half(year[1], ordinal)
            return None if days_of is None else (year[0], days_of)
        is_over = ordinal == 1 or self.today.month > _HALF_YEAR
        latest = CalendarPeriod(Unit.YEAR, date(self.today.year - (not is_over), 1, 1))
        found = _half(latest, ordinal)
        return None if found is None else (1, found)

    def _third(self, texts: Sequence[str]) -> Part | None:
        """Return the days that `mid november` names."""
        found = self._period(texts, 1 + (texts[1:2] == ["of"]))
        if found is None or found[1].unit is not Unit.MONTH:
            return None
        count, period = found
        first, last = period.first_day, _last_day(period)
        begun = first + timedelta(days=_THIRD * (_THIRDS[texts[0]] - 1))
        return count, days(begun, last if texts[0] == "late" else begun + timedelta(days=_THIRD - 1))

    def _counted(self, texts: Sequence[str]) -> Part | None:
        """Return the days that `first half of november` and `last two weeks of november` name."""
        number = self._number(texts[1]) if len(texts) > 1 else None
        place = 1 + (number is not None)
        what = texts[place] if place < len(texts) else ""
        if what == "quarter" and number is None:
            return self._quarter(texts)
        if number is None and what.endswith("s"):  # `last days of november`
            return None
        if what not in _WHOLES or texts[place + 1 : place + 2] not in (["of"], ["in"]):
            return None
        found = self._period(texts, place + 2)
        if found is None or found[1].unit in {Unit.DAY, _UNITS.get(what)}:
            return None
        ordinal = _ORDINALS[texts[0]]
        if what == "half":
            days = _half(found[1], ordinal) if number is None else None
        else:
            days = _counted_days(found[1], ordinal, number or 1, _LENGTHS[_UNITS[what]])
        return None if days is None else (found[0], days)

    def _quarter(self, texts: Sequence[str]) -> Part | None:
        """Return the quarter that `second quarter` and `last quarter of 2026` name."""
        is_last = _ORDINALS[texts[0]] == 0
        number = _QUARTERS if is_last else _ORDINALS[texts[0]]
        found = DateReader(self.today).read([f"q{number}", *texts[2:]]) if number <= _QUARTERS else None
        if found is None or (is_last and (texts[2:3] != ["of"] or found[0] == 1)):
            return None  # `last quarter` alone is the one before this
        return found[0] + 1, found[1][0].when

    def _week_of(self, texts: Sequence[str]) -> Part | None:
        """Return the calendar week that `week of nov 9` names."""
        found = self._period(texts, 2) if texts[1:2] == ["of"] else None
        if found is None or found[1].unit is not Unit.DAY:
            return None
        return found[0], Dated(Unit.WEEK, Unit.WEEK.first_day(found[1].first_day))

    def _number(self, text: str) -> int | None:
        return int(text) if text.isdecimal() and len(text) <= len("366") else self.numbers.get(text)

    def _period(self, texts: Sequence[str], place: int) -> tuple[int, CalendarPeriod] | None:
        """Return the one period that stands at a place, and how many words that makes in all."""
        place += texts[place : place + 1] == ["the"]
        found = DateReader(self.today).read(texts[place:]) if place < len(texts) else None
        return (place + found[0], found[1][0]) if found is not None and len(found[1]) == 1 else None


def _counted_days(period: CalendarPeriod, ordinal: int, number: int, length: int) -> When | None:
    """Return so many days or weeks of a period; None if it has not that many, or `second two weeks` is asked for."""
    first, last = period.first_day, _last_day(period)
    if ordinal == 0:
        begun = last - timedelta(days=number * length - 1)
        return days(begun, last) if begun >= first else None
    begun = first + timedelta(days=(ordinal - 1) * length)
    end = begun + timedelta(days=number * length - 1)
    is_one = number == 1 or ordinal == 1
    return days(begun, min(end, last)) if is_one and begun <= last and (number == 1 or end <= last) else None


def _half(period: CalendarPeriod, ordinal: int) -> When | None:
    """Return the first, second or last half of a month or a year."""
    first, last, is_first = period.first_day, _last_day(period), ordinal == 1
    if ordinal not in {0, 1, 2} or period.unit not in {Unit.MONTH, Unit.YEAR}:
        return None
    if period.unit is Unit.MONTH:
        middle = first.replace(day=_MIDDLE)
    else:
        middle = Unit.MONTH.shift(first, _HALF_YEAR) - timedelta(days=1)
    return days(first, middle) if is_first else days(middle + timedelta(days=1), last)


def _last_day(period: CalendarPeriod) -> date:
    return period.unit.shift(period.first_day, 1) - timedelta(days=1)


def days(first: date, last: date) -> When:
    """Return the days from a first to a last one."""
    return Dated(Unit.DAY, first) if first == last else Range(Dated(Unit.DAY, first), Dated(Unit.DAY, last))
