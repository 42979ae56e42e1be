"""Averages: what an answer comes to for each day, week, month, task or person, with what it was divided by."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from bot.domain import formatting
from bot.domain.everyday.typography import plain
from bot.domain.everyday.vocabulary import FILLER
from bot.domain.money import show_usd
from bot.domain.periods import FIRST_YEAR, local_day
from bot.domain.query.errors import QueryError
from bot.domain.query.when import Hours, PointInTime, Range
from bot.usage import report_formatting
from bot.usage.report import Report


class Per(StrEnum):
    """What an average is for each of."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TASK = "task"
    PERSON = "person"


_DAYS = {Per.DAY: 1, Per.WEEK: 7, Per.MONTH: 30}
_UNITS = {
    word: per
    for per, words in {
        Per.DAY: "day days daily",
        Per.WEEK: "week weeks weekly",
        Per.MONTH: "month months monthly",
        Per.TASK: "task tasks job jobs",
        Per.PERSON: "person people member members user users head teammate colleague engineer",
    }.items()
    for word in words.split()
}
_NAMES = "|".join(sorted(_UNITS, key=len, reverse=True))
_AVERAGE = r"(?:average|averages|avg|avg\.|mean|averaged|averaging)"
_MARKED = re.compile(rf"(?<!\S)(?:on )?(?:the |an? )?{_AVERAGE}(?!\S)")
_EACH = re.compile(rf"(?<!\S)(?:for )?(?:per|an?|each|every)(?: (?:single|average))? (?P<unit>{_NAMES})(?!\S)")
_ADVERB = re.compile(r"(?<!\S)(?P<unit>daily|weekly|monthly)(?!\S)")
_POINTING = re.compile(r"(?<!\S)(?:it|that|this|these|those|they|them)(?! (?:day|week\w*|month|quarter|year))(?!\S)")
_OF_A_TASK = re.compile(r"(?<!\S)(?:an?|the|one|each|every|of)? ?(?P<unit>task|tasks|job|jobs)(?!\S)")
_ASKING = {*FILLER, "make", "makes", "come", "comes", "work", "works", "out", "be", "does", "was", "mean", "each"}


@dataclass(frozen=True, slots=True)
class WantedAverage:
    """For each of what an average is wanted, if that is said; `rest` is what it is of, empty for the question before.

    `points` says that it is only of that, as in `how much is that a day`.
    """

    per: Per | None
    rest: str
    points: bool


def wanted_average(line: str) -> WantedAverage | None:
    """Return the average that a typed line asks for; None if it asks for none.

    `a day` and the like alone is none: it asks for each of the days, unless it points to an answer, as in `how much is
    that a day`.
    """
    said = plain(line)
    texts = said.lower()
    marked, each = _MARKED.search(texts), _EACH.search(texts)
    if marked is None and (each is None or not _is_pointing(texts, each)):
        return None
    unit = each or (_ADVERB.search(texts) or _OF_A_TASK.search(texts))
    found = sorted(one.span() for one in (marked, unit) if one is not None)
    rest = texts
    for begun, end in reversed(found):
        rest = f"{rest[:begun]} {rest[end:]}"
    points, rest = bool(_POINTING.search(rest)), _POINTING.sub(" ", rest)
    rest = "" if set(rest.split()) <= _ASKING else " ".join(rest.split())
    return WantedAverage(_UNITS[unit["unit"]] if unit else None, rest, points and not rest)


def _is_pointing(texts: str, each: "re.Match[str]") -> bool:
    """Return whether a line is only about the answer before: `how much is that a day`."""
    others = f"{texts[: each.start()]} {texts[each.end() :]}"
    return bool(_POINTING.search(others)) and set(_POINTING.sub(" ", others).split()) <= _ASKING


def before_line(average: WantedAverage, asked: str | None) -> str:
    """Return the question that an average without one of its own is of: the last one, `asked`, or one's own month.

    Raises QueryError if it points to an answer, and there is none.
    """
    if asked is None and average.points:
        raise QueryError("I don't know which answer you mean. Ask all of it, such as `average per day last week`.")
    return asked or ""


def average_values(report: Report, per: Per | None, people: int) -> dict[str, object]:
    """Return the values of the template about an average; `people` is how many members have tasks in the report.

    Raises:
        QueryError: it can't be said what the amount is divided by.
    """
    if not report_formatting.is_known(report):
        raise QueryError("The cost of these tasks is unknown, so there is no average.")
    if not report.total.tasks:
        raise QueryError(f"There is no spend to average: {report_formatting.span(report)} has no task.")
    shown = [per] if per is not None else [Per.DAY, Per.TASK]
    averages = [_average(report, each, people) for each in shown]
    return {
        "averages": averages,
        "total": show_usd(report.spend_nanos),
        "span": report_formatting.span(report),
        "without_cost": formatting.count(report.total.without_cost, "task") if report.total.without_cost else "",
    }


def _average(report: Report, per: Per, people: int) -> dict[str, str]:
    """Return an average with what it is for each of, and with what its amount was divided by."""
    if per is Per.TASK:
        return _divided(report, per, report.total.tasks - report.total.without_cost, "task")
    if per is Per.PERSON:
        people = people if report.scope.members is None else len(report.scope.members)
        if people == 1:
            raise QueryError(f"That is one person's spend: {show_usd(report.spend_nanos)}.")
        return _divided(report, per, people, "person", "people")
    days = _days_so_far(report)
    if days < _DAYS[per]:
        raise QueryError(
            f"{report_formatting.span(report)} is less than a {per} so far, so it has no average for a {per}."
            " I can average it for a day."
        )
    is_open = report.now < report.window.end
    by = f"{formatting.count(days, 'day')}{' so far, today included' if is_open else ''}"
    return {"average": show_usd(round(report.spend_nanos * _DAYS[per] / days)), "per": _of(per), "by": by}


def _divided(report: Report, per: Per, number: int, one: str, several: str = "") -> dict[str, str]:
    by = formatting.count(number, one) if number == 1 or not several else f"{number:,} {several}"
    return {"average": show_usd(round(report.spend_nanos / number)), "per": _of(per), "by": by}


def _of(per: Per) -> str:
    return "for 30 days" if per is Per.MONTH else f"a {per}"


def _days_so_far(report: Report) -> int:
    """Return how many local days the answer covers, today included. Raises QueryError if they aren't whole days."""
    when = report.question.effective_when
    edges = (when.start, when.end) if isinstance(when, Range) else ()
    if isinstance(when, Hours) or any(isinstance(each, PointInTime) for each in edges):
        raise QueryError("I average whole days, and that is about hours. Try `7d`.")
    start = report.window.start
    if start.year <= FIRST_YEAR or not report.complete:
        raise QueryError("I don't have all of that time, so I can't average it. Try `30d`.")
    last = min(report.window.end - timedelta(microseconds=1), report.now)
    return (local_day(last, report.zone) - local_day(start, report.zone)).days + 1
