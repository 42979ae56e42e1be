"""The tables and charts of an answer in Slack, with the same numbers as text in case Slack refuses them."""

from collections.abc import Callable

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
        draft.add(blocks.context(escape(f"and {omitted:,} {'earlier' if by_time else 'others'}{amount}")))
    add_chart(draft, report)


def _in_order_of_time(question: Question) -> bool:
    return question.by[0] in TIME_GROUPINGS and question.sort in {None, "name"} and question.top is None


def _group_columns(report: Report) -> list[str]:
    numbers = ["Spend", "Share", "Tasks"]
    if report.question.counts_only:
        numbers = ["Calls", "Time", "Tasks"] if "tool" in report.question.by else ["Triggers", "Tasks"]
    return [*(name.capitalize() for name in report.question.by), *numbers]


def _group_cells(report: Report, group: SpendGroup) -> list[Cell]:
    tasks = count_cell(group.tasks)
    if "tool" in report.question.by:
        return [*group.key, count_cell(group.calls), Number(group.time_ms, duration(group.time_ms)), tasks]
    if "agent" in report.question.by:
        return [*group.key, count_cell(group.calls), tasks]
    spend = amount_cell(None if group.tasks == group.without_cost else group.spend(report.basis))
    return [*group.key, spend, _share_cell(report.share(group)), tasks]


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
    joined = f" ({series.joined} {series.unit}s each)" if series.joined > 1 else ""
    lines = [(name, [round(value / 10**9, 2) for value in values]) for name, values in series.lines]
    kind: blocks.ChartKind = "bar" if len(lines) == 1 else "line"
    title = f"Spend by {series.unit}{joined}"
    chart = blocks.chart(title, series.labels, lines, "USD", kind)
    draft.add(chart, lambda: blocks.section(_sparklines(series, title)))


def _sparklines(series: Series, title: str) -> str:
    lines = [
        f"{escape(one_line(name, 30))}  {sparkline(values)}  at most {escape(show_usd(max(values)))}"
        for name, values in series.lines
    ]
    return "\n".join([f"{escape(title)}, {escape(series.labels[0])} to {escape(series.labels[-1])}", *lines])


# --- tasks ---------------------------------------------------------------------------------------


def add_rows(draft: Draft, report: Report, view: ReportView) -> None:
    """Add the tasks, the dearest first unless the question sorts them, and what was cut."""
    columns = _row_columns(report, view)
    shown = draft.add_table("Tasks", columns, [_row_cells(report, row, view) for row in report.rows])
    omitted = min(report.question.top or report.total.tasks, report.total.tasks) - shown
    if omitted > 0:
        rest = report.spend_nanos - sum(row.spend(report.basis) or 0 for row in report.rows[:shown])
        amount = f", {show_usd(rest)}" if report.question.top is None else ""
        draft.add(blocks.context(escape(f"and {omitted:,} other tasks{amount}: CSV has them all")))


def _row_columns(report: Report, view: ReportView) -> list[str]:
    """Return the names of the columns; spend comes early, since phones show the first columns only."""
    member = [] if _one_member(report) else ["Member"]
    return ["Task", "Spend", *member, "Model", "Status", "Created", *(["Title"] if view.titles else [])]


def _row_cells(report: Report, row: TaskRow, view: ReportView) -> list[Cell]:
    amount = amount_cell(row.spend(report.basis))
    member = [] if _one_member(report) else [row.member]
    created = f"{row.created_at.astimezone(report.zone):%Y-%m-%d %H:%M}"
    title = [one_line(row.title or "", 60)] if view.titles else []
    return [row.task_id[:8], amount, *member, row.model, row.status, created, *title]


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
