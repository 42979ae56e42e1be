"""Decoding: a page of 200 tasks with their histories, beside pydantic into models with the same fields."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel

from benchmarks.bars import Bar
from benchmarks.listing import HEAVY, PAGE, Listing
from benchmarks.timing import in_turn, shown
from bot.domain.tasks import Task, ToolUse
from bot.neo.wire import decode_page

_HALF_A_MB = 500_000


class _Tool(BaseModel):
    calls: int = 0
    total_duration_ms: int = 0


class _Row(BaseModel):
    """The fields that a Task keeps; pydantic ignores the history as the app does."""

    task_id: str
    model: str
    status: str
    step_count: int
    tool_calls: int
    agent_triggers: int
    created_at: datetime
    email: str | None = None
    is_byok: bool | None = None
    neo_credits: Decimal | None = None
    llm_cost: Decimal | None = None
    neo_cost: Decimal | None = None
    stream_id: str | None = None
    stream_count: int | None = None
    llm_time_ms: int | None = None
    tool_time_ms: int | None = None
    total_execution_ms: int | None = None
    avg_step_latency_ms: int | None = None
    task_title: str | None = None
    error_message: str | None = None
    tool_breakdown: dict[str, _Tool] | None = None
    agent_breakdown: dict[str, int] | None = None


class _Page(BaseModel):
    data: list[_Row]
    total: int
    has_more: bool


class _Call(BaseModel):
    index: int
    tool_name: str
    duration_ms: int
    timestamp: int


class _WholeRow(_Row):
    tool_call_history: list[_Call]


class _WholePage(BaseModel):
    data: list[_WholeRow]
    total: int
    has_more: bool


def measure(*, quick: bool) -> Iterator[Bar]:
    """The app at least five times as fast as pydantic, which knows the history or skips it too."""
    body = Listing(PAGE, HEAVY).page(0)
    assert len(body) >= _HALF_A_MB, len(body)
    _agree(body)
    whole, same = _WholePage.model_validate_json, _Page.model_validate_json
    ours, of_all, of_same = in_turn(
        10 if quick else 100, lambda: decode_page(body), lambda: whole(body), lambda: same(body)
    )
    note = f"{len(body) / 1e6:.2f} MB: {shown(ours)}; pydantic {shown(of_all)}"
    yield Bar("decode a page, faster than pydantic of the API's page", of_all / ours, 5, at_least=True, note=note)
    note = f"pydantic {shown(of_same)}"
    yield Bar("the same, of the fields that the app keeps", of_same / ours, 5, at_least=True, note=note)


def _agree(body: bytes) -> None:
    page, peer, whole = decode_page(body), _Page.model_validate_json(body), _WholePage.model_validate_json(body)
    assert len(page.tasks) == PAGE
    assert not page.refused
    assert [_values(task) for task in page.tasks] == [_peer_values(row) for row in peer.data]
    assert all(len(row.tool_call_history) == HEAVY for row in whole.data)


def _values(task: Task) -> dict[str, object]:
    values = {name: _as_float(getattr(task, name)) for name in task.__struct_fields__}
    return values | {"tools": _uses(task.tools)}


def _uses(tools: Mapping[str, ToolUse | _Tool] | None) -> dict[str, tuple[int, int]]:
    return {name: (each.calls, each.total_duration_ms) for name, each in (tools or {}).items()}


def _as_float(value: object) -> object:
    # pydantic reaches Decimal through float and loses digits, so that is as near as the two can be
    return float(value) if isinstance(value, Decimal) else value


def _peer_values(row: _Row) -> dict[str, object]:
    values = {name: _as_float(value) for name, value in row.model_dump().items()}
    values["title"] = values.pop("task_title")
    del values["tool_breakdown"]
    values["tools"] = _uses(row.tool_breakdown)
    values["agents"] = values.pop("agent_breakdown")
    return values
