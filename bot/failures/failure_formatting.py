"""Formatting of failures: phrases that alerts, answers and App Home share."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.domain import formatting
from bot.domain.cells import Number, amount_cell
from bot.domain.money import show_usd
from bot.domain.query.question import Field
from bot.domain.text import one_line
from bot.failures.alert_facts import GroupFacts
from bot.failures.report import ErrorReport
from bot.failures.rules import Cap
from bot.slack.mrkdwn import Trusted, escape

_NAMED = 5  # the most members that are named
_HOURS, _DAYS = 120, 48 * 60  # minutes, above which hours and days read better

CAPS = {
    Cap.MEMBER: "the member's spending cap in Neo is reached",
    Cap.PROJECT: "the project's spending cap in Neo is reached",
    Cap.CREDITS: "the team's Neo credits are used up",
}


def whose(report: ErrorReport, everybody: str, name: Callable[[str], str]) -> str:
    """Return whose failures a report is about, and the filters that leave some out.

    `everybody` stands where nobody is named; `name` returns what a member is called.
    """
    question = report.question
    members = report.members or question.included_values(Field.EMAIL)
    without = (f"without {name(email)}" for email in question.excluded_values(Field.EMAIL))
    return one_line(", ".join([*(map(name, members) if members else [everybody]), *without, *question.conditions]))


def within(group: GroupFacts) -> str:
    """Return within how long a group's failures happened."""
    minutes = (group.last - group.began) // timedelta(minutes=1)
    if minutes < 1:
        return "within a minute"
    if minutes < _HOURS:
        return f"in {minutes} min"
    return f"in {minutes // 60} h" if minutes < _DAYS else f"in {minutes // 1440} days"


def deleted_errors(report: ErrorReport, zone: ZoneInfo) -> str:
    """Return that errors are deleted, as a sentence; empty if none of the time asked for are."""
    before = report.details_deleted_before
    if before is None or not report.lacks_errors:
        return ""
    return f"{formatting.deleted_details(before, zone, report.asked_at)}."


SO_FAR, IN_PERIOD = "so far", "in this period"  # what a cost is of: the tasks in all, or the time asked for


def cost(nanos: int, unknown: int, when: str) -> str:
    """Return what failures cost, and when: `$9.80 so far`, `$9.80 in this period, 1 with unknown cost`, `unknown cost`.

    `unknown` is the number of tasks whose cost is not known, which are not in `nanos`.
    """
    if unknown and not nanos:
        return "unknown cost"
    known = f"{show_usd(nanos) if nanos else 'no cost'} {when}"
    return f"{known}, {unknown:,} with unknown cost" if unknown else known


def cost_sentence(tasks: int, nanos: int, unknown: int) -> str:
    """Return what tasks that failed cost within a period: `They cost $9.80 in this period, 1 with unknown cost.`."""
    if unknown and not nanos:
        return f"{'Its' if tasks == 1 else 'Their'} cost is unknown."
    subject = "It" if tasks == 1 else "They"
    return f"{subject} cost {cost(nanos, unknown, IN_PERIOD) if nanos else f'nothing {IN_PERIOD}'}."


def completed_since(tasks: int) -> str:
    """Return that tasks which failed do not count as failed any more; empty if there are none."""
    if not tasks:
        return ""
    has, they_count = ("has", "it no longer counts") if tasks == 1 else ("have", "they no longer count")
    return f"{formatting.count(tasks, 'task')} that failed in this period {has} completed since, so {they_count}."


def cost_cell(nanos: int, unknown: int) -> Number:
    """Return what failures cost as a cell of a table: `$9.80`, `$9.80 + 1 unknown`, `unknown`."""
    if not unknown:
        return amount_cell(nanos)
    known = amount_cell(nanos)
    return Number(known.value, f"{known.text} + {unknown:,} unknown") if nanos else amount_cell(None)


def until(end: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Return until when a silence lasts: `until Nov 28, 18:00`."""
    return f"until {formatting.dated_time(end, zone, now)}"


def names(members: Sequence[str]) -> str:
    """Return members by name, as many as a line holds."""
    more = len(members) - _NAMED
    return ", ".join(members[:_NAMED]) + (f" and {formatting.count(more, 'other')}" if more > 0 else "")


def link(template: str | None, task_id: str) -> Trusted:
    """Return the beginning of a task's id, linked to its page in Neo where there is an address for that."""
    label = escape(task_id[:8])
    if template is None:
        return Trusted(label)
    return Trusted(f"<{template.replace('{task_id}', quote(task_id, safe=''))}|{label}>")
