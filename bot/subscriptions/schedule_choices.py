"""What is asked back: which question `send me this every monday` means, and how often a `weekly summary` is wanted."""

from bot.domain.access import OWN_SPEND_ONLY, Caller, RefusedError, Role
from bot.domain.everyday.vocabulary import FILLER
from bot.subscriptions.schedule import Schedule
from bot.subscriptions.schedule_parser import ScheduleError, split_schedule

_POINTING = {"this", "that", "it", "these", "those", "same"}  # to what only people know who see it
_BESIDE = FILLER | _POINTING | {"again", "repeat", "one", "thing", "things", "answer", "question"}
_TIMES = {
    "daily": ("yesterday", "every day 09:00"),
    "weekly": ("last week", "every monday 09:00"),
    "monthly": ("last month", "every month 09:00"),
}


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
