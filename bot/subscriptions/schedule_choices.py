"""What is asked back: which question is to be sent regularly, of what time, and whether regularly at all."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.access import OWN_SPEND_ONLY, Caller, RefusedError, Role
from bot.domain.everyday.vocabulary import FILLER
from bot.domain.periods import Unit
from bot.domain.query.question import Field, Question, describe
from bot.domain.query.when import THIS_MONTH, Calendar, When
from bot.subscriptions.schedule import Frequency, Schedule
from bot.subscriptions.schedule_parser import REPORT, ScheduleError, split_schedule

_POINTING = {"this", "that", "it", "these", "those", "same"}  # to what only people know who see it
_BESIDE = FILLER | _POINTING | {"again", "repeat", "one", "thing", "things", "answer", "question"}
_DM = "dm"
_DAILY = (Frequency.DAY, Frequency.WEEKDAY)
_TIMES = {
    "daily": ("yesterday", "every day 09:00"),
    "weekly": ("last week", "every monday 09:00"),
    "monthly": ("last month", "every month 09:00"),
}


class UnclearError(RefusedError):
    """A line could mean several subscriptions: `lines` are those to choose from, `why` says what is unclear."""

    def __init__(self, why: str, lines: Sequence[str]) -> None:
        super().__init__(f"{why} Type {' or '.join(f'`{each}`' for each in lines)}.")
        self.why, self.lines = why, lines


def with_time(question: Question, text: str, schedule: Schedule, command: str) -> Question:
    """Return a question with its time; of a report, or on the 1st of a month, the period before its post.

    Args:
        question: as it was understood.
        text: as it was typed.
        schedule: when its answer is posted.
        command: what stands before the lines to choose from.

    Raises:
        UnclearError: it was asked in words, and could be of several times.
    """
    before = _period_before(schedule)
    if question.when is None and (REPORT.search(text) or (question.in_words and schedule.on is Frequency.MONTH)):
        return replace(question, when=before)
    if not question.in_words or question.included_values(Field.TASK):
        return question if question.included_values(Field.TASK) else replace(question, when=question.effective_when)
    present = Calendar(before.unit, 0)
    if question.when is None:
        times = [before, *([present] if schedule.on not in {*_DAILY, Frequency.MONDAY} else []), THIS_MONTH]
        why = "Which time should it be about?"
    elif question.when == present and schedule.is_at_start(present.unit):
        begun = "the day" if present.unit is Unit.DAY else str(present)
        times, why = [before, present], f"At that time, {begun} has only begun. Which one do you mean?"
    else:
        return question
    raise UnclearError(why, [f"{command} {_of(question, each)} {schedule.typed}" for each in times])


def _of(question: Question, when: When) -> str:
    return describe(replace(question, when=when))


def _period_before(schedule: Schedule) -> Calendar:
    """Return the day, week or month before a post."""
    unit = {Frequency.MONTH: Unit.MONTH, **dict.fromkeys(_DAILY, Unit.DAY)}.get(schedule.on, Unit.WEEK)
    return Calendar(unit, -1)


def what_to_send(line: str, asked: str | None, caller: Caller) -> tuple[list[str], Schedule]:
    """Return the lines that `dm every monday`, which names no question, may mean, and the schedule.

    `dm` and `team` may stand before the schedule. `asked` is the last question there, None if there is none.

    Raises RefusedError if it has no schedule, and for the team's, unless an operator asks.
    """
    words, is_operator = line.split(), caller.role is Role.OPERATOR
    command = "subscribe dm" if _DM in words[:1] else "subscribe"
    is_team = "team" in words[:2]
    if is_team and not is_operator:
        raise RefusedError(OWN_SPEND_ONLY)
    _, schedule = split_schedule(" ".join(word for word in words if word not in {_DM, "team"}))
    time = str(_period_before(schedule))
    usual = [f"team {time}"] if is_team else [*([f"team {time}"] if is_operator else []), time]
    questions = dict.fromkeys([*([] if asked is None else [asked or str(THIS_MONTH)]), *usual])
    return [f"{command} {each} {schedule.typed}" for each in questions], schedule


def is_pointing(text: str) -> bool:
    """Return whether the text of a question only points to another one: `this`, `the same report`."""
    words = set(text.lower().split())
    return bool(words & _POINTING) and words <= _BESIDE


def schedule_of_pointing(line: str) -> Schedule | None:
    """Return the schedule of a typed line whose question points to another one; None if it is no such line."""
    try:
        text, schedule = split_schedule(line)
    except ScheduleError:
        return None
    return schedule if is_pointing(text) else None


def once_or_regularly(line: str, caller: Caller) -> list[str]:
    """Return the lines that `weekly` or `team weekly` may mean: an answer now, or one that is sent regularly.

    Raises RefusedError for the team's, unless an operator asks.
    """
    *team, often = line.lower().split() or [""]
    is_operator = caller.role is Role.OPERATOR
    if team and not is_operator:
        raise RefusedError(OWN_SPEND_ONLY)
    time, schedule = _TIMES.get(often, _TIMES["weekly"])
    questions = [time] if not is_operator else [f"team {time}"] if team else [f"team {time}", time]
    return [*questions, *(f"subscribe dm {each} {schedule}" for each in questions)]
