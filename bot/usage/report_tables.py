"""The tables and charts of an answer in Slack, with the same numbers as text in case Slack refuses them."""

from collections.abc import Callable, Mapping

from bot.domain import formatting
from bot.domain.cells import Cell, Number, amount_cell, count_cell, unknown_cell
from bot.domain.money import show_usd
from bot.domain.query.question import TIME_GROUPINGS, Question
from bot.domain.text import one_line
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_detail import TaskDetail
from bot.ledger.task_list import TaskRow
from bot.slack import blocks
from bot.slack.blocks import Block, Draft
from bot.slack.mrkdwn import escape
from bot.usage.durations import duration
from bot.usage.report import Report
from bot.usage.report_view import ReportView
from bot.usage.series import Series, over_time, sparkline
from bot.usage.task_formatting import task_facts

_DETAIL_CELL = 500  # characters of a cell; sixteen such cells fit a table
_LONGEST_TITLE = 60  # characters of a title, and of an error, in a list


# --- groups --------------------------------------------------------------------------------------


def add_groups(draft: Draft, report: Report) -> None:
    """Add the groups with their shares, what was cut, and a chart if they are of time."""
    columns = _group_columns(report)
    by_time = _in_order_of_time(report.question)  # if there are too many days, the latest are shown
    candidates = report.groups[-blocks.TABLE_ROWS :] if by_time else report.groups[: blocks.TABLE_ROWS]
    cells = [_group_cells(report, group) for group in candidates]
    shown = draft.add_table(f"Spend by {' and '.join(report.question.by)}", columns, cells, from_end=by_time)
    cut = report.groups[: len(report.groups) - shown] if by_time else report.groups[shown:]
    if omitted := len(cut) + report.groups_omitted:
        rest = sum(group.spend(report.basis) for group in cut) + report.omitted_nanos
        amount = "" if report.question.counts_only else f", {show_usd(rest)}"
        others = "earlier" if by_time else "other" if omitted == 1 else "others"
        draft.add(blocks.context(escape(f"and {omitted:,} {others}{amount}")))
    add_chart(draft, report)


def _in_order_of_time(question: Question) -> bool:
    return question.by[0] in TIME_GROUPINGS and question.sort in {None, "name"} and question.top is None


def _group_columns(report: Report) -> list[str]:
    numbers = ["Spend", "Share", "Tasks"]
    if report.question.counts_only:
        numbers = ["Calls", "Time", "Tasks"] if "tool" in report.question.by else ["Triggers", "Tasks"]
    return [*(name.capitalize() for name in report.question.by), *numbers]


def _group_cells(report: Report, group: SpendGroup) -> list[Cell]:
    key, tasks = report.shown_key(group), count_cell(group.tasks)
    if "tool" in report.question.by:
        return [*key, count_cell(group.calls), Number(group.time_ms, duration(group.time_ms)), tasks]
    if "agent" in report.question.by:
        return [*key, count_cell(group.calls), tasks]
    is_unknown = group.tasks == group.without_cost
    spend = amount_cell(None if is_unknown else group.spend(report.basis))
    return [*key, spend, _share_cell(None if is_unknown else report.share(group)), tasks]


_SMALLEST_SHARE = 0.001  # the smallest share that is not shown as 0.0%


def _share_cell(share: float | None) -> Number:
    if share is None:
        return unknown_cell("")
    return Number(share, "<0.1%" if 0 < share < _SMALLEST_SHARE else f"{share:.1%}")


# --- the chart -----------------------------------------------------------------------------------


def add_chart(draft: Draft, report: Report) -> None:
    """Add a chart if the report is grouped by time."""
    series = over_time(report, blocks.MOST_POINTS, blocks.MOST_SERIES)
    if series is None:
        return
    names = report.names if "member" in report.question.by else {}
    lines = [(names.get(name, name), [round(value / 10**9, 2) for value in values]) for name, values in series.lines]
    kind: blocks.ChartKind = "bar" if len(lines) == 1 else "line"
    title = f"Spend by {series.unit}" if series.joined == 1 else f"Spend every {series.joined} {series.unit}s"
    chart = blocks.chart(title, series.labels, lines, "USD", kind)
    draft.add(chart, lambda: blocks.section(_sparklines(series, title, names)))


def _sparklines(series: Series, title: str, names: Mapping[str, str]) -> str:
    lines = [
        f"{escape(one_line(names.get(name, name), 30))}  {sparkline(values)}  at most {escape(show_usd(max(values)))}"
        for name, values in series.lines
    ]
    return "\n".join([f"{escape(title)}, {escape(series.labels[0])} to {escape(series.labels[-1])}", *lines])


# --- tasks ---------------------------------------------------------------------------------------


def add_rows(draft: Draft, report: Report, view: ReportView) -> None:
    """Add the tasks, the costliest first unless the question sorts them, and what was cut."""
    columns = _row_columns(report, view)
    shown = draft.add_table("Tasks", columns, [_row_cells(report, row, view) for row in report.rows])
    omitted = min(report.question.top or report.total.tasks, report.total.tasks) - shown
    if omitted > 0:
        rest = report.spend_nanos - sum(row.spend(report.basis) or 0 for row in report.rows[:shown])
        amount = f", {show_usd(rest)}" if report.question.top is None else ""
        draft.add(blocks.context(escape(f"and {formatting.count(omitted, 'other task')}{amount}: CSV has them all")))


def _row_columns(report: Report, view: ReportView) -> list[str]:
    """Return the names of the columns: what tells tasks apart stands first, since phones show the first ones only."""
    titles = ["Title", *(["Error"] if _has_errors(report) else [])] if view.titles else []
    member = [] if _one_member(report) else ["Member"]
    return [*titles, "Status", "Spend in period", *member, "Model", "Created", "Task"]


def _row_cells(report: Report, row: TaskRow, view: ReportView) -> list[Cell]:
    texts = [row.title, *([row.error_message] if _has_errors(report) else [])] if view.titles else []
    member = [] if _one_member(report) else [report.name_of(row.member)]
    created = formatting.moment(row.created_at, report.zone)
    titles = [one_line(text or "", _LONGEST_TITLE) for text in texts]
    return [*titles, row.status, amount_cell(row.spend(report.basis)), *member, row.model, created, row.task_id[:8]]


def _has_errors(report: Report) -> bool:
    return any(row.error_message for row in report.rows)


def _one_member(report: Report) -> bool:
    return report.scope.members is not None and len(report.scope.members) == 1


def add_details(draft: Draft, report: Report, view: ReportView) -> None:
    """Add everything about the tasks asked for by id; a message takes one table, so only the first has one."""
    for number, task in enumerate(report.details):
        facts = _detail_facts(task, report, view)
        plain = blocks.section("\n".join(f"*{escape(name)}*  {escape(value)}" for name, value in facts))
        if number:
            draft.add(plain)
        else:
            table = blocks.table(("Task", task.task_id), facts, longest=_DETAIL_CELL)
            draft.add(table, _always(plain))


def _always(block: Block) -> Callable[[], Block]:
    return lambda: block


def _detail_facts(task: TaskDetail, report: Report, view: ReportView) -> list[tuple[str, str]]:
    hidden = {"task"} if view.titles else {"task", "title", "error"}
    return [(name.capitalize(), value) for name, value in task_facts(task, report) if name not in hidden]
