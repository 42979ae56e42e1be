"""The question before another one in time: the same of the week before, of the days before, of the month before."""

from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from bot.domain.periods import FIRST_YEAR, Unit, Window, local_day
from bot.domain.query.errors import QueryError
from bot.domain.query.question import Question, describe
from bot.domain.query.when import (
    EVER,
    SINCE_THE_FIRST_YEAR,
    Calendar,
    Dated,
    Days,
    Hours,
    PointInTime,
    Range,
    When,
    resolve,
)

_LENGTHS = {1: Unit.DAY, 7: Unit.WEEK, 28: Unit.MONTH, 29: Unit.MONTH, 30: Unit.MONTH, 31: Unit.MONTH}  # in days
_SIDE_BY_SIDE = {Unit.DAY: 14, Unit.WEEK: 8, Unit.MONTH: 6}  # shown of each to see what is usual
_UNITS_OF_LENGTHS = {
    **{unit: (unit, count) for unit, count in _SIDE_BY_SIDE.items()},
    Unit.QUARTER: (Unit.MONTH, 12),
    Unit.YEAR: (Unit.MONTH, 24),
}
_FIRST_MONDAY = date(FIRST_YEAR, 1, 3)  # of the first week that a question may name
_LONGER_THAN = {Unit.DAY: 7, Unit.WEEK: 28}  # days from which on the next longer unit is shown
_LONG = {Unit.QUARTER: 3, Unit.YEAR: 12}  # months of those periods that no single word of the query language names


def earlier_question(question: Question, unit: Unit | None, now: datetime, zone: tzinfo) -> Question:
    """Return the same question about the time just before its own, which is of a kind if one is given.

    Raises:
        QueryError: nothing lies before it, or it is of another kind, so that it is not clear which time is meant.
    """
    when = question.effective_when
    window = resolve(when, now, zone)
    if unit is not None and unit is not _unit_of(when, window, zone):
        last = Calendar(unit, -1)
        instead = describe(replace(question, when=last, csv=False))
        about = "all time" if when in {EVER, SINCE_THE_FIRST_YEAR} else when
        raise QueryError(f"I don't know which {unit} you mean: the last answer is about {about}.", instead=instead)
    before = _before(when, now, zone)
    if before is None or _begins_too_early(before, now, zone):
        raise QueryError("Nothing lies before that: the last answer goes back as far as any.")
    return replace(question, when=before, csv=False, in_words=True)


def _begins_too_early(when: When, now: datetime, zone: tzinfo) -> bool:
    return local_day(resolve(when, now, zone).start, zone).year < FIRST_YEAR


def side_by_side(question: Question, now: datetime, zone: tzinfo) -> Question:
    """Return the question of the days, weeks or months up to the end of a question's own time, each by itself."""
    window = resolve(question.effective_when, now, zone)
    last_day = local_day(min(window.end - timedelta(microseconds=1), now), zone)
    own = _unit_of(question.effective_when, window, zone)
    unit, count = _by_length(window) if own is None else _UNITS_OF_LENGTHS[own]
    last = unit.first_day(last_day)
    first = max(unit.shift(last, 1 - count), unit.first_day(_FIRST_MONDAY))
    by = replace(question, by=(str(unit),), average=(), sort=None, top=None, rows=False, csv=False)
    return replace(by, when=Range(Dated(unit, first), Dated(unit, last)), in_words=True)


def _by_length(window: Window) -> tuple[Unit, int]:
    """Return how many days, weeks or months are laid side by side for a time that is none of the calendar."""
    days = (window.end - window.start) // timedelta(days=1)
    unit = Unit.DAY if days < _LONGER_THAN[Unit.DAY] else Unit.WEEK if days < _LONGER_THAN[Unit.WEEK] else Unit.MONTH
    return unit, _SIDE_BY_SIDE[unit]


def _unit_of(when: When, window: Window, zone: tzinfo) -> Unit | None:
    """Return which kind of period a time is, by its length where it is none of the calendar."""
    if isinstance(when, Calendar | Dated):
        return when.unit
    if isinstance(when, Hours):
        return Unit.DAY if when.count == timedelta(days=1) // timedelta(hours=1) else None
    end, start = (each.astimezone(zone).replace(tzinfo=None) for each in (window.end, window.start))
    days, rest = divmod(end - start, timedelta(days=1))
    return None if rest else _LENGTHS.get(days)


def _before(when: When, now: datetime, zone: tzinfo) -> When | None:
    """Return the whole time before one, of the same length."""
    today = local_day(now, zone)
    match when:
        case Calendar(unit=unit, offset=offset):
            return _period(unit, unit.shift(unit.first_day(today), offset - 1), today)
        case Dated(unit=unit, first_day=first):
            return _period(unit, unit.shift(first, -1), today)
        case Range(start=None):
            return None
        case Hours() | Range(start=PointInTime()) | Range(end=PointInTime()):
            window = resolve(when, now, zone)
            length = window.end - window.start
            return Range(_moment(window.start - length, zone), _moment(window.start, zone))
        case Days() | Range():
            window = resolve(when, now, zone)
            first, end = local_day(window.start, zone), local_day(window.end, zone)
            return _days(first - (end - first), first - timedelta(days=1))


def _moment(at: datetime, zone: tzinfo) -> PointInTime:
    return PointInTime(at.astimezone(zone).replace(tzinfo=None, microsecond=0))


def _period(unit: Unit, first: date, today: date) -> When:
    if first == unit.shift(unit.first_day(today), -1):
        return Calendar(unit, -1)
    if unit not in _LONG:
        return Dated(unit, first)
    return Range(Dated(Unit.MONTH, first), Dated(Unit.MONTH, Unit.MONTH.shift(first, _LONG[unit] - 1)))


def _days(first: date, last: date) -> When:
    return Dated(Unit.DAY, first) if first == last else Range(Dated(Unit.DAY, first), Dated(Unit.DAY, last))
