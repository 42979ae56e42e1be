"""How long a limit is to hold, as people write it behind the limit: `for two weeks`, `for the rest of the month`."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.budgets.limits.unclear_line import UnclearLineError
from bot.domain.everyday.times import NUMBERS
from bot.domain.periods import Unit

_NUMBER = rf"(?:\d{{1,3}}|a couple|{'|'.join(NUMBERS)})"
_FOR = r"(?:for|over|during) "


def _duration_pattern(introduction: str) -> str:
    """Return the pattern of how long a limit holds; not all ways to say it need the introduction."""
    return (
        rf"(?:(?:just|only) )?(?:{_FOR}(?P<count>{_NUMBER})(?: of)? (?P<unit>day|week|month)s?"
        rf"|{introduction}the (?:next|coming|following)(?: (?P<next>{_NUMBER}))? (?P<coming>day|week|month)s?"
        rf"|{introduction}(?:(?P<rest>(?:the )?(?:rest|remainder) of (?:the|this)|this)|the)"
        r" (?P<present>day|week|month)"
        rf"|{introduction}(?P<today>today))(?: (?:only|alone))?"
    )


_BEHIND_THE_LIMIT = re.compile(rf"(?i) {_duration_pattern(f'(?:{_FOR})?')}(?!\S)")
_AT_THE_END = re.compile(rf"(?i)(?<!\S){_duration_pattern(_FOR)}$")
_GIVES_A_REASON = re.compile(r"(?i)(?<!\S)(?:because|since|so|as|to)(?!\S)")


@dataclass(frozen=True, slots=True)
class _Duration:
    """How long a limit holds: of which unit it is said, and its last day.

    `is_plain` says that it may be the period of the limit as well: `800 for a week`.
    """

    unit: Unit
    last_day: date
    is_plain: bool


def with_duration(line: str, amount: str, today: date) -> str:
    """Return a line in which how long its limit holds reads `until:2026-03-06`; a line with quotes stays as it is.

    `amount` is the pattern of a limit, with a group `period`.

    Raises:
        UnclearLineError: the limit has no period, so that it may be for each of the days, or weeks, that are named.
    """
    limit = re.search(rf"(?i){amount}", line)
    found = None if limit is None or '"' in line or "until:" in line.lower() else _found(line, limit.end())
    if limit is None or found is None:
        return line
    duration = _duration(found, today)
    between, until, behind = (
        line[limit.end() : found.start()].strip(),
        f"until:{duration.last_day}",
        line[found.end() :],
    )

    def typed(period: str, *, ends: bool = True) -> str:
        words = (line[: limit.end()] + period, between, until if ends else "", behind.strip())
        return " ".join(filter(None, words))

    if limit["period"] or (duration.unit is Unit.MONTH and not duration.is_plain):
        return typed("")
    lines = [typed(f"/{duration.unit}", ends=not duration.is_plain), typed(f"/{Unit.MONTH}")]
    raise UnclearLineError(f"`{limit[0]}` could be a limit for each {duration.unit}, or {_otherwise(duration)}.", lines)


def _otherwise(duration: _Duration) -> str:
    return "for one month only" if duration.unit is Unit.MONTH else "for the month through that day"


def _found(line: str, place: int) -> re.Match[str] | None:
    """Return the words that say how long the limit before a place holds: directly behind it, or at the end."""
    found = _BEHIND_THE_LIMIT.match(line, place) or _AT_THE_END.search(line, place)
    return None if found is None or _GIVES_A_REASON.search(line, place, found.start()) else found


def _duration(found: re.Match[str], today: date) -> _Duration:
    if found["today"]:
        return _Duration(Unit.DAY, today, is_plain=False)
    if present := found["present"]:
        unit = Unit(present.lower())
        last_day = unit.shift(unit.first_day(today), 1) - timedelta(days=1)
        return _Duration(unit, last_day, is_plain=not found["rest"])
    unit, text = Unit((found["unit"] or found["coming"]).lower()), (found["count"] or found["next"] or "one").lower()
    count = NUMBERS.get(text.split()[-1]) or int(text)
    return _Duration(unit, _last_day(unit, count, today), is_plain=count == 1 and bool(found["unit"]))


def _last_day(unit: Unit, count: int, today: date) -> date:
    """Return the last of so many days, weeks or months, of which today is the first."""
    if unit is not Unit.MONTH:
        return today + timedelta(days=count * (7 if unit is Unit.WEEK else 1) - 1)
    first = unit.shift(today.replace(day=1), count)
    days = (unit.shift(first, 1) - first).days
    return first.replace(day=min(today.day, days)) - timedelta(days=1)
