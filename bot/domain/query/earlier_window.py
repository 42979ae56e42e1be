"""What people call the time before the one asked for: `October`, `the 7 days before`, `the same part of yesterday`."""

from datetime import date, datetime, timedelta, tzinfo

from bot.domain import formatting
from bot.domain.periods import Unit, Window, local_day, period
from bot.domain.query.when import Calendar, Dated, Days, Hours, PointInTime, Range, When, resolve, window_before

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_SEASON = 3  # months of a quarter


def name_of_window_before(when: When, now: datetime, zone: tzinfo) -> str:
    """Return the name of the window that `window_before` returns, as in `12% less than October`; empty if it is none.

    A period that is still open is compared with the same part of the one before, and the name says so.
    """
    before = window_before(when, now, zone)
    if before is None:
        return ""
    today, is_open = local_day(now, zone), now in resolve(when, now, zone)
    match when:
        case Hours(count=count):
            return _so_many_before(count, "hour")
        case Days(count=count, weeks=weeks):
            return _days_before(count, is_open=is_open, weeks=weeks)
        case Calendar(unit=unit) | Dated(unit=unit):
            return _same_part(unit, before, zone, today) if is_open else _period_before(unit, before, zone, today)
        case Range(start=start, end=end) if isinstance(start, PointInTime) or isinstance(end, PointInTime):
            return _as_long_before(resolve(when, now, zone))
        case Range():
            asked = resolve(when, now, zone)
            count = (local_day(asked.end, zone) - local_day(asked.start, zone)).days
            return _days_before(count, is_open=is_open)


def name_of_whole_before(when: When, now: datetime, zone: tzinfo) -> str:
    """Return the name of all of the period before that `name_of_window_before` names a part of; empty if there is none.

    Where it is not a part, the two are the same.
    """
    before = window_before(when, now, zone)
    if before is None or now not in resolve(when, now, zone):
        return name_of_window_before(when, now, zone)
    match when:
        case Calendar(unit=unit) | Dated(unit=unit):
            return _period_name(unit, local_day(before.start, zone), local_day(now, zone))
        case Days(count=1):
            return "yesterday"
        case Hours() | Days() | Range():
            return name_of_window_before(when, now, zone)


def _so_many_before(count: int, unit: str) -> str:
    return f"the {unit} before" if count == 1 else f"the {count:,} {unit}s before"


def _days_before(count: int, *, is_open: bool, weeks: bool = False) -> str:
    if count == 1 and is_open:
        return "the same part of yesterday"
    week = 7
    return _so_many_before(count // week, "week") if weeks and count > week else _so_many_before(count, "day")


def _as_long_before(asked: Window) -> str:
    length = asked.end - asked.start
    if length % _DAY == timedelta(0) and length > _DAY:
        return _so_many_before(length // _DAY, "day")
    hours, minutes = divmod(max(length // _MINUTE, 1), 60)
    if not hours or not minutes:
        return _so_many_before(hours or minutes, "hour" if hours else "minute")
    in_hours = "hour" if hours == 1 else formatting.count(hours, "hour")
    return f"the {in_hours} and {formatting.count(minutes, 'minute')} before"


def _period_before(unit: Unit, before: Window, zone: tzinfo, today: date) -> str:
    if unit in {Unit.DAY, Unit.WEEK}:
        return f"the {unit} before"
    return _period_name(unit, local_day(before.start, zone), today)


def _same_part(unit: Unit, before: Window, zone: tzinfo, today: date) -> str:
    """Return the name of a period as far as it is compared with one that is still open."""
    first, last = (
        local_day(before.start, zone),
        formatting.last_date(max(before.end, before.start + timedelta.resolution), zone),
    )
    name = _period_name(unit, first, today)
    if before == period(unit, first, zone):
        return name
    if first == last:
        return f"the same part of {name if unit is Unit.DAY else formatting.short_date(first, today)}"
    return f"the same days of {name}"


def _period_name(unit: Unit, first: date, today: date) -> str:
    year = "" if first.year == today.year else f" {first.year}"
    match unit:
        case Unit.DAY:
            return "yesterday"
        case Unit.WEEK:
            return "last week"
        case Unit.MONTH:
            return f"{first:%B}{year}"
        case Unit.QUARTER:
            return f"Q{(first.month + _SEASON - 1) // _SEASON}{year}"
        case Unit.YEAR:
            return f"{first.year}"
