"""Renders answers about failures: the report, the tasks of groups, and what is silenced."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.domain import formatting
from bot.domain.cells import Cell, amount_cell, count_cell
from bot.domain.keys import ActionKey
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.alert_facts import FailedTask, first_line
from bot.failures.error_lines import ErrorLine
from bot.failures.keys import LiftSilenceAction
from bot.failures.report import ErrorReport
from bot.failures.silence_facts import ActiveSilence
from bot.ledger.failed_task_queries import TaskShare
from bot.slack import blocks
from bot.slack.blocks import Button, Draft, Message
from bot.slack.mrkdwn import escape, mention
from bot.slack.templates import Templates

_KINDS, _PARTS, _SILENCES = 25, 10, 5  # the most lines of each part
_CELL = 200  # characters of an error


@dataclass(frozen=True, slots=True)
class FailureView:
    """What an answer is rendered with; `address` links tasks, if there is one for them."""

    templates: Templates
    zone: ZoneInfo
    address: str | None = None


# --- the report ----------------------------------------------------------------------------------


def report_message(report: ErrorReport, view: FailureView, silences: Sequence[ActiveSilence]) -> Message:
    """Return the report as a message, with the silences in force and buttons that lift them."""
    text = view.templates.render("failures/report", **_facts(report, view))
    draft = Draft(text.partition("\n")[0])
    if report.question.in_words:
        draft.add(blocks.context(view.templates.render("failures/understood", line=report.query)))
    draft.add(blocks.section(text))
    if report.lines:
        _add_lines(draft, report, view)
    for title, shares in (("By model", report.by_model), ("By member", report.by_member)):
        if lines := _share_lines(shares):
            draft.add(blocks.section(f"*{title}*\n" + "\n".join(lines)))
    _add_silences(draft, silences, view)
    draft.add(blocks.context(view.templates.render("failures/footnotes", **_freshness(report, view))))
    return draft.message()


def _facts(report: ErrorReport, view: FailureView) -> dict[str, object]:
    whose = "everybody" if report.members is None else ", ".join(report.members)
    start, end = (formatting.moment(each, view.zone) for each in (report.window.start, report.window.end))
    return {
        "whose": one_line(whose),
        "when": str(report.question.effective_when) or "all time",
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


def cells(line: ErrorLine, zone: ZoneInfo) -> list[Cell]:
    """Return a kind of failure as cells of COLUMNS."""
    return [
        count_cell(line.tasks),
        amount_cell(line.nanos),
        count_cell(line.members),
        line.model,
        line.status,
        formatting.moment(line.last, zone),
        line.cap or line.error,
    ]


def _add_lines(draft: Draft, report: ErrorReport, view: FailureView) -> None:
    rows = [cells(line, view.zone) for line in report.lines[:_KINDS]]
    shown = draft.add_table("Kinds of failures", COLUMNS, rows)
    if omitted := len(report.lines) - shown:
        rest = sum(line.tasks for line in report.lines[shown:])
        draft.add(blocks.context(f"and {omitted:,} other kinds, {formatting.count(rest, 'task')}"))


def _share_lines(shares: Sequence[TaskShare]) -> list[str]:
    """Return what share of the tasks failed, for the models or members where some did."""
    failing = [each for each in shares if each.failed]
    lines = [
        f"{escape(one_line(each.name, 60))}  {each.failed:,} of {each.tasks:,} ({percent(each.failed, each.tasks)})"
        for each in failing
    ]
    more = len(failing) - _PARTS
    return [*lines[:_PARTS], *([f"and {more:,} more"] if more > 0 else [])]


def percent(part: int, whole: int) -> str:
    """Return a share in whole percent, but "<1%" for one that is something."""
    if not part or not whole:
        return "0%"
    return "<1%" if part * 100 < whole else formatting.percent(part, whole)


def _add_silences(draft: Draft, silences: Sequence[ActiveSilence], view: FailureView) -> None:
    for each in silences[:_SILENCES]:
        draft.add(blocks.context(silence_line(each, view.zone)))
    if len(silences) > _SILENCES:
        draft.add(blocks.context(f"and {len(silences) - _SILENCES:,} more silences"))
    if silences:
        draft.add(blocks.actions([lift_button(each, LiftSilenceAction(each.id)) for each in silences[:_SILENCES]]))


def silence_line(silence: ActiveSilence, zone: ZoneInfo) -> str:
    """Return a silence as a line of mrkdwn."""
    why = f": {escape(silence.reason)}" if silence.reason else ""
    last = formatting.last_day(silence.until, zone)
    return f":zzz: Silenced through {last}, {escape(silence.name)}, by {mention(silence.by)}{why}"


def lift_button(silence: ActiveSilence, key: ActionKey) -> Button:
    """Return the button that ends a silence; `key` is that of wherever it stands."""
    return blocks.button(one_line(f"Lift: {silence.name}", 60), key)


# --- the tasks of a group ------------------------------------------------------------------------

_TASK_COLUMNS = ("Task", "Spent", "Member", "Failed", "Title", "Error")


def tasks_message(tasks: Sequence[FailedTask], view: FailureView) -> Message:
    """Return the tasks of groups as a message, in their order."""
    text = view.templates.render("failures/tasks", count=formatting.count(len(tasks), "failed task"))
    draft = Draft(text)
    draft.add(blocks.section(text))
    rows = [_task_cells(each, view) for each in tasks]
    shown = draft.add_table("Failed tasks", _TASK_COLUMNS, rows, longest=_CELL)
    if shown < len(rows):
        draft.add(blocks.context(f"and {len(rows) - shown:,} more or so: `errors` and `rows` list them"))
    if view.address and shown:
        links = ", ".join(failure_formatting.link(view.address, each.task_id) for each in tasks[:10])
        draft.add(blocks.context(f"In Neo: {links}"))
    return draft.message()


def _task_cells(task: FailedTask, view: FailureView) -> list[Cell]:
    when = formatting.moment(task.failed_at, view.zone) + (" (completed since)" if task.recovered else "")
    return [task.task_id[:8], amount_cell(task.nanos), task.member, when, task.title or "", first_line(task.error)]
