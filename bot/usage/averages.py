"""Averages: what an answer comes to for each day, week, month, task or person, with what it was divided by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain import formatting
from bot.domain.money import divided_nanos, show_usd
from bot.domain.periods import FIRST_YEAR, local_day
from bot.domain.query.when import Hours, PointInTime, Range
from bot.ledger.members import NAMELESS
from bot.usage import report_formatting
from bot.usage.report import Report

_DAYS = {"day": 1, "week": 7, "month": 30}
_MONTHS_OF_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class Average:
    """What an amount comes to for each `unit`: `total_nanos` times `times`, divided by `number`.

    `each` says for each of what, `by` what it was divided by, in words; `left_out` what isn't counted, if anything.
    """

    unit: str
    total_nanos: int
    number: int
    each: str
    by: str
    times: int = 1
    left_out: str = ""

    @property
    def nanos(self) -> int:
        """The average in nanos."""
        return divided_nanos(self.total_nanos * self.times, self.number)


@dataclass(frozen=True, slots=True)
class NoAverage:
    """That there is no average for each `unit`; `why` says in a sentence why."""

    unit: str
    why: str


class _NoAverageError(Exception):
    """There is no average; the message says in a sentence why."""


def averages_of(report: Report) -> list[Average | NoAverage]:
    """Return the averages that the question of a report asks for, in its order."""
    return [_average(report, unit) for unit in report.question.average]


def average_values(report: Report) -> dict[str, object]:
    """Return the values of the template about the averages of a report."""
    found = averages_of(report)
    values = [
        {"average": show_usd(each.nanos), "each": each.each, "total": show_usd(each.total_nanos), "by": each.by}
        for each in found
        if isinstance(each, Average)
    ]
    return {"averages": values, "notes": _notes(report, found)}


def average_lines(report: Report) -> list[str]:
    """Return the averages of a report as lines of plain text."""
    found = averages_of(report)
    lines = [
        f"{show_usd(each.nanos)} {each.each} on average: {show_usd(each.total_nanos)} divided by {each.by}"
        for each in found
        if isinstance(each, Average)
    ]
    return [*lines, *_notes(report, found)]


def _notes(report: Report, found: Sequence[Average | NoAverage]) -> list[str]:
    """Return sentences on why there is no average, and on what isn't counted in those that there are."""
    notes = [each.left_out if isinstance(each, Average) else each.why for each in found]
    if report.total.without_cost and any(isinstance(each, Average) for each in found):
        notes.append(_uncounted(formatting.count(report.total.without_cost, "task")))
    return list(dict.fromkeys(filter(None, notes)))


def _average(report: Report, unit: str) -> Average | NoAverage:
    try:
        _check_known(report)
        if unit == "task":
            return _of_tasks(report)
        return _of_people(report) if unit == "member" else _of_days(report, unit)
    except _NoAverageError as error:
        return NoAverage(unit, str(error))


def _check_known(report: Report) -> None:
    """Raise _NoAverageError if it isn't known what was spent, or if there was no task."""
    if report_formatting.is_unread(report):
        raise _NoAverageError(f"{report_formatting.UNREAD} So there is no average yet.")
    if not report_formatting.is_known(report):
        raise _NoAverageError("The cost of these tasks is unknown, so there is no average.")
    if not report.total.tasks:
        raise _NoAverageError(f"There is no spend to average: {report_formatting.span(report)} has no task.")


# --- for each task and person ------------------------------------------------------------------------


def _of_tasks(report: Report) -> Average:
    total = report.total
    known = total.tasks - total.without_cost
    return Average("task", report.spend_nanos, known, "a task", formatting.count(known, "task"))


def _of_people(report: Report) -> Average:
    """Return the average for each person. Raises _NoAverageError for one person, or none that is known."""
    if report.scope.members is not None:
        return _of_so_many(report.spend_nanos, len(report.scope.members), "")
    people = [each for each in report.by_member if each.key[0] not in NAMELESS and each.tasks > each.without_cost]
    others = [each for each in report.by_member if each not in people]
    spent, rest = (sum(each.spend(report.basis) for each in some) for some in (people, others))
    unknown = [each for each in others if each.key[0] not in NAMELESS]
    left_out = [
        f"{show_usd(rest)} of removed or unknown members isn't counted." if rest else "",
        _uncounted(f"{len(unknown):,} {'person' if len(unknown) == 1 else 'people'}") if unknown else "",
    ]
    return _of_so_many(spent, len(people), " ".join(filter(None, left_out)))


def _of_so_many(spent: int, people: int, left_out: str) -> Average:
    if people == 1:
        raise _NoAverageError(f"That is one person's spend: {show_usd(spent)}. {left_out}".strip())
    if not people:
        raise _NoAverageError("I don't know whose tasks these are, so there is no average for a person.")
    return Average("member", spent, people, "a person", f"{people:,} people", left_out=left_out)


def _uncounted(what: str) -> str:
    return f"{what} with unknown cost {'is' if what.startswith('1 ') else 'are'}n't counted."


# --- for each day, week and month --------------------------------------------------------------------


def _of_days(report: Report, unit: str) -> Average:
    """Return the average for each day, week or month. Raises _NoAverageError if the time is none of whole days."""
    days, spent = _days_so_far(report), report.spend_nanos
    is_over = report.now >= report.window.end
    if unit == "month" and is_over and (months := _whole_months(report)):
        return Average(unit, spent, months, "a month", formatting.count(months, "month"))
    length = _DAYS[unit]
    if days < length:
        raise _NoAverageError(
            f"{report_formatting.span(report)} is less than a {unit}{'' if is_over else ' so far'}, so it has no"
            f" average for a {unit}. I can average it for a day."
        )
    if unit == "week" and is_over and days % length == 0:
        return Average(unit, spent, days // length, "a week", formatting.count(days // length, "week"))
    by = f"{formatting.count(days, 'day')}{'' if is_over else ' so far, today included'}"
    each = "for 30 days" if unit == "month" else f"a {unit}"
    return Average(unit, spent, days, each, by if length == 1 else f"{by}, times {length}", length)


def _days_so_far(report: Report) -> int:
    """Return how many local days the answer covers, today included. Raises _NoAverageError for hours."""
    when = report.question.effective_when
    edges = (when.start, when.end) if isinstance(when, Range) else ()
    if isinstance(when, Hours) or any(isinstance(each, PointInTime) for each in edges):
        raise _NoAverageError("I average whole days, and that is about hours. Try `7d`.")
    start = report.window.start
    if start.year <= FIRST_YEAR or not report.complete:
        raise _NoAverageError("I don't have all of that time, so I can't average its days. Try `30d`.")
    last = min(report.window.end - timedelta(microseconds=1), report.now)
    return (local_day(last, report.zone) - local_day(start, report.zone)).days + 1


def _whole_months(report: Report) -> int:
    """Return how many months of the calendar the answer covers; 0 if it is not about whole ones."""
    first, end = (local_day(each, report.zone) for each in (report.window.start, report.window.end))
    is_whole = first.day == end.day == 1
    return (end.year - first.year) * _MONTHS_OF_A_YEAR + end.month - first.month if is_whole else 0
