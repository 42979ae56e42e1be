"""The parser of schedules: `every monday 09:00`, as people also type it, at the end of a question."""

import re
from datetime import time

from bot.domain.access import RefusedError
from bot.domain.everyday.dates import WEEKDAYS
from bot.domain.everyday.typography import plain
from bot.subscriptions.schedule import DEFAULT_TIME, WEEK, Frequency, Schedule

_DAYS = {name: WEEK[number] for name, number in WEEKDAYS.items()}
_UNITS = {
    "day": Frequency.DAY,
    "daily": Frequency.DAY,
    "morning": Frequency.DAY,
    "weekday": Frequency.WEEKDAY,
    "workday": Frequency.WEEKDAY,
    "week": Frequency.MONDAY,
    "weekly": Frequency.MONDAY,
    "month": Frequency.MONTH,
    "monthly": Frequency.MONTH,
    **_DAYS,
}
_NAMED_TIMES = {"noon": time(12), "midnight": time(0)}
_DAY = "|".join(sorted(_DAYS, key=len, reverse=True))
_WHEN = (
    rf"(?:on )?(?:every|each) (?P<unit>day|morning|weekday|workday|week|month|{_DAY})s?"
    r"|(?P<adverb>daily|weekly|monthly)"
    r"|(?:on )?(?P<plural>weekdays|workdays|(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)s)"
)
_ON = rf"(?: on (?:the (?P<first>1st|first)|(?P<day>{_DAY})s?))?"
_CLOCK = (
    r"(?:,? (?:at |@ ?)?(?:(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>[ap])?(?:\.?m\.?)?(?: o'clock)?"
    r"|(?P<named>noon|midnight)))?"
)
_SCHEDULE = re.compile(rf"(?:^|(?<= ))(?:{_WHEN}){_ON}{_CLOCK}", re.IGNORECASE)
_AT_THE_END = re.compile(rf"{_SCHEDULE.pattern}$", re.IGNORECASE)
_EXAMPLE = "every monday 09:00"
_NOON = 12


def split_schedule(line: str) -> tuple[str, Schedule]:
    """Return the question of a typed line, and the schedule at its end.

    Raises:
        RefusedError: there is no schedule at the end, or none that can be.
    """
    typed = plain(line)
    found = _AT_THE_END.search(typed)
    if found is None:
        raise RefusedError(_missing(typed))
    question = typed[: found.start()].strip()
    return question, Schedule(_frequency(found), _time(found, question))


def _missing(typed: str) -> str:
    found = _SCHEDULE.search(typed)
    if found is None or found.end() >= len(typed):
        example = f"subscribe {typed} {_EXAMPLE}" if typed else f"subscribe team last week {_EXAMPLE}"
        return f"How often? Type `every day`, `weekday`, `month` or a day of the week at the end: `{example}`."
    rest = f"{typed[: found.start()]}{typed[found.end() :]}".strip()
    schedule = Schedule(_frequency(found), _time(found, rest))
    return (
        f"I take one schedule, at the end of the line, so I don't know what to do with"
        f" `{typed[found.end() :].strip()}`. Try `subscribe {rest} {schedule.typed}`."
    )


def _frequency(found: re.Match[str]) -> Frequency:
    word = (found["unit"] or found["adverb"] or found["plural"]).lower()
    frequency = _UNITS.get(word) or _UNITS[word.removesuffix("s")]
    if found["day"] is None:
        return frequency
    if frequency is not Frequency.MONDAY or word not in {"week", "weekly"}:
        raise RefusedError(f"I don't know a schedule `{found[0].strip()}`. Try `every {_DAYS[found['day'].lower()]}`.")
    return _DAYS[found["day"].lower()]


def _time(found: re.Match[str], question: str) -> time:
    if found["named"]:
        return _NAMED_TIMES[found["named"].lower()]
    if found["hour"] is None:
        return DEFAULT_TIME
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    try:
        return time(_hour_of_day(hour, half), minute)
    except ValueError:
        line = f"subscribe {question} {_EXAMPLE}".replace("  ", " ")
        raise RefusedError(f"I don't know the time in `{found[0].strip()}`. Try `{line}`.") from None


def _hour_of_day(hour: int, half: str) -> int:
    """Return the hour of a 24-hour clock. Raises ValueError if a half of the day has no such hour."""
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError(hour)
    return hour % _NOON + (_NOON if half == "p" else 0)
