"""Dates as people write them: days, weeks, months, quarters and years of the calendar, in words and in figures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.domain.periods import FIRST_YEAR, LAST_YEAR, Unit
from bot.domain.query.when import Calendar, Dated, Range, When

MONTHS = {
    name[:length]: number
    for number, name in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
         "december"), 1
    )
    for length in {3, len(name)}
} | {"sept": 9}  # fmt: skip
WEEKDAYS = {
    name[:length]: number
    for number, name in enumerate(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
    for length in (3, len(name))
} | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
_DAY_NUMBERS, _MONTHS = range(1, 32), range(1, 13)
_UNITS = {"day": Unit.DAY, "week": Unit.WEEK, "month": Unit.MONTH, "quarter": Unit.QUARTER, "year": Unit.YEAR}
_TO_DATE = {"wtd": Unit.WEEK, "mtd": Unit.MONTH, "qtd": Unit.QUARTER, "ytd": Unit.YEAR} | {
    f"{name}-to-date": unit for name, unit in _UNITS.items()
}
_OFFSETS = {"this": 0, "current": 0, "last": -1, "previous": -1, "prior": -1, "prev": -1}
JOINTS = {"to", "until", "till", "through", "thru", "-", "--"}
"""What stands between the two ends of a range."""
_ORDINALS = {
    word: str(number)
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), 1
    )
}  # days of a month
BEGINNINGS = {
    *MONTHS, *WEEKDAYS, *_UNITS, *_TO_DATE, *_OFFSETS, *_ORDINALS, "today", "yesterday", "calendar", "iso", "kw", "cw",
}  # fmt: skip
"""What the first word of a date may be that has no figures."""
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)", re.ASCII)
_ISO_WEEK = re.compile(r"(?:(?P<year>\d{4})-?)?w(?P<number>\d{1,2})", re.ASCII)
_ONE_OR_TWO_FIGURES = re.compile(r"\d{1,2}", re.ASCII)
_QUARTER = re.compile(r"q([1-4])(?:[-/](\d{4}))?", re.ASCII)
_DAY_SPAN = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?-(\d{1,2})(?:st|nd|rd|th)?", re.ASCII)
_MONTH = rf"(?P<month>{'|'.join(MONTHS)})"
_DAYS = (
    r"(?:the )?(?P<first>\d{1,2})(?:st|nd|rd|th)?"
    rf" (?P<joint>{'|'.join(sorted(JOINTS))}|and) "
    r"(?:the )?(?P<last>\d{1,2})(?:st|nd|rd|th)?"
)
_DAYS_OF_MONTH = re.compile(rf"{_DAYS}(?: of)? {_MONTH}(?!\S)", re.ASCII)
_MONTH_AND_DAYS = re.compile(rf"{_MONTH} {_DAYS}(?!\S)", re.ASCII)
_LONGEST_SPAN = 7  # words of `the 3rd to the 9th of november`
_SHORT_YEAR = re.compile(r"'(\d{2})", re.ASCII)
_CENTURY = 2000  # of `'25`
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})(?:/(\d{4}))?", re.ASCII)
_MONTH_AND_YEAR = re.compile(r"(\d{1,2})[-/](\d{4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class CalendarPeriod:
    """A period of the calendar; `offset` counts from the present one where that is how it was named.

    `month_first` says whether `11/5` was read as the fifth of November or as the eleventh of May; None for all others.
    """

    unit: Unit
    first_day: date
    offset: int | None = None
    month_first: bool | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if no question may name its year."""
        if not FIRST_YEAR <= self.first_day.year <= LAST_YEAR:
            raise ValueError(f"outside the years {FIRST_YEAR} to {LAST_YEAR}")

    @property
    def when(self) -> When:
        """The time that it is in a question."""
        if self.offset in {0, -1}:
            return Calendar(self.unit, self.offset)
        if self.unit in {Unit.QUARTER, Unit.YEAR}:
            return Range(self.start, self.end)
        return Dated(self.unit, self.first_day)

    @property
    def start(self) -> Dated:
        """It as the beginning of a range."""
        return Dated(self._edge_unit, self.first_day)

    @property
    def end(self) -> Dated:
        """It as the end of a range."""
        if self._edge_unit is self.unit:
            return self.start
        return Dated(Unit.MONTH, Unit.MONTH.first_day(self.unit.shift(self.first_day, 1) - timedelta(days=1)))

    @property
    def _edge_unit(self) -> Unit:
        return Unit.MONTH if self.unit in {Unit.QUARTER, Unit.YEAR} else self.unit


