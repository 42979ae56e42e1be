"""Simulated tasks, and the rows in which the API lists them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Self, TypeVar

Row = dict[str, Any]
Status = Literal["completed", "error", "failed", "aborted", "blocked"]
Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True, slots=True)
class Stream:
    """One execution of a task. Times are aware UTC, amounts Neo credits, durations milliseconds.

    `tools` maps a tool to (calls, ms), `agents` an agent to its triggers; `model` overrides the task's.
    """

    started_at: datetime
    ended_at: datetime
    credits: Decimal | None = None
    llm_cost: Decimal | None = None
    neo_cost: Decimal | None = None
    status: Status = "completed"
    error_message: str | None = None
    steps: int = 0
    tool_calls: int = 0
    agent_triggers: int = 0
    llm_ms: int | None = None
    tool_ms: int | None = None
    total_ms: int | None = None
    tools: dict[str, tuple[int, int]] = field(default_factory=dict)
    agents: dict[str, int] = field(default_factory=dict)
    model: str | None = None

    def with_scaled_amounts(self, factor: Decimal) -> Self:
        """Return the same execution with every known amount multiplied by `factor`."""
        return replace(
            self,
            credits=_times(self.credits, factor),
            llm_cost=_times(self.llm_cost, factor),
            neo_cost=_times(self.neo_cost, factor),
        )


@dataclass(frozen=True, slots=True)
class SimTask:
    """One task and its streams. `email`, `title`, `is_byok` may be unknown (None)."""

    task_id: str
    title: str | None
    email: str | None
    model: str
    is_byok: bool | None
    created_at: datetime
    streams: tuple[Stream, ...]

    @classmethod
    def of(
        cls,
        task_id: str,
        *streams: Stream,
        email: str | None = "someone@acme.example",
        title: str | None = "Recon of staging.acme.example",
        model: str = "claude-sonnet-4",
        is_byok: bool | None = False,
        created_at: datetime | None = None,
    ) -> Self:
        """Return a task with defaults; `created_at` is by default the start of its first stream."""
        created_at = created_at or min(stream.started_at for stream in streams)
        return cls(task_id, title, email, model, is_byok, created_at, streams)

    def with_stream(self, stream: Stream) -> Self:
        """Return the task with one more execution."""
        return replace(self, streams=(*self.streams, stream))

    def with_scaled_amounts(self, factor: Decimal) -> Self:
        """Return the task with every known amount multiplied by `factor`."""
        return replace(self, streams=tuple(stream.with_scaled_amounts(factor) for stream in self.streams))

    def with_streams_where(self, wanted: Callable[[Stream], bool]) -> Self | None:
        """Return the task with only the streams for which `wanted` is true; None if there are none."""
        kept = tuple(stream for stream in self.streams if wanted(stream))
        return replace(self, streams=kept) if kept else None

    @property
    def last(self) -> Stream:
        """The stream that ended last; its status, error and model are the row's."""
        return max(self.streams, key=lambda stream: stream.ended_at)

    @property
    def last_model(self) -> str:
        """The model of the stream that ended last."""
        return self.last.model or self.model

    @property
    def cost(self) -> Decimal:
        """The sum of all known amounts, in credits."""
        amounts = (amount for s in self.streams for amount in (s.credits, s.llm_cost, s.neo_cost))
        return sum((amount for amount in amounts if amount is not None), Decimal(0))


def row(task: SimTask) -> Row:
    """Return the row of a task with at least one stream; fields that upstream omits are absent."""
    streams, last = task.streams, task.last
    fields: Row = {
        "task_id": task.task_id,
        "task_title": task.title,
        "email": task.email,
        "model": task.last_model,
        "status": last.status,
        "error_message": last.error_message,
        "is_byok": task.is_byok,
        "created_at": wire_time(task.created_at),
        "stream_count": len(streams),
        **_amounts(streams),
        **_counts(streams),
        **_durations(streams),
        "tool_breakdown": _tools(streams) or None,
        "agent_breakdown": _agents(streams) or None,
        "tool_call_history": None,
    }
    return {key: value for key, value in fields.items() if value is not None or key not in _NEVER_NULL}


_NEVER_NULL = frozenset({"email", "is_byok"})  # optional in the specification, but not nullable


def history(task: SimTask, entries: int) -> list[Row]:
    """Return exactly `entries` tool calls for `tool_call_history`: they make a page heavy, nothing else is true."""
    names = [name for stream in task.streams for name in stream.tools] or ["bash"]
    created_ms = int(task.created_at.timestamp() * 1000)
    return [
        {
            "index": index,
            "tool_name": names[index % len(names)],
            "duration_ms": 40 + index * 7919 % 9000,
            "timestamp": created_ms + index * 9000,
        }
        for index in range(entries)
    ]


def wire_time(moment: datetime) -> str:
    """Return the time as RFC 3339 in UTC with a `Z`, without trailing zeros of the fraction."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _amounts(streams: Iterable[Stream]) -> Row:
    return {
        "neo_credits": _total(stream.credits for stream in streams),
        "llm_cost": _total(stream.llm_cost for stream in streams),
        "neo_cost": _total(stream.neo_cost for stream in streams),
    }


def _counts(streams: Iterable[Stream]) -> Row:
    return {
        "step_count": sum(stream.steps for stream in streams),
        "tool_calls": sum(stream.tool_calls for stream in streams),
        "agent_triggers": sum(stream.agent_triggers for stream in streams),
    }


def _durations(streams: Iterable[Stream]) -> Row:
    llm_ms, steps = _total(stream.llm_ms for stream in streams), sum(stream.steps for stream in streams)
    return {
        "avg_step_latency_ms": llm_ms // steps if llm_ms is not None and steps else None,
        "llm_time_ms": llm_ms,
        "tool_time_ms": _total(stream.tool_ms for stream in streams),
        "total_execution_ms": _total(stream.total_ms for stream in streams),
    }


def _tools(streams: Iterable[Stream]) -> dict[str, dict[str, int]]:
    calls: Counter[str] = Counter()
    duration_ms: Counter[str] = Counter()
    for name, (count, ms) in (entry for stream in streams for entry in stream.tools.items()):
        calls[name] += count
        duration_ms[name] += ms
    return {name: {"calls": calls[name], "total_duration_ms": duration_ms[name]} for name in calls}


def _agents(streams: Iterable[Stream]) -> dict[str, int]:
    triggers: Counter[str] = Counter()
    for stream in streams:
        triggers.update(stream.agents)
    return dict(triggers)


def _total(values: Iterable[Number | None]) -> Number | None:
    """Return the sum of the known values; None if none is known."""
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None


def _times(amount: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if amount is None else amount * factor
