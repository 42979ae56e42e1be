"""Prints a report of failures in a terminal."""

from zoneinfo import ZoneInfo

from rich.console import Console

from bot.domain import formatting
from bot.domain.cells import Number, count_cell
from bot.domain.text import one_line
from bot.failures import failure_formatting
from bot.failures.report import ErrorReport
from bot.failures.report_render import kinds_table, period
from bot.ledger.failed_task_queries import TaskShare
from bot.terminal.layout import print_line, print_table

_MOST = 40  # the most lines of a table


def print_report(report: ErrorReport, zone: ZoneInfo, console: Console) -> None:
    """Print the report."""
    if report.question.in_words:
        print_line(console, f"Understood as: errors {one_line(report.query)}", style="dim")
    print_line(
        console, f"{failure_formatting.whose(report, 'Team', str)}, {period(report, zone)} ({zone.key})", style="dim"
    )
    print_line(console, _headline(report), style="bold")
    if report.lines:
        _print_kinds(report, zone, console)
        for name, shares in (("Model", report.by_model), ("Member", report.by_member)):
            _print_shares(name, shares, console)
    print_line(console, f"\n{_freshness(report, zone)}", style="dim")


def _headline(report: ErrorReport) -> str:
    tasks = formatting.count(report.tasks, "task")
    if not report.failed:
        return f"No failures. {tasks} ran." if report.tasks else "No tasks ran in this period."
    share = formatting.percent(report.failed, report.tasks)
    cost = failure_formatting.cost_sentence(report.failed, report.nanos, report.unknown)
    return f"{report.failed:,} of {tasks} failed ({share}). {cost}"


def _freshness(report: ErrorReport, zone: ZoneInfo) -> str:
    as_of = "Neo hasn't been read completely yet."
    if report.as_of is not None:
        as_of = f"Data as of {formatting.local_time(report.as_of, zone, report.asked_at)} ({zone.key})."
    lacking = "" if report.complete else "Part of this period isn't in the database yet."
    completed = failure_formatting.completed_since(report.recovered)
    return " ".join(filter(None, (as_of, completed, lacking, failure_formatting.deleted_errors(report, zone))))


def _print_kinds(report: ErrorReport, zone: ZoneInfo, console: Console) -> None:
    console.print()
    print_table(console, *kinds_table(report, zone, _MOST))
    if (more := len(report.lines) - _MOST) > 0:
        print_line(console, f"and {formatting.count(more, 'more kind')} of failure", style="dim")


def _print_shares(name: str, shares: tuple[TaskShare, ...], console: Console) -> None:
    failing = [each for each in shares if each.failed][:_MOST]
    rows = [
        (each.name, count_cell(each.failed), count_cell(each.tasks),
         Number(each.failed / each.tasks, formatting.percent(each.failed, each.tasks)))
        for each in failing
    ]  # fmt: skip
    console.print()
    print_table(console, (name, "Failed", "Tasks", "Share"), rows)
