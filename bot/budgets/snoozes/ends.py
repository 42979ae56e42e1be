"""When a snooze ends, as people say it: `until friday`, `until 5pm`, `through nov 30`, `until the end of the month`."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.budgets.snoozes.length import MOST_HOURS, SnoozeUntil
from bot.domain.access import RefusedError
from bot.domain.everyday.clocks import clock
from bot.domain.everyday.dates import WEEKDAYS, coming_days
from bot.domain.formatting import short_date
from bot.domain.periods import Unit, day_start, local_day

_INCLUDING = {"through", "thru"}  # which `until` is not: `until friday` ends as Friday begins
_ENDS = re.compile(r"(?:the )?end of (?:the |this )?(day|week|month)(?!\S)|(?:the )?(next) (week|month)(?!\S)")
_MOST_DAYS = MOST_HOURS // 24


class UnclearDayError(Exception):
    """A date may be one of several `days`; it is the first `count` of the last `left` words of a line."""

    def __init__(self, left: int, count: int, days: Sequence[str]) -> None:
        super().__init__("a date may be one of several days")
        self.left, self.count, self.days = left, count, days


def read_end(words: Sequence[str], now: datetime, zone: ZoneInfo) -> tuple[int, SnoozeUntil] | None:
    """Return how many words, in lower case, say when a snooze ends, and when; None if they name no time.

    The first one is `until` or the like. A day ends it as it begins, unless a time of day stands behind it.

    Raises:
        RefusedError: the time is over or too far.
        UnclearDayError: the day may be one of several.
    """
    today, is_including = local_day(now, zone), words[0] in _INCLUDING
    begun = 1 + (list(words[1:2]) == ["at"])
    found = None if begun > 1 else _day(words, begun, today)
    count, day = found or (begun, None)
    at = clock(words, count + (list(words[count : count + 1]) == ["at"]))
    if day is None and at is None:
        return None
    if at is not None:
        count, end = at[0], datetime.combine(day or today, at[1], zone)
        end += timedelta(days=int(day is None and end <= now))
    else:
        count += list(words[count : count + 1]) == ["morning"]
        end = day_start((day or today) + timedelta(days=int(is_including)), zone)
    return count, SnoozeUntil(_checked(end, now))


def _checked(end: datetime, now: datetime) -> datetime:
    if end <= now:
        raise RefusedError("That time is over. Type a later one, such as `snooze until friday`.")
    if end > now + timedelta(hours=MOST_HOURS):
        raise RefusedError(f"I can snooze for {_MOST_DAYS} days at most. Type an earlier day, or `snooze period`.")
    return end


def _day(words: Sequence[str], place: int, today: date) -> tuple[int, date] | None:
    """Return where the day ends that stands at a place, and it; None if there is none."""
    texts = list(words[place:])
    if not texts:
        return None
    if ends := _ENDS.match(" ".join(texts)):
        unit = Unit(ends[1] or ends[3])
        return place + len(ends[0].split()), unit.shift(unit.first_day(today), 1)
    skipped = int(texts[0] in {"this", "next", "on"} and texts[1:2] != [])
    if texts[skipped] in WEEKDAYS:
        return place + skipped + 1, today + timedelta(days=_days_to(texts[skipped], today))
    if texts[0] == "tomorrow":
        return place + 1, today + timedelta(days=1)
    found = _date(texts, today)
    return None if found is None else (place + found[0], found[1])


def _days_to(weekday: str, today: date) -> int:
    """Return in how many days the next day of a name is, which today is not."""
    return (WEEKDAYS[weekday] - today.weekday() - 1) % 7 + 1


def _date(texts: Sequence[str], today: date) -> tuple[int, date] | None:
    """Return how many words name a date, and it; None if they name none. Raises UnclearDayError if it may be two."""
    if (found := coming_days(texts, today)) is None:
        return None
    count, days = found
    if len(days) > 1 and min(days) <= today + timedelta(days=_MOST_DAYS):  # else all are too far
        raise UnclearDayError(len(texts), count, [_typed(day, today) for day in days])
    return count, days[0]


def _typed(day: date, today: date) -> str:
    return short_date(day, today) if day.year == today.year else day.isoformat()
