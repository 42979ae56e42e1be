"""The last day of a limit as people write it: `until friday`, `through nov 30`, `until the end of the month`."""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.budgets.limits.unclear_line import UnclearLineError
from bot.domain.everyday.dates import MONTHS, WEEKDAYS, coming_days
from bot.domain.formatting import short_date
from bot.domain.periods import Unit
from bot.domain.query.tokens import outside_quotes

_WORD = r"[^\s\":]+"
_UNTIL = re.compile(rf"(?i)(?<!\S)(?:until|till|through|thru)[: ] ?(?P<day>{_WORD}(?: {_WORD}){{0,4}})(?!\S)")
_ENDS = re.compile(
    r"(?:the )?end (?:of )?(?:the |this )?(?:(?P<next>next )?(?P<unit>week|month)"
    rf"|(?P<name>{'|'.join(MONTHS)}))(?!\S)"
)


def with_last_day(line: str, today: date) -> str:
    """Return a line in which the words of a last day read `until:2026-03-06`; what is quoted stays.

    Raises UnclearLineError if they may mean two days.
    """

    def strict(found: re.Match[str]) -> str:
        words = found["day"].split()
        reading = _reading([word.lower().rstrip(",") for word in words], today)
        if reading is None:
            return found[0]
        count, days = reading
        typed = [" ".join([f"until:{day}", *words[count:]]) for day in days]
        if len(days) > 1:
            raise _several_days([line.replace(found[0], each, 1) for each in typed], days, today)
        return typed[0]

    return outside_quotes(line, lambda part: _UNTIL.sub(strict, part))


def _several_days(lines: Sequence[str], days: Sequence[date], today: date) -> UnclearLineError:
    named = " or ".join(short_date(day, today) for day in days)
    return UnclearLineError(f"The last day could be {named}.", lines)


def _reading(words: list[str], today: date) -> tuple[int, Sequence[date]] | None:
    """Return how many words name a day, and which ones they may mean; None if they name none."""
    if words[0] in WEEKDAYS:
        day = _coming(words[0], today)
        return 1, [day] if day > today else [day, day + timedelta(days=7)]
    if words[0] == "next" and len(words) > 1 and words[1] in WEEKDAYS:
        day = _coming(words[1], today)
        return 2, [day, day + timedelta(days=7)]
    if words[0] == "this" and len(words) > 1 and words[1] in WEEKDAYS:
        return 2, [_coming(words[1], today)]
    if words[0] == "tomorrow":
        return 1, [today + timedelta(days=1)]
    if ends := _ENDS.match(" ".join(words)):
        return len(ends[0].split()), [_last_day(ends, today)]
    return coming_days(words, today)


def _last_day(ends: re.Match[str], today: date) -> date:
    """Return the last day of the week or month that `end of the month` and the like name."""
    unit, first = Unit(ends["unit"] or "month"), today
    if name := ends["name"]:
        first = today.replace(year=today.year + (MONTHS[name] < today.month), month=MONTHS[name], day=1)
    return unit.shift(unit.first_day(first), 2 if ends["next"] else 1) - timedelta(days=1)


def _coming(name: str, today: date) -> date:
    """Return the next day of that name, which today may be."""
    return today + timedelta(days=(WEEKDAYS[name] - today.weekday()) % 7)
