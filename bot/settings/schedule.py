"""Parsers of local times and days of the week."""

import re
from collections.abc import Iterator
from datetime import time

from bot.settings.errors import InvalidValueError
from bot.settings.values import comma_separated

_TIME = r"([01]?\d|2[0-3]):([0-5]\d)"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def time_of_day(text: str) -> time:
    """Return a local time such as 09:00."""
    match = re.fullmatch(_TIME, text, re.ASCII)
    if not match:
        raise InvalidValueError(f"`{text}` isn't a time. Give it as 09:00.")
    return time(int(match[1]), int(match[2]))


def hours(text: str) -> tuple[time, time] | None:
    """Return the local times between which a span such as 20:00-08:00 lies; None for an empty text."""
    if not text:
        return None
    match = re.fullmatch(rf"{_TIME}\s*-\s*{_TIME}", text, re.ASCII)
    if not match:
        raise InvalidValueError(f"`{text}` isn't a span of time. Give it as 20:00-08:00, or leave it out.")
    start, end = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    if start == end:
        raise InvalidValueError(
            f"`{text}` starts and ends at the same time. Give two different times, or leave it out."
        )
    return start, end


def weekdays(text: str) -> frozenset[int]:
    """Return the days of the week (Monday is 0) of a list of days and spans; a span may go over Sunday."""
    return frozenset(day for each in comma_separated(text.lower()) for day in _days_of(each))


def _days_of(text: str) -> Iterator[int]:
    first, dash, last = (part.strip() for part in text.partition("-"))
    if first not in _DAYS or (dash and last not in _DAYS):
        raise InvalidValueError(f"`{text}` isn't a day of the week. Give days as mon-fri or mon,wed,fri.")
    start, count = _DAYS.index(first), (_DAYS.index(last or first) - _DAYS.index(first)) % 7
    yield from ((start + day) % 7 for day in range(count + 1))
