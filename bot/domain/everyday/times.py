"""Times as people say them: `last 7 days`, `since monday`, `jan 1 to jan 15`, `3 days ago`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.domain.everyday import clocks, dates, parts
from bot.domain.everyday.clocks import ClockReader
from bot.domain.everyday.dates import MONTHS, WEEKDAYS, CalendarPeriod, DateReader
from bot.domain.everyday.parts import PartReader
from bot.domain.periods import Unit
from bot.domain.query.when import SINCE_THE_FIRST_YEAR, Dated, Days, Hours, Range, When
from bot.domain.query.when_parser import MAX_DAYS, MAX_HOURS, parse_when

NUMBERS = {
    "a": 1, "an": 1, "one": 1, "couple": 2, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
"""Numbers by their words."""
_HOUR = "hour"
_UNITS = {
    word: unit
    for unit, words in {
        _HOUR: ("h", "hr", "hrs", "hour", "hours"),
        Unit.DAY: ("d", "day", "days"),
        Unit.WEEK: ("w", "wk", "wks", "week", "weeks"),
        Unit.MONTH: ("mo", "mos", "month", "months"),
        Unit.QUARTER: ("quarter", "quarters"),
        Unit.YEAR: ("y", "yr", "yrs", "year", "years"),
    }.items()
    for word in words
}
_AMOUNT = re.compile(
    rf"(?:a (?=couple))?(?P<number>\d{{1,6}}|{'|'.join(NUMBERS)})(?: of(?= ))?"
    r"(?:(?<=\d)[ -]?| )(?P<unit>[a-z]+)(?![^ ])",
    re.ASCII,
)
_FEW = range(3, 6)  # what `few` may be
_OF_CALENDAR = {"last", "previous", "prior", "prev"}
_BACK = {*_OF_CALENDAR, "past", "recent", "trailing"}
_EACH_OF, _WITHIN = {"day", "week", "month"}, {"in", "over", "within", "during"}
_DAY_ALONE = re.compile(r"\d{1,2}", re.ASCII)
_SATURDAY = 5
_WEEK = timedelta(days=7)
_EDGE_DAYS = (0, 6, 9)  # besides one, that `end of october` may be
_RANGE = 3  # words of `oct - nov`
_FIXED = (
    (("fortnight",), 2, Unit.WEEK),
    (("half", "a", "year"), 6, Unit.MONTH),
    (("half", "year"), 6, Unit.MONTH),
)
_DOTTED = re.compile(r"\d{1,2}\.\d{1,2}(?:\.\d{4})?", re.ASCII)
_DASHED = re.compile(r"\d{1,2}-\d{1,2}", re.ASCII)
_JOINED = re.compile(
    rf"((?:{'|'.join(MONTHS)})\d{{0,2}}|\d{{1,2}}[./]\d{{1,2}}(?:[./]\d{{4}})?)-"
    rf"((?:{'|'.join(MONTHS)})\d{{0,2}}|\d{{1,2}}[./]\d{{1,2}}(?:[./]\d{{4}})?)",
    re.ASCII,
)
_ALL_WEEKDAYS = "|".join(WEEKDAYS)
_WEEKDAYS_JOINED = re.compile(rf"({_ALL_WEEKDAYS})-({_ALL_WEEKDAYS})")
_NAMES_YEAR = re.compile(r"\d{4}|'\d|year")
_IN_A_YEAR = re.compile(rf"{'|'.join(MONTHS)}|q[1-4]")
_TO = {*dates.JOINTS, ".."}
_SINCE, _FROM, _AFTER = {"since", "starting"}, {"from"}, {"after"}
_BEFORE_RANGE, _SINCE_OR_AFTER = {*_FROM, *_SINCE, "between"}, {*_SINCE, *_FROM, *_AFTER}
_UP_TO = {"until", "till", "through", "thru"}
_EDGES = {"end", "start", "beginning"}
_BEGINNINGS = {
    *dates.BEGINNINGS, *parts.BEGINNINGS, *clocks.BEGINNINGS, *NUMBERS, *_BACK, *_WITHIN, *_SINCE, *_FROM, *_AFTER,
    *_UP_TO, *_EDGES, "few", "up", "a", "the", "fortnight", "half", "this", "weekend", "all", "of", "ever", "lifetime",
    "before",
}  # fmt: skip

Times = tuple[int, tuple[When, ...]]
"""How many words name a time, and which ones they may mean."""


@dataclass(frozen=True, slots=True)
class TimeReader:
    """Reads times; `today` is the local day."""

    today: date

    def read(self, words: Sequence[str]) -> Times | None:
        """Return the time that the first words name, of which as many as possible count; None if they name none.

        Raises ValueError if they are written as a date that no calendar has.
        """
        if not may_begin_time(words[0]):
            return None
        found = [each for each in self._readings(words) if each is not None]
        apart = _apart(words)
        if apart is not words and (spread := self._range(apart)) is not None and spread[0] >= _RANGE:
            found.append((spread[0] - _RANGE + 1, spread[1]))
        return max(found, key=lambda each: each[0], default=None)

    def _readings(self, words: Sequence[str]) -> Iterator[Times | None]:
        yield self._range(words)
        yield self._since(words)
        yield self._up_to(words)
        yield self._before(words)
        yield self._edge(words)
        yield self._rolling(words)
        yield self._few(words)
        yield self._fixed(words)
        if weekend := self._weekend(words):
            yield weekend[0], (weekend[1],)
        yield self._ever(words)
        yield _written_range(words)
        if part := PartReader(self.today, NUMBERS).read(words):
            yield part[0], (part[1],)
        if at := ClockReader(self.today).read(words):
            yield at
        if single := self._period(words):
            yield single[0], tuple(each.when for each in single[1])

    # --- from one to another -----------------------------------------------------------------------

    def _range(self, words: Sequence[str]) -> Times | None:
        words = _with_slashes(words)
        begun = 1 if words[0] in _BEFORE_RANGE else 0
        is_between = words[0] == "between"
        span = DateReader(self.today).day_span(words[begun:], is_between=is_between) if words[begun:] else None
        if span is not None:
            return begun + span[0], (Range(span[1].start, span[2].end),)
        begun = (_first_of(words) if begun else 0) or begun
        start = self._period(words[begun:])
        if start is None:
            return None
        joint = begun + start[0]
        rest = words[joint:]
        if rest and (rest[0] in _TO or (is_between and rest[0] == "and")):
            starts = self._beginning(start[1], words, begun, joint + 1)
            return self._ending(joint + 1, starts, words[joint + 1 :], words[begun:joint])
        if rest and _are_days(start[1]) and (second := self._period(rest)) and _are_days(second[1]) and not begun:
            return self._ending(joint, start[1], rest)
        return None

    def _beginning(
        self, starts: tuple[CalendarPeriod, ...], words: Sequence[str], begun: int, end: int
    ) -> tuple[CalendarPeriod, ...]:
        """Return the start of a range; of `monday to wednesday` on a Monday it is the Monday of a week before."""
        first, last = ("".join(words[place : place + 1]) for place in (begun, end))
        if first not in WEEKDAYS or last not in WEEKDAYS:
            return starts
        ending = DateReader(self.today).read(words[end:])
        is_before = ending is not None and ending[1][0].first_day < starts[0].first_day
        return tuple(replace(each, first_day=each.first_day - _WEEK) for each in starts) if is_before else starts

    def _ending(
        self, count: int, starts: Sequence[CalendarPeriod], words: Sequence[str], said: Sequence[str] = ()
    ) -> Times | None:
        """Return the ranges from each of the starts, `said` so, to the period that the next words name."""
        if words and words[0] == "now":
            return count + 1, tuple(Range(start.start, None) for start in starts)
        ranges: dict[When, None] = {}
        taken = 0
        for start in starts:
            the = _to_the_end(words)
            reader = DateReader(self.today, after=start.first_day)
            end = reader.read(words[the:]) if words[the:] else None
            if end is None and words[the:] and start.unit is Unit.DAY and _DAY_ALONE.fullmatch(words[the]):
                end = reader.read([f"{words[the]}th"])  # `november 1 through 15`
            if end is None:
                return None
            taken = the + end[0]
            ranges |= dict.fromkeys(
                Range(_before(each, start, said).start, each.end) for each in end[1] if _of_same_order(start, each)
            )
        return (count + taken, tuple(ranges)) if ranges else None

    def _since(self, words: Sequence[str]) -> Times | None:
        if words[0] not in _SINCE_OR_AFTER:
            return None
        if (first := _first_of(words)) and (start := self._period(words[first:])):
            return first + start[0], tuple(Range(each.start, None) for each in start[1])
        if words[0] in _SINCE and words[1:] and (weekend := self._weekend(words[1:])):
            return 1 + weekend[0], (Range(weekend[1].start, None),)
        start = self._period(words[1:])
        if start is None:
            return None
        count, periods = 1 + start[0], start[1]
        if words[0] in _FROM:  # `tasks from last week` are those of that week
            return count, tuple(when for each in periods for when in _from(each))
        if words[0] in _AFTER:
            periods = tuple(CalendarPeriod(each.unit, each.unit.shift(each.first_day, 1)) for each in periods)
        return count, tuple(Range(each.start, None) for each in periods)

    def _up_to(self, words: Sequence[str]) -> Times | None:
        begun = 2 if list(words[:2]) == ["up", "to"] else 1
        if words[0] not in _UP_TO and begun == 1:
            return None
        begun += _to_the_end(words[begun:])
        end = self._period(words[begun:])
        return None if end is None else (begun + end[0], tuple(Range(None, each.end) for each in end[1]))

    def _before(self, words: Sequence[str]) -> Times | None:
        """Return all the time up to the day, week or month that `before nov 10` names, which is not part of it."""
        found = self._period(words[1:]) if words[0] == "before" else None
        if found is None:
            return None
        ends = (CalendarPeriod(each.unit, each.unit.shift(each.first_day, -1)).end for each in found[1])
        return 1 + found[0], tuple(Range(None, end) for end in ends)

    def _edge(self, words: Sequence[str]) -> Times | None:
        """Return what `end of last month` and `beginning of october` may be: a day, a week or ten days of it."""
        place = int(words[0] == "the")
        edge = "".join(words[place : place + 1])
        if edge not in _EDGES or list(words[place + 1 : place + 2]) != ["of"]:
            return None
        found = self._period(words[place + 2 :])
        if found is None or len(found[1]) > 1 or found[1][0].unit is not Unit.MONTH:
            return None
        first = found[1][0].first_day
        last = Unit.MONTH.shift(first, 1) - timedelta(days=1)
        if edge == "end" and last >= self.today:
            return None  # which has not come yet
        spans = (
            (last - timedelta(days=more), last) if edge == "end" else (first, first + timedelta(days=more))
            for more in _EDGE_DAYS
        )
        return place + 2 + found[0], tuple(parts.days(*span) for span in spans)

    def _period(self, words: Sequence[str]) -> tuple[int, tuple[CalendarPeriod, ...]] | None:
        if not words:
            return None
        if words[0] == "the":
            found = self._period(words[1:])
            return None if found is None else (found[0] + 1, found[1])
        return DateReader(self.today).read(words) or self._period_ago(words)

    # --- so much back ------------------------------------------------------------------------------

    def _rolling(self, words: Sequence[str]) -> Times | None:
        place = 1 if words[0] in _BACK and len(words) > 1 else 0
        is_back = place > 0
        if words[0] in {"a", "an"} and words[1:2] and words[1] in _EACH_OF:
            return None  # `how much do we spend a day` asks for each of them
        if words[0] in _WITHIN and words[1:2] and words[1] in {"a", "an"}:
            place = 1
        amount = self._amount(words[place:], bare=is_back)
        if amount is None:
            return None
        taken, count, unit = amount
        if is_back and words[1] in _UNITS:
            if words[0] in _OF_CALENDAR and unit not in {_HOUR, Unit.DAY}:
                return None  # `last week` is one of the calendar
            count, unit = (24, _HOUR) if unit == Unit.DAY else (count, unit)
        when = self._back(count, unit)
        return None if when is None else (place + taken, (when,))

    def _amount(self, words: Sequence[str], *, bare: bool) -> tuple[int, int, str] | None:
        """Return how many words name an amount of time, the number, and its unit; `bare` allows `day` for one."""
        texts = " ".join(words[:4])
        if bare and words and words[0] in _UNITS:
            return 1, 1, _UNITS[words[0]]
        match = _AMOUNT.match(texts)
        if match is None or match["unit"] not in _UNITS:
            return None
        number = match["number"]
        count = int(number) if number.isdecimal() else NUMBERS[number]
        return len(match[0].split()), count, _UNITS[match["unit"]]

    def _back(self, count: int, unit: str) -> When | None:
        if unit == _HOUR:
            return Hours(count) if 0 < count <= MAX_HOURS else None
        days = count * {Unit.DAY: 1, Unit.WEEK: 7}.get(Unit(unit), 0)
        if days:
            return Days(days, weeks=unit == Unit.WEEK) if days <= MAX_DAYS else None
        months = count * {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}.get(Unit(unit), 0)
        if not 0 < months <= MAX_DAYS // 31:
            return None
        return Range(Dated(Unit.DAY, self._months_ago(months) + timedelta(days=1)), Dated(Unit.DAY, self.today))

    def _months_ago(self, count: int) -> date:
        """Return the same day so many months ago, or the last of its month if that is shorter."""
        first = Unit.MONTH.shift(self.today.replace(day=1), -count)
        last = Unit.MONTH.shift(first, 1) - timedelta(days=1)
        return first.replace(day=min(self.today.day, last.day))

    def _few(self, words: Sequence[str]) -> Times | None:
        """Return the times that `past few days` may mean: three of them, four or five."""
        place = int(words[0] in _BACK)
        place += list(words[place : place + 1]) == ["a"]
        unit = _UNITS.get("".join(words[place + 1 : place + 2]))
        if list(words[place : place + 1]) != ["few"] or unit is None:
            return None
        return place + 2, tuple(when for count in _FEW if (when := self._back(count, unit)) is not None)

    def _fixed(self, words: Sequence[str]) -> Times | None:
        """Return the time that `last fortnight` and `half a year` name."""
        place = int(words[0] in {*_BACK, "a", "the"})
        for phrase, count, unit in _FIXED:
            if tuple(words[place : place + len(phrase)]) == phrase and (when := self._back(count, unit)) is not None:
                return place + len(phrase), (when,)
        return None

    def _weekend(self, words: Sequence[str]) -> tuple[int, Range] | None:
        """Return the latest weekend that has begun; on a weekend, the last one is that before."""
        place = int(words[0] in {"the", "this"})
        place += bool(set(words[place : place + 1]) & _BACK)
        if list(words[place : place + 1]) != ["weekend"]:
            return None
        is_last = words[place - 1] in _OF_CALENDAR if place else False
        back = (self.today.weekday() - _SATURDAY) % 7
        saturday = self.today - timedelta(days=back + 7 * (is_last and back <= 1))
        return place + 1, Range(Dated(Unit.DAY, saturday), Dated(Unit.DAY, saturday + timedelta(days=1)))

    def _period_ago(self, words: Sequence[str]) -> tuple[int, tuple[CalendarPeriod, ...]] | None:
        """Return the period that `3 days ago` names."""
        amount = self._amount(list(words), bare=False)
        if amount is None or list(words[amount[0] : amount[0] + 1]) != ["ago"] or amount[2] == _HOUR:
            return None
        unit = Unit(amount[2])
        first = unit.shift(unit.first_day(self.today), -amount[1])
        return amount[0] + 1, (CalendarPeriod(unit, first, -1 if amount[1] == 1 else None),)

    def _ever(self, words: Sequence[str]) -> Times | None:
        for phrase in (
            ["all", "time"],
            ["of", "all", "time"],
            ["ever"],
            ["lifetime"],
            ["all-time"],
            ["since", "the", "beginning"],
            ["since", "inception"],
        ):
            if list(words[: len(phrase)]) == phrase:
                return len(phrase), (SINCE_THE_FIRST_YEAR,)
        return None


def may_begin_time(word: str) -> bool:
    """Return whether a word may begin a time, which spares the look at what stands behind all others."""
    return word.partition("-")[0] in _BEGINNINGS or any(map(str.isdigit, word))


def _written_range(words: Sequence[str]) -> Times | None:
    """Return the time that `2026-11-01..2026-11-15` names, as in the query language; `from` may stand before it."""
    place = int(words[0] == "from" and len(words) > 1)
    when = parse_when(words[place]) if ".." in words[place] else None
    return None if when is None else (place + 1, (when,))


def _to_the_end(words: Sequence[str]) -> int:
    """Return how many words stand before the last period of a range that say nothing: `the end of`, or `the`."""
    place = int(list(words[:1]) == ["the"])
    return place + 2 * (list(words[place : place + 2]) == ["end", "of"])


def _first_of(words: Sequence[str]) -> int:
    """Return where the period stands whose beginning `since the start of the month` names; 0 if it names none."""
    place = 1 + (list(words[1:2]) == ["the"])
    is_first = set(words[place : place + 1]) & {"start", "beginning"} and list(words[place + 1 : place + 2]) == ["of"]
    return place + 2 if is_first else 0


def _apart(words: Sequence[str]) -> Sequence[str]:
    """Return words in which the first reads `oct - nov` if it is `oct-nov` or the like."""
    found = _JOINED.fullmatch(words[0]) or _WEEKDAYS_JOINED.fullmatch(words[0])
    return words if found is None else [found[1], "-", found[2], *words[1:]]


def _with_slashes(words: Sequence[str]) -> Sequence[str]:
    """Return words in which both ends of `1.11 - 15.11` and `11-01 to 11-15` are dates as they are read elsewhere."""
    place = int(words[0] in {"from", "between"})
    joint = set(words[place + 1 : place + 2]) & (_TO | {"and"})
    ends = [words[place], words[place + 2]] if joint and len(words) > place + 2 else []
    if ends and all(map(_DOTTED.fullmatch, ends)):
        first, last = (f"{each}." if each.count(".") == 1 else each for each in ends)
    elif ends and all(map(_DASHED.fullmatch, ends)):
        first, last = (each.replace("-", "/") for each in ends)
    else:
        return words
    return [*words[:place], first, words[place + 1], last, *words[place + 3 :]]


def _from(period: CalendarPeriod) -> tuple[When, ...]:
    """Return what `from` a period means without an end: a day may be the only one, or the first."""
    if period.unit is Unit.DAY and period.offset is None:
        return period.when, Range(period.start, None)
    return (period.when,)


def _are_days(periods: Sequence[CalendarPeriod]) -> bool:
    return all(each.unit is Unit.DAY and each.offset is None for each in periods)


def _before(end: CalendarPeriod, start: CalendarPeriod, said: Sequence[str]) -> CalendarPeriod:
    """Return the start of a range in the year that only its end names: `oct to nov 2025`, `feb 3 to feb 9, 2025`."""
    is_of_a_year = any(map(_IN_A_YEAR.fullmatch, said)) and not any(map(_NAMES_YEAR.search, said))
    is_dated = end.offset is None and end.unit is not Unit.YEAR
    is_over = end.unit.shift(end.first_day, 1) <= start.first_day
    found = DateReader(end.first_day).read(said) if is_of_a_year and is_dated and is_over else None
    if found is None:
        return start
    earlier = found[1][0]
    is_in_order = earlier.first_day.month > end.first_day.month or earlier.first_day.year == end.first_day.year
    return earlier if is_in_order else start


def _of_same_order(start: CalendarPeriod, end: CalendarPeriod) -> bool:
    """Return whether both have the month first, or both the day, where they are written in figures."""
    return start.month_first is None or end.month_first is None or start.month_first == end.month_first
