"""Prints a report in the terminal: the question, the headline, a table with shares and bars, and how fresh it is."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.domain import formatting
from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Unit, buckets
from bot.domain.query.checks import MAX_LINE
from bot.domain.query.question import TIME_GROUPINGS
from bot.domain.text import one_line
from bot.ledger.spend_groups import SpendGroup
from bot.ledger.task_detail import TaskDetail
from bot.ledger.task_list import TaskRow
from bot.usage import report_formatting
from bot.usage.durations import ago, duration
from bot.usage.report import Report
from bot.usage.series import sparkline
from bot.usage.task_formatting import task_facts

MOST_LINES = 40  # groups shown without `top:`; the others are summed up in one line
MOST_ROWS = 20
_BAR = 24  # cells


def print_report(report: Report, console: Console, now: datetime, stale_after: timedelta) -> None:
    """Print a report."""
    console.print(Group(*_parts(report, now, stale_after)))


def _parts(report: Report, now: datetime, stale_after: timedelta) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(report_formatting.question_summary(report), style="dim"), _headline(report)]
    if report.question.in_words:
        parts.insert(0, Text(f"Understood as: {one_line(report.query, MAX_LINE) or 'this month'}", style="dim"))
    if report.details:
        parts += [part for detail in report.details for part in (Text(), *_detail(detail, report))]
    elif report.question.rows:
        parts += [Text(), _tasks(report)]
    elif report.question.by and report.groups:
        parts += [Text(), *_groups(report)]
    if not report.total.tasks:
        parts += [Text(), Text(" ".join(report_formatting.empty_reasons(report)))]
    return [*parts, Text(), _freshness(report, now, stale_after)]


# --- headline ------------------------------------------------------------------------------------


def _headline(report: Report) -> Text:
    total, spent = report.total, report.spend_nanos
    line = Text(report_formatting.total(report), style="bold")
    if report_formatting.is_known(report):
        line.append(f"  {show_credits(spent)}", style="dim")
    line.append(f"  {formatting.count(total.tasks, 'task')}")
    if total.without_cost:
        line.append(f", {total.without_cost:,} with unknown cost", style="yellow")
    if total.failed_tasks:
        line.append(f", {total.failed_tasks:,} failed ({report_formatting.failed_cost(report)})", style="red")
    if change := report_formatting.change(report):
        line.append(f"  {change}", style="dim")
    return line


def _freshness(report: Report, now: datetime, stale_after: timedelta) -> Text:
    if report.as_of is None:
        return Text("I haven't read all of Neo yet: run `neo-usage sync`.", style="bold red")
    if report.warning:
        return Text(f"WARNING: {one_line(report.warning, 400)}", style="bold red")
    age = now - report.as_of
    line = Text(f"Data as of {report_formatting.as_of(report)}", style="dim")
    if age > stale_after:
        line.append(f", out of date ({ago(age)}): run `neo-usage sync`", style="yellow")
    if lacking := report_formatting.incompleteness(report):
        line.append(f". {lacking}", style="yellow")
    if report.quarantined:
        rows = report_formatting.rejected_rows(report.quarantined)
        line.append(f". {rows}: see `neo-usage status`", style="yellow")
    if report.unit_assumed:
        line.append(". BYOK amounts are read as credits: unit assumed until BYOK_UNIT is set", style="yellow")
    return line


# --- groups --------------------------------------------------------------------------------------


def _groups(report: Report) -> list[RenderableType]:
    groups = report.groups if report.question.top else report.groups[:MOST_LINES]
    cut = report.groups[len(groups) :]
    parts: list[RenderableType] = [_counts(report, groups) if report.question.counts_only else _amounts(report, groups)]
    omitted = len(cut) + report.groups_omitted
    if omitted:
        rest = sum(each.spend(report.basis) for each in cut) + report.omitted_nanos
        amount = "" if report.question.counts_only else f", {show_usd(rest)}"
        parts.append(Text(f"and {omitted:,} others{amount}", style="dim"))
    if report.question.by[0] in TIME_GROUPINGS and len(report.question.by) == 1:
        parts += [Text(), _sparkline(report)]
    return parts


def _amounts(report: Report, groups: Sequence[SpendGroup]) -> Table:
    table = _table([*report.question.by], ["spend", "share", "", "tasks"])
    largest = max((each.spend(report.basis) for each in groups), default=0)
    for each in groups:
        share = report.share(each)
        table.add_row(
            *(one_line(part, 60) for part in each.key),
            report_formatting.group_cost(report, each),
            "" if share is None else f"{share:.1%}",
            _bar(each.spend(report.basis), largest),
            f"{each.tasks:,}",
        )
    return table


def _counts(report: Report, groups: Sequence[SpendGroup]) -> Table:
    tools = "tool" in report.question.by
    table = _table([*report.question.by], ["calls", "time", "", "tasks"] if tools else ["triggers", "", "tasks"])
    largest = max((each.calls for each in groups), default=0)
    for each in groups:
        time = [duration(each.time_ms)] if tools else []
        key = (one_line(part, 60) for part in each.key)
        table.add_row(*key, f"{each.calls:,}", *time, _bar(each.calls, largest), f"{each.tasks:,}")
    return table


def _table(keys: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        table.add_column(key, overflow="ellipsis", no_wrap=True)
    for number in numbers:
        table.add_column(number, justify="right" if number else "left", no_wrap=True)
    return table


def _bar(value: int, largest: int) -> Text:
    eighths = round(max(value, 0) * _BAR * 8 / largest) if largest > 0 else 0
    whole, part = divmod(eighths, 8)
    return Text("█" * whole + (" ▏▎▍▌▋▊▉"[part] if part else ""), style="cyan")


def _sparkline(report: Report) -> Text:
    """Return a line of bars of every day, week or month between the first and the last with spend."""
    spent = {each.key[0]: each.spend(report.basis) for each in report.groups}
    labels = [bucket.label for bucket in buckets(Unit(report.question.by[0]), report.window, report.zone)]
    points = [label for label in labels if min(spent) <= label <= max(spent)]
    values = [spent.get(label, 0) for label in points]
    text = Text(sparkline(values), style="cyan")
    return text.append(f"  {points[0]} to {points[-1]}, at most {show_usd(max(values))}", style="dim")


# --- tasks ---------------------------------------------------------------------------------------


def _tasks(report: Report) -> RenderableType:
    rows = report.rows if report.question.top else report.rows[:MOST_ROWS]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("task", "created", "member", "model", "status"):
        table.add_column(name, no_wrap=True)
    table.add_column("spend", justify="right", no_wrap=True)
    table.add_column("title", overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*_task_cells(report, row))
    omitted = len(report.rows) - len(rows)
    return (
        Group(table, Text(f"and {omitted:,} others: add `top:{len(report.rows)}`", style="dim")) if omitted else table
    )


def _task_cells(report: Report, row: TaskRow) -> list[str]:
    amount = row.spend(report.basis)
    created = f"{row.created_at.astimezone(report.zone):%Y-%m-%d %H:%M}"
    plain = [one_line(part, 40) for part in (row.member, row.model, row.status)]
    return [
        one_line(row.task_id, 40)[:8],
        created,
        *plain,
        "unknown" if amount is None else show_usd(amount),
        one_line(row.title or ""),
    ]


def _detail(task: TaskDetail, report: Report) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in task_facts(task, report):
        table.add_row(name, value)
    return [table]
