"""The report for a terminal: the question as understood, the headline, a table with shares and bars, freshness."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.domain.money import show_credits, show_usd
from bot.domain.periods import Unit, buckets
from bot.domain.question import TIME_GROUPINGS, Field, Question
from bot.domain.text import one_line
from bot.ledger import spend
from bot.ledger.detail import TaskDetail
from bot.usage.report import Report

Count = TypeVar("Count", int, tuple[int, int])
MOST_LINES = 40  # groups shown without `top:`; the rest is said in one line
MOST_ROWS = 20
_BAR = 24  # cells
_MANY_TIMES = 900  # percent, above which a multiple reads better
_SPARKS = "▁▂▃▄▅▆▇█"


def show(report: Report, console: Console, now: datetime, stale_after: timedelta) -> None:
    """Print a report."""
    console.print(Group(*_parts(report, now, stale_after)))


def _parts(report: Report, now: datetime, stale_after: timedelta) -> list[RenderableType]:
    parts: list[RenderableType] = [_understood(report), _headline(report)]
    if report.details:
        parts += [part for detail in report.details for part in (Text(), *_detail(detail, report))]
    elif report.question.rows:
        parts += [Text(), _tasks(report)]
    elif report.question.by and report.groups:
        parts += [Text(), *_groups(report)]
    if not report.total.tasks:
        parts += [Text(), _nothing(report)]
    return [*parts, Text(), _freshness(report, now, stale_after)]


# --- headline ------------------------------------------------------------------------------------


def _understood(report: Report) -> Text:
    zone, start, end = report.zone, report.window.start, report.window.end
    local = [moment.astimezone(zone) for moment in (start, end)]
    span = " to ".join(f"{moment:%Y-%m-%d %H:%M}" for moment in local)
    if report.question.asked_when.window(start, zone).start.year <= _FIRST_YEAR:
        span = f"everything until {local[1]:%Y-%m-%d %H:%M}"
    filters = "".join(f", {one_line(str(each))}" for each in report.question.filters if each.field is not Field.EMAIL)
    byok = {None: "", True: ", byok:yes", False: ", byok:no"}[report.question.byok]
    return Text(f"{_who(report.question)}, {_when(report.question)}{filters}{byok}: {span} {zone.key}", style="dim")


_FIRST_YEAR = 2000


def _who(question: Question) -> str:
    emails = [*question.people, *question.included(Field.EMAIL)]
    left_out = [
        f"without {email}"
        for each in question.filters
        if each.exclude
        for email in each.values
        if each.field is Field.EMAIL
    ]
    return one_line(", ".join([*(emails or ["team"]), *left_out]))


def _when(question: Question) -> str:
    return str(question.asked_when) or "all time"


def _headline(report: Report) -> Text:
    total, spent = report.total, report.spend_nanos
    line = Text(
        show_usd(spent) if total.tasks != total.without_cost or not total.tasks else "cost unknown", style="bold"
    )
    line.append(f"  {show_credits(spent)}", style="dim")
    line.append(f"  {_count(total.tasks, 'task')}")
    if total.without_cost:
        line.append(f", {total.without_cost:,} without known cost", style="yellow")
    if total.failed_tasks:
        line.append(f", {total.failed_tasks:,} failed ({show_usd(total.failed_spend(report.basis))})", style="red")
    line.append(f"  {_change(report)}", style="dim")
    return line


def _change(report: Report) -> str:
    if report.previous is None:
        return ""
    before, spent = report.previous.spend_nanos, report.spend_nanos
    if before <= 0:
        return f"before: {show_usd(before)}"
    percent = (spent - before) * 100 / before
    if percent >= _MANY_TIMES:
        return f"{spent / before:,.0f} times the {show_usd(before)} before"
    return f"{percent:+,.0f} % against {show_usd(before)} before"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _nothing(report: Report) -> Text:
    reasons = ["Nothing was booked there."]
    if report.question.filters or report.question.byok is not None:
        reasons.append("A filter may leave everything out: ask again without it.")
    if not report.complete:
        reasons.append("The ledger does not hold all of that time.")
    return Text(" ".join(reasons))


def _freshness(report: Report, now: datetime, stale_after: timedelta) -> Text:
    if report.as_of is None:
        return Text("No complete pass has been read yet: run `neo-usage sync`.", style="bold red")
    if report.warning:
        return Text(f"WARNING: {report.warning}", style="bold red")
    age = now - report.as_of
    line = Text(f"Data as of {report.as_of.astimezone(report.zone):%Y-%m-%d %H:%M} ({ago(age)})", style="dim")
    if age > stale_after:
        line.append(", stale: run `neo-usage sync`", style="yellow")
    if not report.complete:
        since = "" if report.begins is None else f": it begins {report.begins.astimezone(report.zone):%Y-%m-%d %H:%M}"
        line.append(f". The ledger is not complete for this window{since}", style="yellow")
    if report.quarantined:
        rows = _count(report.quarantined, "row")
        line.append(f". {rows} of Neo could not be booked: see `neo-usage status`", style="yellow")
    if report.unit_assumed:
        line.append(". BYOK amounts are read as credits, unit assumed: set BYOK_UNIT", style="yellow")
    return line


def ago(age: timedelta) -> str:
    """How long ago, in words."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 60 * 48 else f"{minutes // 1440} days ago"


# --- groups --------------------------------------------------------------------------------------


def _groups(report: Report) -> list[RenderableType]:
    shown = report.groups if report.question.top else report.groups[:MOST_LINES]
    cut = report.groups[len(shown) :]
    parts: list[RenderableType] = [_counts(report, shown) if report.question.counts_only else _amounts(report, shown)]
    omitted = len(cut) + report.groups_omitted
    if omitted:
        rest = sum(each.spend(report.basis) for each in cut) + report.omitted_nanos
        amount = "" if report.question.counts_only else f", {show_usd(rest)}"
        parts.append(Text(f"and {omitted:,} others{amount}", style="dim"))
    if report.question.by[0] in TIME_GROUPINGS and len(report.question.by) == 1:
        parts += [Text(), _sparkline(report)]
    return parts


def _amounts(report: Report, shown: Sequence[spend.Group]) -> Table:
    table = _table([*report.question.by], ["spend", "share", "", "tasks"])
    largest = max((each.spend(report.basis) for each in shown), default=0)
    for each in shown:
        share = report.share(each)
        table.add_row(
            *(one_line(part, 60) for part in each.key),
            "unknown" if each.tasks == each.without_cost else show_usd(each.spend(report.basis)),
            "" if share is None else f"{share:.1%}",
            _bar(each.spend(report.basis), largest),
            f"{each.tasks:,}",
        )
    return table


def _counts(report: Report, shown: Sequence[spend.Group]) -> Table:
    tools = "tool" in report.question.by
    table = _table([*report.question.by], ["calls", "time", "", "tasks"] if tools else ["triggers", "", "tasks"])
    largest = max((each.calls for each in shown), default=0)
    for each in shown:
        time = [_duration(each.time_ms)] if tools else []
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
    """Every day, week or month of the window in order, those without spend included."""
    spent = {each.key[0]: each.spend(report.basis) for each in report.groups}
    labels = [bucket.label for bucket in buckets(Unit(report.question.by[0]), report.window, report.zone)]
    inside = [label for label in labels if min(spent) <= label <= max(spent)]
    values = [spent.get(label, 0) for label in inside]
    largest = max([*values, 1])
    line = "".join(_SPARKS[max(value, 0) * (len(_SPARKS) - 1) // largest] for value in values)
    text = Text(line, style="cyan")
    return text.append(f"  {inside[0]} to {inside[-1]}, at most {show_usd(max(values))}", style="dim")


# --- tasks ---------------------------------------------------------------------------------------


def _tasks(report: Report) -> RenderableType:
    shown = report.rows if report.question.top else report.rows[:MOST_ROWS]
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("task", "created", "member", "model", "status"):
        table.add_column(name, no_wrap=True)
    table.add_column("spend", justify="right", no_wrap=True)
    table.add_column("title", overflow="ellipsis", no_wrap=True)
    for row in shown:
        table.add_row(*_task_cells(report, row))
    left = len(report.rows) - len(shown)
    return Group(table, Text(f"and {left:,} others: add `top:{len(report.rows)}`", style="dim")) if left else table


def _task_cells(report: Report, row: spend.TaskRow) -> list[str]:
    amount = row.spend(report.basis)
    created = f"{row.created_at.astimezone(report.zone):%Y-%m-%d %H:%M}"
    plain = [one_line(part, 40) for part in (row.member, row.model, row.status)]
    return [
        row.task_id[:8],
        created,
        *plain,
        "unknown" if amount is None else show_usd(amount),
        one_line(row.title or ""),
    ]


def _detail(task: TaskDetail, report: Report) -> list[RenderableType]:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _facts(task, report):
        table.add_row(name, value)
    return [table]


def _facts(task: TaskDetail, report: Report) -> list[tuple[str, str]]:
    facts = [
        ("task", task.task_id),
        ("title", one_line(task.title or "(none)")),
        ("member", one_line(task.member)),
        ("model", one_line(task.model) + (" (own key)" if task.is_byok else "")),
        ("status", one_line(task.status)),
        ("created", f"{task.created_at.astimezone(report.zone):%Y-%m-%d %H:%M:%S}"),
        ("cost", _cost(task)),
        ("work", f"{_count(task.stream_count or 1, 'stream')}, {_count(task.step_count, 'step')}"),
        ("time", _times(task)),
        ("tools", _named(task.tools, lambda each: f"{each[0]:,} calls, {_duration(each[1])}")),
        ("agents", _named(task.agents, lambda each: f"{each:,}")),
        ("charges", _charges(task, report)),
    ]
    if task.error_message:
        facts.append(("error", one_line(task.error_message, 500)))
    if task.missing_since:
        facts.append(("missing", f"no longer listed by Neo since {task.missing_since:%Y-%m-%d}"))
    return facts


def _cost(task: TaskDetail) -> str:
    if task.platform_nanos is None and task.provider_nanos is None:
        return "unknown"
    platform, provider = task.platform_nanos or 0, task.provider_nanos or 0
    parts = f" ({show_usd(platform)} to Neo, {show_usd(provider)} to the model provider)" if provider else ""
    flags = [name for name, is_set in (("restated", task.restated), ("mixed keys", task.mixed)) if is_set]
    return f"{show_usd(platform + provider)}{parts}{', ' if flags else ''}{', '.join(flags)}"


def _times(task: TaskDetail) -> str:
    parts = (("in all", task.total_execution_ms), ("models", task.llm_time_ms), ("tools", task.tool_time_ms))
    return ", ".join(f"{name} {_duration(spent)}" for name, spent in parts if spent is not None) or "unknown"


def _named(counts: Mapping[str, Count], show_count: Callable[[Count], str]) -> str:
    pairs = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
    return "; ".join(f"{one_line(name, 40)} {show_count(count)}" for name, count in pairs) or "none"


def _charges(task: TaskDetail, report: Report) -> str:
    return (
        "\n".join(
            f"{each.booked_at.astimezone(report.zone):%Y-%m-%d %H:%M}  "
            f"{show_usd(each.platform_nanos + each.provider_nanos)} ({each.kind})"
            for each in task.charges
        )
        or "none"
    )


def _duration(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:,.0f} h"  # noqa: PLR2004 - two hours
