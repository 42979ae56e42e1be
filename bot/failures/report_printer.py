"""Prints a report of failures in a terminal."""

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.domain import formatting
from bot.domain.cells import cell_text, number_columns
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.report import ErrorReport
from bot.failures.report_render import COLUMNS, cells, period
from bot.ledger.failed_task_queries import TaskShare

_MOST = 40  # the most lines of a table


def print_report(report: ErrorReport, zone: ZoneInfo, console: Console) -> None:
    """Print the report."""
    if report.question.in_words:
        console.print(f"Understood as: errors {one_line(report.query)}".rstrip(), style="dim", markup=False)
    whose = "Team" if report.members is None else ", ".join(report.members)
    console.print(f"{one_line(whose)}, {period(report, zone)} ({zone.key})", style="dim", markup=False)
    console.print(_headline(report))
    if report.lines:
        console.print(_lines(report, zone))
        for name, shares in (("model", report.by_model), ("member", report.by_member)):
            console.print(_shares(name, shares))
    console.print(_freshness(report, zone), style="dim")


def _headline(report: ErrorReport) -> str:
    tasks = formatting.count(report.tasks, "task")
    if not report.failed:
        return f"No failures. {tasks} ran." if report.tasks else "No tasks ran in this period."
    share = formatting.percent(report.failed, report.tasks)
    cost = failure_formatting.cost_sentence(report.failed, report.nanos, report.unknown)
    return f"{report.failed:,} of {tasks} failed ({share}). {cost}"


def _freshness(report: ErrorReport, zone: ZoneInfo) -> str:
    lacking = "" if report.complete else " Part of this period isn't in the database yet."
    if report.as_of is None:
        return f"Neo hasn't been read completely yet.{lacking}"
    return f"Data as of {formatting.local_time(report.as_of, zone, report.asked_at)} ({zone.key}).{lacking}"


def _lines(report: ErrorReport, zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    rows = [cells(line, zone) for line in report.lines[:_MOST]]
    numbers = number_columns(rows)
    for column, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if column in numbers else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(one_line(cell_text(cell)) for cell in row))
    if more := len(report.lines) - _MOST:
        table.caption = f"and {formatting.count(more, 'more kind')} of failure" if more > 0 else None
    return table


def _shares(name: str, shares: tuple[TaskShare, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, justify in ((f"by {name}", "left"), ("failed", "right"), ("of", "right"), ("share", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for each in [each for each in shares if each.failed][:_MOST]:
        table.add_row(
            one_line(each.name), f"{each.failed:,}", f"{each.tasks:,}", formatting.percent(each.failed, each.tasks)
        )
    return table
