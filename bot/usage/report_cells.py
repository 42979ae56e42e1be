"""The tables of an answer: their columns and cells, in Slack and in the terminal."""

from bot.domain.cells import Cell, Number, amount_cell, count_cell, moment_cell, unknown_cell
from bot.domain.query.question import TIME_GROUPINGS
from bot.domain.text import one_line
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_list import TaskRow
from bot.usage.durations import duration
from bot.usage.report import Report
from bot.usage.series import first_day

_LONGEST_TITLE, _LONGEST_ERROR = 40, 60  # characters of a title, and of an error, in a list

# --- groups --------------------------------------------------------------------------------------


def group_columns(report: Report) -> list[str]:
    """Return the names of the columns of groups."""
    numbers = ["Spend", "Share", "Tasks"]
    if report.question.counts_only:
        numbers = ["Calls", "Time", "Tasks"] if "tool" in report.question.by else ["Triggers", "Tasks"]
    return [*(name.capitalize() for name in report.question.by), *numbers]


def group_cells(report: Report, group: SpendGroup) -> list[Cell]:
    """Return a group as cells of `group_columns`."""
    key, tasks = _key_cells(report, group), count_cell(group.tasks)
    if "tool" in report.question.by:
        return [*key, count_cell(group.calls), Number(group.time_ms, duration(group.time_ms)), tasks]
    if "agent" in report.question.by:
        return [*key, count_cell(group.calls), tasks]
    is_unknown = group.tasks == group.without_cost
    spend = amount_cell(None if is_unknown else group.spend(report.basis))
    return [*key, spend, _share_cell(None if is_unknown else report.share(group)), tasks]


def _key_cells(report: Report, group: SpendGroup) -> list[Cell]:
    return [
        Number(first_day(text).toordinal(), text) if name in TIME_GROUPINGS else text
        for name, text in zip(report.question.by, report.shown_key(group), strict=True)
    ]


_SMALLEST_SHARE = 0.001  # a share below it would be shown as nothing
_WHOLE_FROM = 0.1  # the share from which on whole percent say enough


def _share_cell(share: float | None) -> Number:
    if share is None:
        return unknown_cell("")
    if 0 < share < _SMALLEST_SHARE:
        return Number(share, "<0.1%")
    if round(abs(share), 3) < _WHOLE_FROM:
        return Number(share, f"{share:.1%}")
    return Number(share, ">99%" if share < 1 and f"{share:.0%}" == "100%" else f"{share:.0%}")


# --- tasks ---------------------------------------------------------------------------------------


def row_columns(report: Report, *, with_titles: bool) -> list[str]:
    """Return the names of the columns: what tells tasks apart stands first, since phones show the first ones only."""
    title, error = (["Title"], ["Error"] if _has_errors(report) else []) if with_titles else ([], [])
    member = [] if _one_member(report) else ["Member"]
    return [*title, "Spend in period", *member, "Status", "Model", *error, "Created", "Task"]


def row_cells(report: Report, row: TaskRow, *, with_titles: bool) -> list[Cell]:
    """Return a task as cells of `row_columns`."""
    title, error = one_line(row.title or "", _LONGEST_TITLE), one_line(row.error_message or "", _LONGEST_ERROR)
    member = [] if _one_member(report) else [report.name_of(row.member)]
    created = moment_cell(row.created_at, report.zone)
    spend, status = amount_cell(row.spend(report.basis)), [row.status, row.model]
    if not with_titles:
        return [spend, *member, *status, created, row.task_id[:8]]
    errors = [error] if _has_errors(report) else []
    return [title, spend, *member, *status, *errors, created, row.task_id[:8]]


def _has_errors(report: Report) -> bool:
    return any(row.error_message for row in report.rows)


def _one_member(report: Report) -> bool:
    return report.scope.members is not None and len(report.scope.members) == 1
