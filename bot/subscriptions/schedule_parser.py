"""The parser of schedules: `every monday 09:00`, as people also type it, at the end of a question."""

import re
from dataclasses import replace
from datetime import time

from bot.domain.access import RefusedError
from bot.domain.everyday.dates import WEEKDAYS
from bot.domain.everyday.typography import plain
from bot.domain.query.errors import quoted
from bot.domain.query.spelling import nearest
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
_WHOLE_DAYS = [name for name in _DAYS if name.endswith("day")]
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
_AT_THE_BEGINNING = re.compile(rf"^{_SCHEDULE.pattern}(?=,? ),?", re.IGNORECASE)
_NOUN = r"(?:reports?|summary|summaries|overview|recap|updates?)(?!\S)"
REPORT = re.compile(rf"(?<!\S){_NOUN}", re.IGNORECASE)
"""A noun that stands for an answer, and leaves open of what time."""
_REPORT = rf"(?:[a-z']+ ){{0,2}}?{_NOUN}"
_DIVIDED = re.compile(
    rf"(?:^|(?<= ))(?P<often>daily|weekly|monthly) (?P<report>{_REPORT}(?: \S+){{0,20}}?)(?P<rest>{_ON}{_CLOCK})$",
    re.IGNORECASE,
)
_SAID_TWICE = re.compile(rf"(?<!\S)(?P<often>daily|weekly|monthly) (?={_REPORT})", re.IGNORECASE)
_ONE_DAY = re.compile(rf"(?:^|(?<= ))(?:on )?(?P<one>{_DAY}){_CLOCK}$", re.IGNORECASE)
_OPENING = re.compile(r"^(?:(?:to|for|me|us to) )+", re.IGNORECASE)  # `subscribe to`, `subscribe me to`
_MOVED_TO = re.compile(r"^(?:(?:to|for) )+", re.IGNORECASE)
_HAS_TIME = re.compile(r"\d|(?<!\S)(?:noon|midnight)(?!\S)", re.IGNORECASE)
_ANOTHER = re.compile(rf"(?:^|(?<= ))(?:and|or|,) (?:on )?(?:(?:every|each) )?(?:{_DAY})s?(?!\S)", re.IGNORECASE)
_JOINED = re.compile(r"(?:^| )(?:and|or)$", re.IGNORECASE)
_EXAMPLE = "every monday 09:00"
_UNKNOWN = re.compile(rf"(?:^|(?<= ))(?:every|each) (?P<word>\S+){_CLOCK}(?: .*)?$", re.IGNORECASE)
_NOON = 12


class ScheduleError(RefusedError):
    """A line has no schedule, or none that can be.

    `reason` says why, `question` is what stands beside the schedule, `typed` a schedule to type instead.
    """

    def __init__(self, reason: str, question: str, typed: str = _EXAMPLE) -> None:
        super().__init__(reason)
        self.reason, self.question, self.typed = reason, question, typed


def split_schedule(line: str) -> tuple[str, Schedule]:
    """Return the question of a typed line, and its schedule, which stands at the end or the beginning.

    Raises:
        ScheduleError: there is no schedule, or none that can be.
    """
    typed = _OPENING.sub("", plain(line))
    found = _AT_THE_END.search(typed)
    if found is None and (divided := _divided(typed)):
        return divided
    found = found or _AT_THE_BEGINNING.search(typed)
    if found is None:
        raise _missing(typed)
    question = f"{typed[: found.start()]}{typed[found.end() :]}".strip()
    if _ANOTHER.match(question) or _JOINED.search(question):
        raise _one_only(question, found)
    schedule = Schedule(_frequency(found, question), _time(found, question))
    return _without_repetition(question, schedule), schedule


def changed_schedule(line: str, before: Schedule) -> Schedule:
    """Return the schedule that a line says in place of another one: `every friday`, `fridays at 10`, `at 10`.

    A line without a time keeps the time, one without a day the days.

    Raises:
        ScheduleError: it says none.
    """
    typed = _MOVED_TO.sub("", plain(line))
    for text in (typed, f"every {typed}", f"every {before.on} {typed}"):
        try:
            question, schedule = split_schedule(text)
        except ScheduleError:
            continue
        if not question:
            return schedule if _HAS_TIME.search(typed) else replace(schedule, at=before.at)
    raise ScheduleError(f"I don't know the schedule {quoted(typed)}.", "")


def _divided(typed: str) -> tuple[str, Schedule] | None:
    """Return the parts of `a weekly report on monday at 9:00`; None if it is nothing of that kind."""
    divided = _DIVIDED.search(typed)
    if divided is None:
        return None
    question = f"{typed[: divided.start()]}{divided['report']}"
    found = _SCHEDULE.fullmatch(f"{divided['often']}{divided['rest']}")
    return None if found is None else (question, Schedule(_frequency(found, question), _time(found, question)))


def _without_repetition(question: str, schedule: Schedule) -> str:
    """Return a question without an adverb that says of a report what its schedule says: `a weekly report`."""
    said = _SAID_TWICE.search(question)
    if said is None or _UNITS[said["often"].lower()] is not _usual(schedule.on):
        return question
    return f"{question[: said.start()]}{question[said.end() :]}"


def _usual(on: Frequency) -> Frequency:
    """Return which of daily, weekly and monthly a frequency is, as the adverb means it."""
    if on in WEEK:
        return Frequency.MONDAY
    return Frequency.DAY if on is Frequency.WEEKDAY else on


def _missing(typed: str) -> ScheduleError:
    found = _SCHEDULE.search(typed)
    if found is not None:
        return _one_only(f"{typed[: found.start()]}{typed[found.end() :]}".strip(), found)
    reason = "How often? Add `every day`, `every weekday`, `every month` or a day such as `every monday`."
    if day := _ONE_DAY.search(typed):
        question = typed[: day.start()].strip()
        return ScheduleError(reason, question, Schedule(_DAYS[day["one"].lower()], _time(day, question)).typed)
    if unknown := _UNKNOWN.search(typed):
        near = nearest(unknown["word"], _WHOLE_DAYS)
        example = _EXAMPLE if near is None else Schedule(_DAYS[near]).typed
        reason = f"I don't know the schedule {quoted(unknown[0])}. {reason}"
        return ScheduleError(reason, typed[: unknown.start()].strip(), example)
    return ScheduleError(reason, typed)


def _one_only(question: str, found: re.Match[str]) -> ScheduleError:
    schedule = Schedule(_frequency(found, question), _time(found, question))
    reason = "I take one schedule a line. For another one, type another line."
    rest = _SCHEDULE.sub("", _JOINED.sub("", _ANOTHER.sub("", question)))
    return ScheduleError(reason, " ".join(rest.split()), schedule.typed)


def _frequency(found: re.Match[str], question: str) -> Frequency:
    word = (found["unit"] or found["adverb"] or found["plural"]).lower()
    frequency = _UNITS.get(word) or _UNITS[word.removesuffix("s")]
    if found["day"] is None:
        return frequency
    if frequency is not Frequency.MONDAY or word not in {"week", "weekly"}:
        typed = Schedule(_DAYS[found["day"].lower()]).typed
        raise ScheduleError(f'I don\'t know a schedule "{found[0].strip()}".', question, typed)
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
        raise ScheduleError(f'I don\'t know the time in "{found[0].strip()}".', question) from None


def _hour_of_day(hour: int, half: str) -> int:
    """Return the hour of a 24-hour clock. Raises ValueError if a half of the day has no such hour."""
    if not half:
        return hour
    if not 1 <= hour <= _NOON:
        raise ValueError(hour)
    return hour % _NOON + (_NOON if half == "p" else 0)
