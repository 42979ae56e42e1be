"""The schema of a row and of a page, as the OpenAPI page has it, with the limits that a task must keep."""

from typing import Annotated

import msgspec

from bot.domain.tasks import Task, ToolUse
from bot.neo.lenient import MAX_COUNT, MAX_MILLISECONDS, MAX_NAME

_MAX_EMAIL = 1_000  # characters

_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=MAX_MILLISECONDS)]
_Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]


class _Tool(ToolUse, frozen=True, gc=False):
    calls: _Count = 0
    total_duration_ms: _Milliseconds = 0


class UsageRow(Task, frozen=True, kw_only=True, gc=False):
    """`TaskUsage` of the OpenAPI page as a task, without the tool call history, which nothing here uses."""

    task_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
    model: _Name
    status: _Name
    # text until `checked_task` reads it, since the codec would round, perhaps into the next day
    created_at: str  # type: ignore[assignment]
    email: Annotated[str, msgspec.Meta(max_length=_MAX_EMAIL)] | None = None
    step_count: _Count
    tool_calls: _Count
    agent_triggers: _Count
    stream_count: _Count | None = None
    llm_time_ms: _Milliseconds | None = None
    tool_time_ms: _Milliseconds | None = None
    total_execution_ms: _Milliseconds | None = None
    avg_step_latency_ms: _Milliseconds | None = None
    title: str | None = msgspec.field(default=None, name="task_title")
    tools: dict[_Name, _Tool] | None = msgspec.field(default=None, name="tool_breakdown")  # type: ignore[assignment]
    agents: dict[_Name, _Count] | None = msgspec.field(default=None, name="agent_breakdown")


class ListFacts(msgspec.Struct, gc=False):
    """What a page tells about the whole list."""

    total: int
    has_more: bool | None


class UsagePage(ListFacts, gc=False):
    """A page in which all rows have the right types."""

    data: list[UsageRow]
