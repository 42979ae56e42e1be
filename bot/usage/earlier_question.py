"""The question before another one in time: the same of the week before, of the days before, of the month before."""

from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from bot.domain.periods import Unit, Window, local_day
from bot.domain.query.errors import QueryError
from bot.domain.query.question import Question, describe
from bot.domain.query.when import Calendar, Dated, Days, Hours, PointInTime, Range, When, resolve

_LENGTHS = {1: Unit.DAY, 7: Unit.WEEK, 28: Unit.MONTH, 29: Unit.MONTH, 30: Unit.MONTH, 31: Unit.MONTH}  # in days
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
        raise QueryError(f"I don't know which {unit} you mean: the last answer is about {when}.", instead=instead)
    before = _before(when, now, zone)
    if before is None:
        raise QueryError("Nothing lies before that: the last answer is about all time up to its end.")
    return replace(question, when=before, csv=False, in_words=True)


def _unit_of(when: When, window: Window, zone: tzinfo) -> Unit | None:
    """Return which kind of period a time is, by its length where it is none of the calendar."""
    if isinstance(when, Calendar | Dated):
        return when.unit
    if isinstance(when, Hours):
        return Unit.DAY if when.count == timedelta(days=1) // timedelta(hours=1) else None
    return _LENGTHS.get((local_day(window.end, zone) - local_day(window.start, zone)).days)


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
