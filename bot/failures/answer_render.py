"""Answers about failures to whoever asked: the report, the tasks of a group, and what is silenced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.facts import FailedTask, first_line
from bot.failures.report import ErrorLine, ErrorReport, Part
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import escape, mention
from bot.slack.templates import Templates

LIFT = "failure_lift"
_KINDS, _PARTS, _SILENCES = 25, 10, 5  # lines that an answer shows
_CELL = 200  # characters of an error


@dataclass(frozen=True, slots=True)
class FailureView:
    """For whom an answer is shown."""

    templates: Templates
    zone: ZoneInfo
    address: str | None = None


@dataclass(frozen=True, slots=True)
class ActiveSilence:
    """A silence that holds: its key, what it is about, until when, why, and by whom (a Slack id)."""

    id: int
    name: str
    until: datetime
    reason: str | None
    by: str


# --- the report ----------------------------------------------------------------------------------


def report(report: ErrorReport, view: FailureView, silences: Sequence[ActiveSilence]) -> Message:
    """The report as a message."""
    text = view.templates.render("failures/report", **_facts(report, view))
    draft = Draft(text.partition("\n")[0])
    draft.add(blocks.section(text))
    if report.lines:
        _add_lines(draft, report, view)
    for title, parts in (("By model", report.by_model), ("By member", report.by_member)):
        if lines := _shares(parts):
            draft.add(blocks.section(f"*{title}*\n" + "\n".join(lines)))
    _add_silences(draft, silences, view)
    draft.add(blocks.context(view.templates.render("failures/footnotes", **_freshness(report, view))))
    return draft.message()


def _facts(report: ErrorReport, view: FailureView) -> dict[str, object]:
    whose = "everybody" if report.members is None else ", ".join(report.members)
    start, end = (formatting.moment(each, view.zone) for each in (report.window.start, report.window.end))
    return {
        "whose": one_line(whose),
        "when": str(report.question.asked_when) or "all time",
        "span": f"{start} to {end} {view.zone.key}",
        "failed": report.failed,
        "tasks": formatting.count(report.tasks, "task"),
        "share": percent(report.failed, report.tasks),
        "spent": show_usd(report.nanos),
        "kinds": len(report.lines),
    }


def _freshness(report: ErrorReport, view: FailureView) -> dict[str, object]:
    as_of = "" if report.as_of is None else formatting.moment(report.as_of, view.zone)
    return {"as_of": as_of, "complete": report.complete}


COLUMNS = ("Tasks", "Spent", "Members", "Model", "Ended as", "Last", "Error")
NUMBERS = (0, 1, 2)


def cells(line: ErrorLine, zone: ZoneInfo) -> list[str]:
    """A kind of failure as cells."""
    return [
        f"{line.tasks:,}",
        show_usd(line.nanos),
        f"{line.members:,}",
        line.model,
        line.status,
        formatting.moment(line.last, zone),
        line.cap or line.error,
    ]


def _add_lines(draft: Draft, report: ErrorReport, view: FailureView) -> None:
    rows = [cells(line, view.zone) for line in report.lines[:_KINDS]]
    kept = blocks.fitting_rows(rows)
    draft.add(blocks.table(COLUMNS, kept, NUMBERS), lambda: blocks.plain_table(COLUMNS, rows, NUMBERS))
    if left := len(report.lines) - len(kept):
        rest = sum(line.tasks for line in report.lines[len(kept) :])
        draft.add(blocks.context(f"and {left:,} other kinds, {formatting.count(rest, 'task')}"))


def _shares(parts: Sequence[Part]) -> list[str]:
    """What share of the tasks failed, for the parts where some did."""
    failing = [part for part in parts if part.failed]
    lines = [
        f"{escape(one_line(part.name, 60))}  {part.failed:,} of {part.tasks:,} ({percent(part.failed, part.tasks)})"
        for part in failing
    ]
    more = len(failing) - _PARTS
    return [*lines[:_PARTS], *([f"and {more:,} more"] if more > 0 else [])]


def percent(part: int, whole: int) -> str:
    """A share in percent: whole ones, but never 0 for what is something."""
    if not part or not whole:
        return "0 %"
    share = part * 100 / whole
    return "<1 %" if share < 1 else f"{share:.0f} %"


def _add_silences(draft: Draft, silences: Sequence[ActiveSilence], view: FailureView) -> None:
    for each in silences[:_SILENCES]:
        draft.add(blocks.context(silenced(each, view.zone)))
    if len(silences) > _SILENCES:
        draft.add(blocks.context(f"and {len(silences) - _SILENCES:,} more silences"))
    if silences:
        draft.add(blocks.actions([lifting(each) for each in silences[:_SILENCES]]))


def silenced(each: ActiveSilence, zone: ZoneInfo) -> str:
    """A silence in words."""
    why = f": {escape(each.reason)}" if each.reason else ""
    last = formatting.last_day(each.until, zone)
    return f":zzz: Silenced through {last}, {escape(each.name)}, by {mention(each.by)}{why}"


def lifting(each: ActiveSilence, action: str = LIFT) -> Button:
    """The button that ends a silence."""
    return blocks.raw_button(one_line(f"Lift: {each.name}", 60), f"{action}:{each.id}", str(each.id))


# --- the tasks of a group ------------------------------------------------------------------------

_TASK_COLUMNS = ("Task", "Spent", "Member", "Failed", "Title", "Error")


def tasks(found: Sequence[FailedTask], view: FailureView) -> Message:
    """The tasks of a group, the latest first."""
    text = view.templates.render("failures/tasks", count=formatting.count(len(found), "failed task"))
    draft = Draft(text)
    draft.add(blocks.section(text))
    rows = [_task_cells(each, view) for each in found]
    kept = blocks.fitting_rows(rows)
    if rows:
        draft.add(blocks.table(_TASK_COLUMNS, kept, (1,), _CELL), lambda: blocks.plain_table(_TASK_COLUMNS, rows, (1,)))
    if len(kept) < len(rows):
        draft.add(blocks.context(f"and {len(rows) - len(kept):,} more or so: `errors` and `rows` list them"))
    if view.address and kept:
        links = ", ".join(failure_formatting.link(view.address, each.task_id) for each in found[:10])
        draft.add(blocks.context(f"In Neo: {links}"))
    return draft.message()


def _task_cells(each: FailedTask, view: FailureView) -> list[str]:
    amount = "unknown" if each.nanos is None else show_usd(each.nanos)
    when = formatting.moment(each.failed_at, view.zone) + (" (completed since)" if each.mended else "")
    return [each.task_id[:8], amount, each.member, when, each.title or "", first_line(each.error)]
