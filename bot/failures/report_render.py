"""Renders answers about failures: the report, the tasks of groups, and what is silenced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain import formatting
from bot.domain.cells import Cell, amount_cell, count_cell, moment_cell
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
_CELL, _TITLE = 200, 40  # characters of an error, and of a title


@dataclass(frozen=True, slots=True)
class FailureView:
    """What an answer is rendered with, at `now`; `address` links tasks, if there is one for them.

    `names` are those of members by e-mail; who has none is shown by e-mail.
    """

    templates: Templates
    zone: ZoneInfo
    now: datetime
    address: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, email: str) -> str:
        """Return what a member is called."""
        return self.names.get(email, email)


# --- the report ----------------------------------------------------------------------------------


def report_message(
    report: ErrorReport,
    view: FailureView,
    silences: Sequence[ActiveSilence],
    buttons: Sequence[Button] = (),
    note: str = "",
) -> Message:
    """Return the report as a message, with its buttons, and the silences in force with buttons that lift them.

    `note` says what was just done about them.
    """
    text = view.templates.render("failures/report", **_facts(report, view))
    draft = Draft(text.partition("\n")[0])
    if report.question.in_words:
        draft.add(blocks.context(view.templates.render("failures/understood", line=report.query)))
    draft.add(blocks.section(text))
    if report.lines:
        _add_lines(draft, report, view)
    for title, shares in (("By model", report.by_model), ("By member", report.by_member)):
        if len(shares) > 1 and (lines := _share_lines(shares, view)):
            draft.add(blocks.section(f"*{title}*\n" + "\n".join(lines)))
    if buttons:
        draft.add(blocks.actions(list(buttons)))
    if note:
        draft.add(blocks.context(note))
    _add_silences(draft, silences, report.query, view.zone)
    draft.add(blocks.context(view.templates.render("failures/footnotes", **_freshness(report, view))))
    return draft.message()


def _facts(report: ErrorReport, view: FailureView) -> dict[str, object]:
    return {
        "whose": failure_formatting.whose(report, "Everyone", view.name),
        "when": str(report.question.effective_when) or "all time",
        "span": period(report, view.zone),
        "failed": report.failed,
        "tasks": formatting.count(report.tasks, "task"),
        "share": formatting.percent(report.failed, report.tasks) if report.failed else "",
        "spent": show_usd(report.nanos),
        "cost": failure_formatting.cost_sentence(report.failed, report.nanos, report.unknown),
        "kinds": len(report.lines),
    }


def period(report: ErrorReport, zone: ZoneInfo) -> str:
    """Return the time that a report is about, as far as it has come: `Nov 22–28`, `all time`."""
    if not str(report.question.effective_when):
        return "all time"
    return formatting.span_so_far(report.window, zone, report.asked_at)


def _freshness(report: ErrorReport, view: FailureView) -> dict[str, object]:
    as_of = "" if report.as_of is None else formatting.local_time(report.as_of, view.zone, view.now)
    completed = failure_formatting.completed_since(report.recovered)
    return {
        "as_of": as_of,
        "zone": view.zone.key,
        "complete": report.complete,
        "completed": completed,
        "deleted": failure_formatting.deleted_errors(report, view.zone),
    }


_COLUMNS = ("Cause", "Tasks", "Cost in period", "Error", "Members", "Model", "Last")


def kinds_table(report: ErrorReport, zone: ZoneInfo, most: int) -> tuple[Sequence[str], list[list[Cell]]]:
    """Return the columns of the kinds of failure, and `most` rows; statuses stand there if they differ."""
    lines = report.lines[:most]
    rows = [_cells(line, zone) for line in lines]
    if len({line.status for line in lines}) <= 1:
        return _COLUMNS, rows
    return (*_COLUMNS, "Status"), [[*row, line.status] for row, line in zip(rows, lines, strict=True)]


def _cells(line: ErrorLine, zone: ZoneInfo) -> list[Cell]:
    return [
        line.cause,
        count_cell(line.tasks),
        failure_formatting.cost_cell(line.nanos, line.unknown),
        line.cap or line.error,
        count_cell(line.members),
        line.model,
        moment_cell(line.last, zone),
    ]


def _add_lines(draft: Draft, report: ErrorReport, view: FailureView) -> None:
    columns, rows = kinds_table(report, view.zone, _KINDS)
    shown = draft.add_table("Kinds of failures", columns, rows)
    if omitted := len(report.lines) - shown:
        rest = sum(line.tasks for line in report.lines[shown:])
        more = formatting.count(omitted, "more kind")
        draft.add(blocks.context(f"and {more} of failure ({formatting.count(rest, 'task')})"))


def _share_lines(shares: Sequence[TaskShare], view: FailureView) -> list[str]:
    """Return what share of the tasks failed, for the models or members where some did."""
    failing = [each for each in shares if each.failed]
    more = len(failing) - _PARTS
    return [
        *(_share_line(each, view) for each in failing[:_PARTS]),
        *([f"and {more:,} more"] if more > 0 else []),
    ]


def _share_line(share: TaskShare, view: FailureView) -> str:
    percent = formatting.percent(share.failed, share.tasks)
    return escape(f"{one_line(view.name(share.name), 60)}: {share.failed:,} of {share.tasks:,} ({percent})")


def _add_silences(draft: Draft, silences: Sequence[ActiveSilence], line: str, zone: ZoneInfo) -> None:
    for each in silences[:_SILENCES]:
        draft.add(blocks.context(silence_line(each, zone)))
    if len(silences) > _SILENCES:
        draft.add(blocks.context(f"and {formatting.count(len(silences) - _SILENCES, 'more silence')}"))
    if silences:
        draft.add(blocks.actions([lift_button(each, _lift_key(each, line)) for each in silences[:_SILENCES]]))


def _lift_key(silence: ActiveSilence, line: str) -> LiftSilenceAction:
    """Return the key of the button that ends a silence in the answer to `line`, if the button can hold that."""
    key = LiftSilenceAction(silence.id, line)
    return key if len(key.value) <= blocks.LONGEST_VALUE else LiftSilenceAction(silence.id)


def silence_line(silence: ActiveSilence, zone: ZoneInfo) -> str:
    """Return a silence as a line of mrkdwn."""
    why = f" ({escape(silence.reason)})" if silence.reason else ""
    end = failure_formatting.until(silence.until, zone, silence.listed_at)
    return f":zzz: Silenced {end}, by {mention(silence.by)}: {escape(silence.name)}{why}"


def lift_button(silence: ActiveSilence, key: ActionKey) -> Button:
    """Return the button that ends a silence; `key` is that of wherever it stands."""
    return blocks.button(one_line(f"End silence: {silence.name}", 60), key)


# --- the tasks of a group ------------------------------------------------------------------------

_TASK_COLUMNS = ("Title", "Cause", "Cost so far", "Member", "Failed", "Error", "Task")


def tasks_message(tasks: Sequence[FailedTask], view: FailureView) -> Message:
    """Return the tasks of groups as a message, in their order."""
    text = view.templates.render("failures/tasks", count=formatting.count(len(tasks), "failed task"))
    draft = Draft(text)
    draft.add(blocks.section(text))
    rows = [_task_cells(each, view) for each in tasks]
    shown = draft.add_table("Failed tasks", _TASK_COLUMNS, rows, longest=_CELL)
    if shown < len(rows):
        draft.add(blocks.context(f"and at least {len(rows) - shown:,} more. `status:error,failed rows` lists all."))
    if view.address and shown:
        links = ", ".join(failure_formatting.link(view.address, each.task_id) for each in tasks[:10])
        draft.add(blocks.context(f"In Neo: {links}"))
    return draft.message()


def _task_cells(task: FailedTask, view: FailureView) -> list[Cell]:
    failed = moment_cell(task.failed_at, view.zone)
    if task.recovered:
        failed = replace(failed, text=f"{failed.text} (completed since)")
    title, member = one_line(task.title or "", _TITLE), view.name(task.member)
    return [title, task.cause, amount_cell(task.nanos), member, failed, first_line(task.error), task.task_id[:8]]
