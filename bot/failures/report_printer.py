"""Prints a report of failures in a terminal."""

from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from bot.domain import formatting
from bot.domain.cells import cell_text, number_columns
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.failures.report import ErrorReport
from bot.failures.report_render import COLUMNS, cells, percent
from bot.ledger.failed_task_queries import TaskShare

_MOST = 40  # the most lines of a table


def print_report(report: ErrorReport, zone: ZoneInfo, console: Console) -> None:
    """Print the report."""
    if report.question.in_words:
        console.print(f"Understood as: errors {one_line(report.query)}", style="dim", markup=False)
    whose = "team" if report.members is None else ", ".join(report.members)
    start, end = (formatting.moment(each, zone) for each in (report.window.start, report.window.end))
    when = str(report.question.effective_when) or "all time"
    console.print(f"{one_line(whose)}, {when}: {start} to {end} {zone.key}", style="dim", markup=False)
    console.print(_headline(report))
    if report.lines:
        console.print(_lines(report, zone))
        for name, shares in (("model", report.by_model), ("member", report.by_member)):
            console.print(_shares(name, shares))
    as_of = "no complete reading yet" if report.as_of is None else f"data as of {formatting.moment(report.as_of, zone)}"
    lacking = "" if report.complete else "; the ledger does not hold all of that time"
    console.print(f"{as_of}{lacking}", style="dim")


def _headline(report: ErrorReport) -> str:
    if not report.failed:
        return f"none of {formatting.count(report.tasks, 'task')} failed"
    share = percent(report.failed, report.tasks)
    of = f"{report.failed:,} of {formatting.count(report.tasks, 'task')}"
    return f"{of} failed ({share}), {show_usd(report.nanos)} spent on {'it' if report.failed == 1 else 'them'}"


def _lines(report: ErrorReport, zone: ZoneInfo) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    rows = [cells(line, zone) for line in report.lines[:_MOST]]
    numbers = number_columns(rows)
    for column, name in enumerate(COLUMNS):
        table.add_column(name, justify="right" if column in numbers else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(one_line(cell_text(cell)) for cell in row))
    if more := len(report.lines) - _MOST:
        table.caption = f"and {more:,} other kinds" if more > 0 else None
    return table


def _shares(name: str, shares: tuple[TaskShare, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, justify in ((f"by {name}", "left"), ("failed", "right"), ("of", "right"), ("share", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    for each in [each for each in shares if each.failed][:_MOST]:
        table.add_row(one_line(each.name), f"{each.failed:,}", f"{each.tasks:,}", percent(each.failed, each.tasks))
    return table
