"""The last day of a limit as people write it: `until friday`, `through nov 30`, `until the end of the month`."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.domain.access import RefusedError
from bot.domain.everyday.dates import WEEKDAYS, DateReader
from bot.domain.formatting import short_date
from bot.domain.periods import Unit
from bot.domain.query.tokens import outside_quotes

_WORD = r"[^\s\":]+"
_UNTIL = re.compile(rf"(?i)(?<!\S)(?:until|till|through|thru)[: ] ?(?P<day>{_WORD}(?: {_WORD}){{0,4}})(?!\S)")
_ENDS = re.compile(r"(?:the )?end (?:of )?(?:the |this )?(week|month)(?!\S)")


def with_last_day(line: str, today: date) -> str:
    """Return a line in which the words of a last day read `until:2026-03-06`; what is quoted stays.

    Raises RefusedError if they may mean two days.
    """
    return outside_quotes(line, lambda part: _UNTIL.sub(lambda found: _strict(found, today), part))


def _strict(found: re.Match[str], today: date) -> str:
    words = found["day"].split()
    reading = _reading([word.lower().rstrip(",") for word in words], today)
    if reading is None:
        return found[0]
    count, day = reading
    return " ".join([f"until:{day}", *words[count:]])


def _reading(words: list[str], today: date) -> tuple[int, date] | None:
    """Return how many words name a day, and which one; None if they name none."""
    if words[0] in WEEKDAYS:
        return 1, _weekday(words[0], today)
    if words[0] == "this" and len(words) > 1 and words[1] in WEEKDAYS:
        return 2, _coming(words[1], today)
    if words[0] == "tomorrow":
        return 1, today + timedelta(days=1)
    if ends := _ENDS.match(" ".join(words)):
        unit = Unit(ends[1])
        return len(ends[0].split()), unit.shift(unit.first_day(today), 1) - timedelta(days=1)
    return _date(words, today)


def _coming(name: str, today: date) -> date:
    """Return the next day of that name, which today may be."""
    return today + timedelta(days=(WEEKDAYS[name] - today.weekday()) % 7)


def _weekday(name: str, today: date) -> date:
    """Return the next day of that name. Raises RefusedError if today is one, as that or the next may be meant."""
    day = _coming(name, today)
    if day == today:
        raise _two_days([today, today + timedelta(days=7)], today)
    return day


def _date(words: list[str], today: date) -> tuple[int, date] | None:
    try:
        reading = DateReader(today, today).read(words)
    except ValueError:
        return None
    if reading is None or any(each.unit is not Unit.DAY for each in reading[1]):
        return None
    count, days = reading
    if len(days) > 1:
        raise _two_days([each.first_day for each in days], today)
    return count, days[0].first_day


def _two_days(days: Sequence[date], today: date) -> RefusedError:
    one, other = (f"`until {short_date(day, today)}`" for day in days)
    return RefusedError(f"The last day could be one of two. Type {one} or {other}.")
