"""What a simulated task is, and the wire row that the API shows of it."""

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

    def restated(self, factor: Decimal) -> Self:
        """The same execution with every known amount multiplied by `factor`."""
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
        """A task made by hand, created when its first stream started unless told otherwise."""
        born = created_at or min(stream.started_at for stream in streams)
        return cls(task_id, title, email, model, is_byok, born, streams)

    def continued(self, stream: Stream) -> Self:
        """The task after one more execution."""
        return replace(self, streams=(*self.streams, stream))

    def restated(self, factor: Decimal) -> Self:
        """The task with every known amount multiplied by `factor`."""
        return replace(self, streams=tuple(stream.restated(factor) for stream in self.streams))

    def keeping(self, wanted: Callable[[Stream], bool]) -> Self | None:
        """The task as if only the wanted streams existed; None when there are none."""
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
        """All known amounts together, in credits; unknown ones count nothing."""
        amounts = (amount for s in self.streams for amount in (s.credits, s.llm_cost, s.neo_cost))
        return sum((amount for amount in amounts if amount is not None), Decimal(0))


def row(task: SimTask) -> Row:
    """The wire row of a task with at least one stream; fields that upstream omits are absent."""
    streams, last = task.streams, task.last
    seen: Row = {
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
        **_times_taken(streams),
        "tool_breakdown": _tools(streams) or None,
        "agent_breakdown": _agents(streams) or None,
        "tool_call_history": None,
    }
    return {key: value for key, value in seen.items() if value is not None or key not in _NEVER_NULL}


_NEVER_NULL = frozenset({"email", "is_byok"})  # the page makes them optional, not nullable


def history(task: SimTask, entries: int) -> list[Row]:
    """Exactly `entries` tool calls for `tool_call_history`: a weight for pages, not a truth."""
    names = [name for stream in task.streams for name in stream.tools] or ["bash"]
    born = int(task.created_at.timestamp() * 1000)
    return [
        {
            "index": index,
            "tool_name": names[index % len(names)],
            "duration_ms": 40 + index * 7919 % 9000,
            "timestamp": born + index * 9000,
        }
        for index in range(entries)
    ]


def wire_time(moment: datetime) -> str:
    """RFC 3339 in UTC with a `Z` and no idle zeros."""
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


def _times_taken(streams: Iterable[Stream]) -> Row:
    llm_ms, steps = _total(stream.llm_ms for stream in streams), sum(stream.steps for stream in streams)
    return {
        "avg_step_latency_ms": llm_ms // steps if llm_ms is not None and steps else None,
        "llm_time_ms": llm_ms,
        "tool_time_ms": _total(stream.tool_ms for stream in streams),
        "total_execution_ms": _total(stream.total_ms for stream in streams),
    }


def _tools(streams: Iterable[Stream]) -> dict[str, dict[str, int]]:
    calls: Counter[str] = Counter()
    took: Counter[str] = Counter()
    for name, (count, ms) in (entry for stream in streams for entry in stream.tools.items()):
        calls[name] += count
        took[name] += ms
    return {name: {"calls": calls[name], "total_duration_ms": took[name]} for name in calls}


def _agents(streams: Iterable[Stream]) -> dict[str, int]:
    triggers: Counter[str] = Counter()
    for stream in streams:
        triggers.update(stream.agents)
    return dict(triggers)


def _total(values: Iterable[Number | None]) -> Number | None:
    """The sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known[1:], start=known[0]) if known else None


def _times(amount: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if amount is None else amount * factor
