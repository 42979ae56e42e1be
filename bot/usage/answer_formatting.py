"""Phrases: what an answer says in words, whoever shows it."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.periods import FIRST_YEAR
from bot.domain.question import Field, Question
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.ledger.detail import TaskDetail
from bot.outbox.queries import OutboxSummary
from bot.outbox.rules import OPEN, NotificationState
from bot.usage.report import Report

Count = TypeVar("Count", int, tuple[int, int])


# --- the question --------------------------------------------------------------------------------


def understood(report: Report) -> str:
    """The question in words: whose spend, when, which filters, and the window's ends."""
    return (
        f"{who(report)}, {', '.join(filter(None, (when(report.question), filters(report.question))))}: {span(report)}"
    )


def who(report: Report) -> str:
    """Whose spend is answered: "team", the members named, or the one the answer is limited to."""
    question = report.question
    named = report.scope.members or question.included(Field.EMAIL)
    return one_line(", ".join([*(named or ["team"]), *_left_out(question)]))


def _left_out(question: Question) -> Iterator[str]:
    for each in question.filters:
        if each.exclude and each.field is Field.EMAIL:
            yield from (f"without {email}" for email in each.values)


def when(question: Question) -> str:
    """The time as asked for."""
    return str(question.asked_when) or "all time"


def span(report: Report) -> str:
    """The window's ends on the clock of the report's zone."""
    start, end = (
        f"{moment.astimezone(report.zone):%Y-%m-%d %H:%M}" for moment in (report.window.start, report.window.end)
    )
    if report.window.start.year <= FIRST_YEAR:
        return f"everything until {end} {report.zone.key}"
    return f"{start} to {end} {report.zone.key}"


def filters(question: Question) -> str:
    """The conditions on tasks, but for whose they are."""
    said = [one_line(str(each)) for each in question.filters if each.field is not Field.EMAIL]
    return ", ".join([*said, *{None: (), True: ("byok:yes",), False: ("byok:no",)}[question.byok]])


# --- the total -----------------------------------------------------------------------------------


def total(report: Report) -> str:
    """The spend in USD, or that it is unknown."""
    return show_usd(report.spend_nanos) if is_known(report) else "cost unknown"


def is_known(report: Report) -> bool:
    """Whether any task's cost is known, or there is none."""
    return report.total.tasks != report.total.without_cost or not report.total.tasks


def nothing(report: Report) -> Iterator[str]:
    """Why an answer is empty, as far as it can be told."""
    yield "Nothing was booked there."
    if report.question.filters or report.question.byok is not None:
        yield "A filter may leave everything out: ask again without it."
    if not report.complete:
        yield "The ledger does not hold all of that time."


def change(report: Report) -> str:
    """The spend against the window before; empty where there is none to compare with."""
    if report.previous is None:
        return ""
    before, spent = report.previous.spend_nanos, report.spend_nanos
    if before <= 0:
        return f"before: {show_usd(before)}"
    return f"{formatting.against(spent, before)} before"


def lacking(report: Report) -> str:
    """What of the window the ledger does not hold; empty if it holds all."""
    if report.complete:
        return ""
    if report.begins is not None and report.window.start < report.begins:
        begins = f"{report.begins.astimezone(report.zone):%Y-%m-%d %H:%M}"
        return f"The ledger is not complete for this window: it begins {begins}"
    return "The ledger is not complete for this window: a part is still to be read"


def every(pause: timedelta) -> str:
    """How often, in words."""
    minutes = round(pause.total_seconds() / 60)
    return "every minute" if minutes <= 1 else f"every {minutes:,} minutes"


def ago(age: timedelta) -> str:
    """How long ago, in words."""
    minutes = int(age.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:  # noqa: PLR2004 - two hours
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 60 * 48 else f"{minutes // 1440} days ago"


def owed(outbox: OutboxSummary, zone: ZoneInfo) -> str:
    """How many messages are owed, were told, or could not be."""
    counts, since = outbox.counts, outbox.oldest
    oldest = "" if since is None else f" (since {from_us(since).astimezone(zone):%Y-%m-%d %H:%M})"
    said = [
        f"{sum(counts.get(state, 0) for state in OPEN):,} owed{oldest}",
        f"{counts.get(NotificationState.SENT, 0):,} told",
    ]
    said += [
        f"{counts[state]:,} {state}"
        for state in (NotificationState.DEAD, NotificationState.MISSED)
        if counts.get(state)
    ]
    return ", ".join(said)


def facts(task: TaskDetail, report: Report) -> list[tuple[str, str]]:
    """Everything about one task, as names and values."""
    if task.moved:
        return [
            ("task", task.task_id),
            ("moved", "this task belongs to somebody else now; what it had cost until then stays yours"),
            ("cost", _cost(task)),
            ("charges", _charges(task, report)),
        ]
    found = [
        ("task", one_line(task.task_id)),
        ("title", one_line(task.title or "(none)")),
        ("member", one_line(task.member)),
        ("model", one_line(task.model) + (" (own key)" if task.is_byok else "")),
        ("status", one_line(task.status)),
        ("created", f"{task.created_at.astimezone(report.zone):%Y-%m-%d %H:%M:%S}"),
        ("cost", _cost(task)),
        ("work", f"{formatting.count(task.stream_count or 1, 'stream')}, {formatting.count(task.step_count, 'step')}"),
        ("time", _times(task)),
        ("tools", _named(task.tools, lambda each: f"{each[0]:,} calls, {duration(each[1])}")),
        ("agents", _named(task.agents, lambda each: f"{each:,}")),
        ("charges", _charges(task, report)),
    ]
    if task.error_message:
        found.append(("error", one_line(task.error_message, 500)))
    if task.missing_since:
        found.append(("missing", f"no longer listed by Neo since {task.missing_since:%Y-%m-%d}"))
    return found


def _cost(task: TaskDetail) -> str:
    if task.platform_nanos is None and task.provider_nanos is None:
        return "unknown"
    platform, provider = task.platform_nanos or 0, task.provider_nanos or 0
    parts = f" ({show_usd(platform)} to Neo, {show_usd(provider)} to the model provider)" if provider else ""
    flags = [name for name, is_set in (("restated", task.restated), ("mixed keys", task.mixed)) if is_set]
    return f"{show_usd(platform + provider)}{parts}{', ' if flags else ''}{', '.join(flags)}"


def _times(task: TaskDetail) -> str:
    parts = (("in all", task.total_execution_ms), ("models", task.llm_time_ms), ("tools", task.tool_time_ms))
    return ", ".join(f"{name} {duration(spent)}" for name, spent in parts if spent is not None) or "unknown"


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


def duration(milliseconds: int) -> str:
    """A duration, to what matters of it."""
    seconds = milliseconds / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:,.0f} h"  # noqa: PLR2004 - two hours
