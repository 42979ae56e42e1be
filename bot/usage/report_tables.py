"""The tables and charts of an answer in Slack, with the same numbers as text in case Slack refuses them."""

from collections.abc import Callable, Mapping

from bot.domain import formatting
from bot.domain.money import show_usd, usd_of_chart
from bot.domain.query.question import TIME_GROUPINGS, Question
from bot.domain.text import one_line
from bot.ledger.task_detail import TaskDetail
from bot.slack import blocks
from bot.slack.blocks import Block, Draft
from bot.slack.mrkdwn import escape
from bot.usage import report_cells
from bot.usage.report import Report
from bot.usage.report_formatting import is_known, rest_cost
from bot.usage.report_view import ReportView
from bot.usage.series import Series, over_time, sparkline
from bot.usage.task_formatting import task_facts

_DETAIL_CELL = 500  # characters of a cell; sixteen such cells fit a table


# --- groups --------------------------------------------------------------------------------------


def add_groups(draft: Draft, report: Report) -> None:
    """Add the groups with their shares, what was cut, and a chart if they are of time."""
    columns = report_cells.group_columns(report)
    by_time = _in_order_of_time(report.question)  # if there are too many days, the latest are shown
    candidates = report.groups[-blocks.TABLE_ROWS :] if by_time else report.groups[: blocks.TABLE_ROWS]
    cells = [report_cells.group_cells(report, group) for group in candidates]
    shown = draft.add_table(f"Spend by {' and '.join(report.question.by)}", columns, cells, from_end=by_time)
    listed = report.groups[len(report.groups) - shown :] if by_time else report.groups[:shown]
    if omitted := len(report.groups) - shown + report.groups_omitted:
        amount = "" if report.question.counts_only else f", {rest_cost(report, listed)}"
        others = "earlier" if by_time else "other" if omitted == 1 else "others"
        draft.add(blocks.context(escape(f"and {omitted:,} {others}{amount}")))
    add_chart(draft, report)


def _in_order_of_time(question: Question) -> bool:
    return question.by[0] in TIME_GROUPINGS and question.sort in {None, "name"} and question.top is None


# --- the chart -----------------------------------------------------------------------------------


def add_chart(draft: Draft, report: Report) -> None:
    """Add a chart if the report is grouped by time and any cost is known."""
    series = over_time(report, blocks.MOST_POINTS, blocks.MOST_SERIES)
    if series is None or not is_known(report):
        return
    names = report.names if "member" in report.question.by else {}
    lines = [(names.get(name, name), list(map(usd_of_chart, values))) for name, values in series.lines]
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
    columns = report_cells.row_columns(report, with_titles=view.titles)
    cells = [report_cells.row_cells(report, row, with_titles=view.titles) for row in report.rows]
    shown = draft.add_table("Tasks", columns, cells)
    omitted = min(report.question.top or report.total.tasks, report.total.tasks) - shown
    if omitted > 0:
        rest = report.spend_nanos - sum(row.spend(report.basis) or 0 for row in report.rows[:shown])
        amount = f", {show_usd(rest)}" if rest and report.question.top is None else ""
        draft.add(blocks.context(escape(f"and {formatting.count(omitted, 'other task')}{amount}: CSV has them all")))


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
