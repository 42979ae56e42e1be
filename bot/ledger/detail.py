"""One task in full: its totals, counts, times, tools and agents, and the charges it was booked with."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.ledger.instants import from_us
from bot.ledger.members import shown_email
from bot.ledger.reading import Reader


@dataclass(frozen=True, slots=True)
class BookedCharge:
    """A charge as shown: USD nanos, and why it was booked."""

    booked_at: datetime
    kind: str
    platform_nanos: int
    provider_nanos: int


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """Everything the ledger keeps of one task. Amounts are USD nanos, None unknown; durations milliseconds."""

    task_id: str
    member: str
    model: str
    status: str
    created_at: datetime
    title: str | None
    error_message: str | None
    platform_nanos: int | None
    provider_nanos: int | None
    is_byok: bool
    mixed: bool
    restated: bool
    cost_withdrawn: bool
    stream_count: int | None
    step_count: int
    tool_calls: int
    agent_triggers: int
    llm_time_ms: int | None
    tool_time_ms: int | None
    total_execution_ms: int | None
    missing_since: datetime | None
    tools: dict[str, tuple[int, int]]
    agents: dict[str, int]
    charges: tuple[BookedCharge, ...]


_FLAGS = ("is_byok", "mixed", "restated", "cost_withdrawn")
_PLAIN = (
    "task_id", "model", "status", "title", "error_message", "platform_nanos", "provider_nanos", *_FLAGS,
    "stream_count", "step_count", "tool_calls", "agent_triggers", "llm_time_ms", "tool_time_ms", "total_execution_ms",
)  # fmt: skip
_TASK = f"""
SELECT {", ".join(_PLAIN)}, missing_since, tools, agents, email, created_at, task.id
FROM task JOIN member ON member.id = task.member JOIN task_detail ON task_detail.task = task.id
WHERE task_id = :task_id
"""  # noqa: S608 - our own column names
_CHARGES = """
SELECT booked_at, kind, platform_nanos, provider_nanos FROM charge WHERE task = :task ORDER BY booked_at, id
"""


def task_detail(reader: Reader, task_id: str) -> TaskDetail | None:
    """The task of exactly that id, if the ledger has it."""
    row = reader.one(_TASK, {"task_id": task_id})
    if row is None:
        return None
    *columns, missing_since, tools, agents, email, created_at, key = row
    values: dict[str, Any] = dict(zip(_PLAIN, columns, strict=True))
    values |= {name: bool(values[name]) for name in _FLAGS}
    return TaskDetail(
        member=shown_email(email),
        created_at=from_us(created_at),
        missing_since=None if missing_since is None else from_us(missing_since),
        tools={name: (use["calls"], use["total_duration_ms"]) for name, use in _loaded(tools).items()},
        agents=_loaded(agents),
        charges=_charges(reader, key),
        **values,
    )


def _loaded(text: str | None) -> Any:  # noqa: ANN401 - JSON the ledger wrote
    return json.loads(text) if text else {}


def _charges(reader: Reader, key: int) -> tuple[BookedCharge, ...]:
    rows = reader.rows(_CHARGES, {"task": key})
    return tuple(BookedCharge(from_us(at), kind, platform, provider) for at, kind, platform, provider in rows)