Reading = tuple[int, tuple[CalendarPeriod, ...]]
"""How many words name a period, and which ones they may mean."""


Span = tuple[int, CalendarPeriod, CalendarPeriod]
"""How many words name some days in a row, and the first and the last of them."""


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads dates. Those without a year are the latest that begin by `today`, or the first from a day `after` on."""

    today: date
    after: date | None = None

    def read(self, words: Sequence[str]) -> Reading | None:
        """Return the period that the first words name, of which as many as possible count; None if they name none.

        Raises ValueError if they are written as a date that no calendar has.
        """
        readers = (
            self._week, self._before_last, self._of_unit, self._to_date, self._of_calendar,
            self._of_week, self._relative, self._with_month_name, self._quarter, self._ordinal, self._figures,
        )  # fmt: skip
        for reader in readers:
            if (found := reader(words)) is not None:
                return found
        return None

    def day_span(self, words: Sequence[str], *, is_between: bool = False) -> Span | None:
        """Return the days that words such as `nov 1-15` or `1 - 15 nov` span; None if they span none.

        Behind `between`, `1 and 15 nov` does, too.
        """
        if (spaced := self._spaced_span(words, is_between=is_between)) is not None:
            return spaced
        month, span, *_ = (*words, "", "")
        if month not in MONTHS:
            month, span = span, month
        if month not in MONTHS or not (match := _DAY_SPAN.fullmatch(span)):
            return None
        year, count = self._year_behind(words, 2)
        first = self._dated(MONTHS[month], int(match[1]), year)
        return count, _day(first), _day(first.replace(day=int(match[2])))

    def _spaced_span(self, words: Sequence[str], *, is_between: bool) -> Span | None:
        """Return the days that `3 to 9 nov` and, with a year behind, `nov 3 - 9` span."""
        said = " ".join(words[:_LONGEST_SPAN])
        match = _DAYS_OF_MONTH.match(said) or _MONTH_AND_DAYS.match(said)
        if match is None or (match["joint"] == "and" and not is_between):
            return None
        year, count = self._year_behind(words, len(match[0].split()))
        if match.re is _MONTH_AND_DAYS and year is None:
            return None  # its last day may be in the next month
        first = self._dated(MONTHS[match["month"]], int(match["first"]), year)
        last = first.replace(day=int(match["last"]))
        return (count, _day(first), _day(last)) if first < last else None

    # --- ways to name one --------------------------------------------------------------------------

    def _week(self, words: Sequence[str]) -> Reading | None:
        """Return the week that `week 47`, `iso week 47`, `w47` and `2026-w47` name; the year may stand behind it."""
        place = int(words[0] in {"calendar", "iso"})
        name, number, *_ = (*words[place:], "", "")
        if "w" in name and (match := _ISO_WEEK.fullmatch(name)):
            number = match["number"]
            year, count = (int(match["year"]), place + 1) if match["year"] else self._year_behind(words, place + 1)
        elif name in {"week", "kw", "cw"} and _ONE_OR_TWO_FIGURES.fullmatch(number):
            year, count = self._year_behind(words, place + 2)
        else:
            return None
        years = self._years() if year is None else [year]
        weeks = [date.fromisocalendar(each, int(number), 1) for each in years if _has_week(each, int(number))]
        return count, (CalendarPeriod(Unit.WEEK, self._chosen(weeks)),)

    def _ordinal(self, words: Sequence[str]) -> Reading | None:
        """Return the latest day that `15th` names, or the first from a day `after` on."""
        match = _ORDINAL.fullmatch(words[0])
        if match is None:
            return None
        first = (self.after or self.today).replace(day=1)
        months = [Unit.MONTH.shift(first, count) for count in range(-2, 3)]
        days = [found for each in months if (found := _date_or_none(each.year, each.month, int(match[1])))]
        return 1, (_day(self._chosen(days)),)

    def _before_last(self, words: Sequence[str]) -> Reading | None:
        """Return the period that `day before yesterday`, `week before last` and `month before october` name."""
        unit = _UNITS.get(words[0])
        if unit is None or list(words[1:2]) != ["before"]:
            return None
        if list(words[2:3]) == ["yesterday" if unit is Unit.DAY else "last"]:
            is_said_whole = unit is not Unit.DAY and _UNITS.get("".join(words[3:4])) is unit  # `week before last week`
            return 3 + is_said_whole, (self._counted(unit, -2),)
        found = self.read(words[2:]) if words[2:] else None
        if found is None or any(each.unit is not unit for each in found[1]):
            return None
        return 2 + found[0], tuple(CalendarPeriod(unit, unit.shift(each.first_day, -1)) for each in found[1])

    def _of_unit(self, words: Sequence[str]) -> Reading | None:
        """Return the period behind a word for its unit, as in `year 2025`, `the month of october` and `quarter q3`."""
        unit = _UNITS.get(words[0])
        if unit is None:
            return None
        place = 1 + (list(words[1:2]) == ["of"])
        place += list(words[place : place + 1]) == ["the"]
        found = self.read(words[place:]) if words[place:] else None
        is_of_unit = found is not None and all(each.unit is unit for each in found[1])
        return (place + found[0], found[1]) if found is not None and is_of_unit else None

    def _to_date(self, words: Sequence[str]) -> Reading | None:
        """Return the period that `wtd`, `mtd`, `qtd` and `ytd` name."""
        unit = _TO_DATE.get(words[0])
        return None if unit is None else (1, (self._counted(unit, 0),))

    def _of_calendar(self, words: Sequence[str]) -> Reading | None:
        """Return the period that `last calendar month` names."""
        is_so = words[0] in _OFFSETS and list(words[1:2]) == ["calendar"]
        found = self._relative([words[0], *words[2:]]) if is_so else None
        return None if found is None else (found[0] + 1, found[1])

    def _of_week(self, words: Sequence[str]) -> Reading | None:
        """Return the day that `tuesday last week` and `friday of this week` name."""
        place = 1 + (list(words[1:2]) == ["of"])
        which, unit, *_ = (*words[place:], "", "")
        if words[0] not in WEEKDAYS or which not in _OFFSETS or unit != "week":
            return None
        monday = self._counted(Unit.WEEK, _OFFSETS[which]).first_day
        return place + 2, (_day(monday + timedelta(days=WEEKDAYS[words[0]])),)

    def _relative(self, words: Sequence[str]) -> Reading | None:
        first, second = words[0], words[1] if len(words) > 1 else ""
        if first in {"today", "yesterday"}:
            return 1, (self._counted(Unit.DAY, -(first == "yesterday")),)
        if first in WEEKDAYS:
            return 1, (self._weekday(first, at_least=0),)
        if first in _UNITS:
            return _with_to_date(words, 1), (self._counted(_UNITS[first], 0),)
        if first in _OFFSETS and second in WEEKDAYS:
            return 2, (self._weekday(second, at_least=-_OFFSETS[first]),)
        if first in _OFFSETS and second in _UNITS:
            return _with_to_date(words, 2), (self._counted(_UNITS[second], _OFFSETS[first]),)
        return None

    def _with_month_name(self, words: Sequence[str]) -> Reading | None:
        words = _in_figures(words)
        first, second = words[0], words[1] if len(words) > 1 else ""
        if first in MONTHS:
            if (day := _DAY.fullmatch(second)) and int(day[1]) in _DAY_NUMBERS:
                year, count = self._year_behind(words, 2)
                return count, (_day(self._dated(MONTHS[first], int(day[1]), year)),)
            year, count = self._year_behind(words, 1)
            return count, (self._month(MONTHS[first], year),)
        behind = (*words[2:3], "")[0] if second == "of" else second
        if (day := _DAY.fullmatch(first)) and behind in MONTHS:
            year, count = self._year_behind(words, 2 + (second == "of"))
            return count, (_day(self._dated(MONTHS[behind], int(day[1]), year)),)
        return None

    def _quarter(self, words: Sequence[str]) -> Reading | None:
        if match := _QUARTER.fullmatch(words[0]):
            year, count = (int(match[2]), 1) if match[2] else self._year_behind(words, 1)
            return count, (self._period(Unit.QUARTER, 3 * int(match[1]) - 2, year),)
        if _is_year(words[0]):
            behind = _QUARTER.fullmatch(words[1]) if len(words) > 1 else None
            if behind and not behind[2]:
                return 2, (self._period(Unit.QUARTER, 3 * int(behind[1]) - 2, int(words[0])),)
            return 1, (CalendarPeriod(Unit.YEAR, date(int(words[0]), 1, 1)),)
        return None

    def _figures(self, words: Sequence[str]) -> Reading | None:
        text = words[0]
        if match := _YEAR_FIRST.fullmatch(text):
            if match[3]:
                return 1, (_day(date(int(match[1]), int(match[2]), int(match[3]))),)
            return 1, (self._month(int(match[2]), int(match[1])),)
        if match := _DAY_FIRST.fullmatch(text):
            return 1, (_day(self._dated(int(match[2]), int(match[1]), _number(match[3]))),)
        if match := _MONTH_AND_YEAR.fullmatch(text):
            return 1, (self._month(int(match[1]), int(match[2])),)
        if match := _SLASHED.fullmatch(text):
            return 1, self._either_order(int(match[1]), int(match[2]), _number(match[3]))
        return None

    def _either_order(self, first: int, second: int, year: int | None) -> tuple[CalendarPeriod, ...]:
        """Return the days that `11/5` may be: some write the month first, some the day."""
        if first == second:
            return (_day(self._dated(first, second, year)),)
        orders = [(month, day, month == first) for month, day in ((first, second), (second, first)) if month in _MONTHS]
        if not orders:
            raise ValueError(f"there is no month {max(first, second)}")
        return tuple(
            CalendarPeriod(Unit.DAY, self._dated(month, day, year), month_first=is_first)
            for month, day, is_first in orders
        )

    # --- years that are not named ------------------------------------------------------------------

    def _year_behind(self, words: Sequence[str], place: int) -> tuple[int | None, int]:
        """Return the year that stands at a place, and how many words that makes in all."""
        at = place + (list(words[place : place + 1]) == ["of"])
        if len(words) > at and _is_year(words[at]):
            return int(words[at]), at + 1
        which, unit, *_ = (*words[at:], "", "")
        if which in _OFFSETS and unit == "year":  # `october last year`
            return self.today.year + _OFFSETS[which], at + 2
        if match := _SHORT_YEAR.fullmatch(which):
            return _CENTURY + int(match[1]), at + 1
        return None, place

    def _dated(self, month: int, day: int, year: int | None) -> date:
        if year is not None:
            return date(year, month, day)
        return self._chosen([found for each in self._years() if (found := _date_or_none(each, month, day))])

    def _month(self, month: int, year: int | None) -> CalendarPeriod:
        return self._period(Unit.MONTH, month, year)

    def _period(self, unit: Unit, month: int, year: int | None) -> CalendarPeriod:
        if year is not None:
            return CalendarPeriod(unit, date(year, month, 1))
        first = self._chosen([date(each, month, 1) for each in self._years()])
        return CalendarPeriod(unit, first)

    def _chosen(self, days: Sequence[date]) -> date:
        """Return which of the same days of several years is meant. Raises ValueError if there is none."""
        if not days:
            raise ValueError("no year has that day")
        if self.after is not None:
            return min((day for day in days if day >= self.after), default=days[-1])
        return max((day for day in days if day <= self.today), default=days[0])

    def _years(self) -> range:
        near = (self.after or self.today).year
        return range(near - 8, near + 9)  # the 29th of February may be eight years off

    def _counted(self, unit: Unit, offset: int) -> CalendarPeriod:
        return CalendarPeriod(unit, unit.shift(unit.first_day(self.today), offset), offset)

    def _weekday(self, name: str, at_least: int) -> CalendarPeriod:
        """Return the latest day of that name, `at_least` so many days ago."""
        latest = self.today - timedelta(days=at_least)
        return _day(latest - timedelta(days=(latest.weekday() - WEEKDAYS[name]) % 7))


def _in_figures(words: Sequence[str]) -> Sequence[str]:
    """Return words with the day of `first of november` and `november third` in figures, not of its `third week`."""
    first, second, third = (*words, "", "", "")[:3]
    if first in _ORDINALS and second == "of" and third in MONTHS:
        return [_ORDINALS[first], *words[1:]]
    if first in MONTHS and second in _ORDINALS and third not in {*_UNITS, "half"}:
        return [first, _ORDINALS[second], *words[2:]]
    return words


def _has_week(year: int, number: int) -> bool:
    return 1 <= number <= date(year, 12, 28).isocalendar().week  # which is in the last week of its year


def _with_to_date(words: Sequence[str], place: int) -> int:
    """Return how many words there are with `to date` behind a place, which changes nothing."""
    return place + 2 * (list(words[place : place + 2]) == ["to", "date"])


def _day(day: date) -> CalendarPeriod:
    return CalendarPeriod(Unit.DAY, day)


def _is_year(word: str) -> bool:
    return bool(_YEAR.fullmatch(word)) and FIRST_YEAR <= int(word) <= LAST_YEAR


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def coming_days(words: Sequence[str], today: date) -> tuple[int, Sequence[date]] | None:
    """Return how many of the first words name a day from today on, and which ones they may mean; None if they don't."""
    try:
        reading = DateReader(today, today).read(words)
    except ValueError:
        return None
    if reading is None or any(each.unit is not Unit.DAY for each in reading[1]):
        return None
    count, days = reading
    return count, [each.first_day for each in days]
