"""Prints a report in the terminal: the question, the headline, a table with shares and bars, and how fresh it is."""

from datetime import datetime, timedelta

from rich.console import Console
from rich.text import Text

from bot.domain import formatting
from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Unit, buckets, local_day
from bot.domain.query.checks import MAX_LINE
from bot.domain.query.question import TIME_GROUPINGS
from bot.domain.text import one_line
from bot.terminal.layout import print_facts, print_line, print_table
from bot.usage import report_formatting
from bot.usage.averages import average_lines
from bot.usage.durations import ago
from bot.usage.report import Report
from bot.usage.report_cells import group_cells, group_columns, row_cells, row_columns
from bot.usage.series import first_day, sparkline
from bot.usage.task_formatting import task_facts

MOST_LINES = 40  # groups shown without `top:`; the others are summed up in one line
MOST_ROWS = 20


def print_report(report: Report, console: Console, now: datetime, stale_after: timedelta) -> None:
    """Print a report."""
    if report.question.in_words:
        print_line(console, f"Understood as: {one_line(report.query, MAX_LINE) or 'this month'}", style="dim")
    print_line(console, report_formatting.question_summary(report), style="dim")
    for line in average_lines(report):
        print_line(console, line)
    console.print(_headline(report))
    console.print()
    if _print_tables(report, console):
        console.print()
    if not report.total.tasks:
        print_line(console, f"{' '.join(report_formatting.empty_reasons(report))}\n")
    console.print(freshness_line(report, now, stale_after))


def _print_tables(report: Report, console: Console) -> bool:
    """Print what the question asks for besides the total; return whether it asks for anything."""
    if report.details:
        for number, detail in enumerate(report.details):
            if number:
                console.print()
            print_facts(console, task_facts(detail, report))
    elif report.question.rows and report.rows:
        _print_rows(report, console)
    elif report.question.by and report.groups:
        _print_groups(report, console)
    else:
        return False
    return True


# --- headline ------------------------------------------------------------------------------------


def _headline(report: Report) -> Text:
    total, spent = report.total, report.spend_nanos
    line = Text(report_formatting.total(report), style="bold")
    if report_formatting.is_known(report):
        line.append(f" ({show_credits(spent)})", style="dim")
    if summed := report_formatting.summed(report):
        line.append(f" {summed}")
    line.append(f" · {formatting.count(total.tasks, 'task')}")
    if total.without_cost:
        line.append(f", {total.without_cost:,} with unknown cost", style="yellow")
    if total.failed_tasks:
        cost = report_formatting.failed_cost(total, report.basis, "in this period")
        line.append(f" · {total.failed_tasks:,} failed ({cost})", style="red")
    if change := report_formatting.change(report):
        line.append(f" · {change}", style="dim")
    return line


def freshness_line(report: Report, now: datetime, stale_after: timedelta) -> Text:
    """Return how far a report can be trusted: up to when, what it lacks, and what it assumes."""
    if report.as_of is None:
        return Text("I haven't read all of Neo yet: run `neo-usage sync`.", style="bold red")
    if report.warning:
        return Text(f"WARNING: {one_line(report.warning, 400)}", style="bold red")
    age = now - report.as_of
    line = Text(f"Data as of {report_formatting.as_of(report)}", style="dim")
    if age > stale_after:
        line.append(f", out of date ({ago(age)}): run `neo-usage sync`", style="yellow")
    if lacking := report_formatting.incompleteness(report):
        rest = "; `neo-usage sync --full` reads the rest" if report_formatting.begins_before_history(report) else ""
        line.append(f". {lacking}{rest}", style="yellow")
    if deleted := report_formatting.deleted_details(report):
        line.append(f". {deleted}", style="yellow")
    if report.quarantined:
        rows = report_formatting.rejected_rows(report.quarantined)
        line.append(f". {rows}: see `neo-usage status`", style="yellow")
    if report.unit_assumed:
        line.append(". BYOK amounts are read as credits: unit assumed until BYOK_UNIT is set", style="yellow")
    return line


# --- tables --------------------------------------------------------------------------------------


def _print_groups(report: Report, console: Console) -> None:
    groups = report.groups if report.question.top else report.groups[:MOST_LINES]
    is_count = report.question.counts_only
    bars = [each.calls if is_count else each.spend(report.basis) for each in groups]
    print_table(console, group_columns(report), [group_cells(report, each) for each in groups], bars)
    if omitted := len(report.groups) - len(groups) + report.groups_omitted:
        amount = "" if is_count else f", {report_formatting.rest_cost(report, groups)}"
        print_line(console, f"and {omitted:,} more{amount}", style="dim")
    is_over_time = report.question.by[0] in TIME_GROUPINGS and len(report.question.by) == 1
    if is_over_time and len(report.groups) > 1 and report_formatting.is_known(report):
        console.print()
        _print_sparkline(report, console)


def _print_sparkline(report: Report, console: Console) -> None:
    """Print a line of bars of the days, weeks or months between the first and the last with spend, as many as fit."""
    spent = {each.key[0]: each.spend(report.basis) for each in report.groups}
    labels = [bucket.label for bucket in buckets(Unit(report.question.by[0]), report.window, report.zone)]
    points = [label for label in labels if min(spent) <= label <= max(spent)][-console.width :]
    values = [spent.get(label, 0) for label in points]
    print_line(console, sparkline(values), style="cyan")
    unit, today = Unit(report.question.by[0]), local_day(report.now, report.zone)
    first, last = (formatting.period_name(first_day(label), unit, today) for label in (points[0], points[-1]))
    print_line(console, f"{first} to {last}, at most {show_usd(max(values))}", style="dim")


def _print_rows(report: Report, console: Console) -> None:
    rows = report.rows if report.question.top else report.rows[:MOST_ROWS]
    columns = row_columns(report, with_titles=True)
    print_table(console, columns, [row_cells(report, each, with_titles=True) for each in rows])
    if omitted := len(report.rows) - len(rows):
        print_line(console, f"and {omitted:,} more: add `top:{len(report.rows)}`", style="dim")
