"""A row sums up a task's streams; what is unknown stays unknown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.sandbox.tasks import SimTask, Stream, history, row, wire_time

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def stream(hour: int, **told: Any) -> Stream:
    return Stream(NOON + hour * HOUR, NOON + hour * HOUR + HOUR / 2, **told)


@pytest.mark.parametrize(
    ("amounts", "total"),
    [
        (["0.1", "0.2"], "0.3"),
        (["0.30000000000000004"], "0.30000000000000004"),
        ([None, "0.2"], "0.2"),
        (["0", None], "0"),
        ([None, None], None),
    ],
)
@pytest.mark.parametrize("name", ["credits", "llm_cost", "neo_cost"])
def test_known_amounts_are_added_and_unknown_ones_are_not_zero(
    name: str, amounts: list[str | None], total: str | None
) -> None:
    given = [None if amount is None else Decimal(amount) for amount in amounts]
    task = SimTask.of("t", *(stream(hour, **{name: amount}) for hour, amount in enumerate(given)))
    shown = row(task)["neo_credits" if name == "credits" else name]
    assert shown == (None if total is None else Decimal(total))


def test_status_error_and_model_are_those_of_the_stream_that_ended_last() -> None:
    failed = stream(2, status="error", error_message="boom", model="gpt-5")
    seen = row(SimTask.of("t", stream(1), failed, stream(0), model="qwen3-coder"))
    assert (seen["status"], seen["error_message"], seen["model"]) == ("error", "boom", "gpt-5")
    assert seen["stream_count"] == 3


def test_counts_times_and_breakdowns_are_added() -> None:
    first = stream(0, steps=3, tool_calls=3, llm_ms=900, tool_ms=50, tools={"git": (1, 20), "grep": (2, 30)})
    second = stream(1, steps=1, tool_calls=4, llm_ms=300, agents={"recon": 2}, tools={"git": (4, 10)})
    seen = row(SimTask.of("t", first, second))
    assert (seen["step_count"], seen["tool_calls"], seen["llm_time_ms"], seen["tool_time_ms"]) == (
        4,
        7,
        1200,
        50,
    )
    assert seen["avg_step_latency_ms"] == 300
    assert seen["total_execution_ms"] is None
    assert seen["tool_breakdown"] == {
        "git": {"calls": 5, "total_duration_ms": 30},
        "grep": {"calls": 2, "total_duration_ms": 30},
    }
    assert seen["agent_breakdown"] == {"recon": 2}


def test_optional_fields_are_absent_and_nullable_ones_null() -> None:
    seen = row(SimTask.of("t", stream(0), email=None, title=None, is_byok=None))
    assert seen.keys().isdisjoint({"email", "is_byok", "stream_id"})
    assert (seen["task_title"], seen["tool_breakdown"], seen["tool_call_history"]) == (None, None, None)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-03-02T12:00:00Z"),
        (NOON + timedelta(milliseconds=120), "2026-03-02T12:00:00.12Z"),
        (NOON.astimezone(datetime.strptime("+0530", "%z").tzinfo), "2026-03-02T12:00:00Z"),
    ],
)
def test_times_are_utc_with_a_z(moment: datetime, text: str) -> None:
    assert wire_time(moment) == text


def test_a_history_has_exactly_the_entries_asked_for() -> None:
    entries = history(SimTask.of("t", stream(0, tools={"git": (1, 1), "grep": (1, 1)})), 5)
    assert [(entry["index"], entry["tool_name"]) for entry in entries] == [
        (0, "git"),
        (1, "grep"),
        (2, "git"),
        (3, "grep"),
        (4, "git"),
    ]
