"""One task in words: what the ledger holds of it, as names and values."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from bot.domain import formatting
from bot.domain.money import show_usd
from bot.domain.text import one_line
from bot.ledger.task_detail import TaskDetail
from bot.usage.durations import duration
from bot.usage.report import Report

Count = TypeVar("Count", int, tuple[int, int])

_LONGEST_ERROR = 500


def task_facts(task: TaskDetail, report: Report) -> list[tuple[str, str]]:
    """Return everything about one task, as names and values.

    Of a task that belongs to another member now, only its cost.
    """
    return list(_transferred_facts(task, report) if task.transferred else _all_facts(task, report))


def _transferred_facts(task: TaskDetail, report: Report) -> Iterator[tuple[str, str]]:
    yield "task", task.task_id
    yield "moved", "this task belongs to somebody else now; what it had cost until then stays yours"
    yield "cost", _cost(task)
    yield "charges", _charges(task, report)


def _all_facts(task: TaskDetail, report: Report) -> Iterator[tuple[str, str]]:
    yield "task", one_line(task.task_id)
    yield "title", one_line(task.title or "(none)")
    yield "member", one_line(task.member)
    yield "model", one_line(task.model) + (" (own key)" if task.is_byok else "")
    yield "status", one_line(task.status)
    yield "created", f"{task.created_at.astimezone(report.zone):%Y-%m-%d %H:%M:%S}"
    yield "cost", _cost(task)
    yield from _work_facts(task)
    yield "charges", _charges(task, report)
    if task.error_message:
        yield "error", one_line(task.error_message, _LONGEST_ERROR)
    if task.missing_since:
        yield "missing", f"no longer listed by Neo since {task.missing_since:%Y-%m-%d}"


def _work_facts(task: TaskDetail) -> Iterator[tuple[str, str]]:
    streams, steps = task.stream_count or 1, task.step_count
    yield "work", f"{formatting.count(streams, 'stream')}, {formatting.count(steps, 'step')}"
    yield "time", _times(task)
    yield "tools", _counts(task.tools, lambda each: f"{each[0]:,} calls, {duration(each[1])}")
    yield "agents", _counts(task.agents, lambda each: f"{each:,}")


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


def _counts(counts: Mapping[str, Count], show_count: Callable[[Count], str]) -> str:
    pairs = sorted(counts.items(), key=lambda pair: pair[1], reverse=True)
    return "; ".join(f"{one_line(name, 40)} {show_count(count)}" for name, count in pairs) or "none"


def _charges(task: TaskDetail, report: Report) -> str:
    lines = [
        f"{each.booked_at.astimezone(report.zone):%Y-%m-%d %H:%M}  "
        f"{show_usd(each.platform_nanos + each.provider_nanos)} ({each.kind})"
        for each in task.charges
    ]
    return "\n".join(lines) or "none"
