"""One task in words: what the ledger holds of it, as names and values."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.periods import FIRST_YEAR
from bot.domain.text import one_line
from bot.ledger.task_detail import TaskDetail
from bot.usage.durations import duration
from bot.usage.report import Report
from bot.usage.report_formatting import UNKNOWN

Count = TypeVar("Count", int, tuple[int, int])

_LONGEST_ERROR = 500


def task_facts(task: TaskDetail, report: Report) -> list[tuple[str, str]]:
    """Return everything about one task, as names and values.

    Of a task that belongs to another member now, only its cost.
    """
    return list(_transferred_facts(task, report) if task.transferred else _all_facts(task, report))


def _transferred_facts(task: TaskDetail, report: Report) -> Iterator[tuple[str, str]]:
    yield "moved", "This task belongs to somebody else now. What it had cost before stays with you."
    yield from _cost_facts(task, report)
    yield "task", one_line(task.task_id)


def _all_facts(task: TaskDetail, report: Report) -> Iterator[tuple[str, str]]:
    nothing = _nothing(task, report)
    yield "title", one_line(task.title or f"({nothing})")
    if task.error_message:
        yield "error", one_line(task.error_message, _LONGEST_ERROR)
    yield "status", one_line(task.status)
    yield from _cost_facts(task, report)
    yield "member", one_line(report.name_of(task.member))
    yield "model", one_line(task.model) + (" (own key)" if task.is_byok else "")
    yield "created", formatting.dated_time(task.created_at, report.zone, report.now)
    yield from _work_facts(task, nothing)
    if task.missing_since:
        yield "missing", f"not listed by Neo since {formatting.dated_time(task.missing_since, report.zone, report.now)}"
    yield "task", one_line(task.task_id)


def _nothing(task: TaskDetail, report: Report) -> str:
    """Return what stands for a title, tools and agents if there are none: there never were any, or they are deleted."""
    is_old = report.details_deleted_before is not None and task.created_at < report.details_deleted_before
    has_any = task.title or task.error_message or task.tools or task.agents
    return "no longer kept" if is_old and not has_any else "none"


def _work_facts(task: TaskDetail, nothing: str) -> Iterator[tuple[str, str]]:
    streams, steps = task.stream_count or 1, task.step_count
    yield "work", f"{formatting.count(streams, 'stream')}, {formatting.count(steps, 'step')}"
    yield "time", _times(task)
    tools = _counts(task.tools, lambda each: f"{formatting.count(each[0], 'call')}, {duration(each[1])}")
    yield "tools", tools or nothing
    yield "agents", _counts(task.agents, lambda each: f"{each:,}") or nothing


def _cost_facts(task: TaskDetail, report: Report) -> Iterator[tuple[str, str]]:
    """Yield what the task cost, within the time asked for and in all, and when its cost was seen to change."""
    if report.window.start.year > FIRST_YEAR:
        yield "in this period", _cost_within(task, report)
    yield "cost so far", _cost(task)
    yield "cost history", _cost_history(task, report)


def _cost_within(task: TaskDetail, report: Report) -> str:
    if _is_unknown(task):
        return UNKNOWN
    inside = (each for each in task.charges if each.booked_at in report.window)
    return show_usd(sum(report.basis.spend(each.platform_nanos, each.provider_nanos) for each in inside))


def _cost(task: TaskDetail) -> str:
    if _is_unknown(task):
        return UNKNOWN
    platform, provider = task.platform_nanos or 0, task.provider_nanos or 0
    parts = f" ({show_usd(platform)} to Neo, {show_usd(provider)} to the model provider)" if provider else ""
    flags = [name for name, is_set in (("corrected by Neo", task.restated), ("mixed keys", task.mixed)) if is_set]
    return ", ".join([f"{show_usd(platform + provider)}{parts}", *flags])


def _is_unknown(task: TaskDetail) -> bool:
    return task.platform_nanos is None and task.provider_nanos is None


def _times(task: TaskDetail) -> str:
    parts = (("in all", task.total_execution_ms), ("models", task.llm_time_ms), ("tools", task.tool_time_ms))
    return ", ".join(f"{name} {duration(spent)}" for name, spent in parts if spent is not None) or UNKNOWN


def _counts(counts: Mapping[str, Count], show_count: Callable[[Count], str]) -> str:
    pairs = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
    return "; ".join(f"{one_line(name, 40)} {show_count(count)}" for name, count in pairs)


def _cost_history(task: TaskDetail, report: Report) -> str:
    amounts = ((each.booked_at, each.platform_nanos + each.provider_nanos) for each in task.charges)
    changes = (f"{formatting.dated_time(at, report.zone, report.now)}: {show_usd(nanos)}" for at, nanos in amounts)
    return "; ".join(changes) or "none"
