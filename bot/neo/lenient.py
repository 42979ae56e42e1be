"""Leniency: fields of a row that its money does not depend on are corrected or dropped, whatever they hold."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

MAX_NAME, MAX_TITLE, MAX_ERROR = 500, 1_000, 10_000  # characters
# far above any task, and low enough that sums of ten million rows do not overflow
MAX_COUNT = 1_000_000_000
MAX_MILLISECONDS = 10 * 366 * 86_400_000  # ten years
UNKNOWN = "unknown"  # the model or status of a row that names none

OWN_KEY_COSTS = ("llm_cost", "neo_cost")  # ignored in the price of a task that ran on Neo's key
_MONEY = ("task_id", "created_at", "email", "is_byok", "neo_credits", "llm_cost", "neo_cost")
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_HALVES = re.compile("[\ud800-\udfff]")  # surrogates, also those that `raw_json` makes of bytes that are no Unicode
_BOOLEANS = {"true": True, "false": False}


def lenient_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known fields of a row: those that its money, day and member depend on unchanged, the others corrected.

    A number may be written as text or with a fraction, which is cut off. A number beyond its limit, or a value of
    another type, is dropped. In texts, bytes that are no Unicode are replaced.
    """
    money = {name: row[name] for name in _MONEY if name in row}
    if isinstance(is_byok := row.get("is_byok"), str) and is_byok.lower() in _BOOLEANS:
        money["is_byok"] = _BOOLEANS[is_byok.lower()]
    if money.get("is_byok") is False:
        money |= {name: _amount(row.get(name)) for name in OWN_KEY_COSTS}
    return money | {name: read(row.get(name)) for name, read in _LENIENT_READERS.items()}


def printable_name(value: object) -> str:
    """Return a model or status on one line of letters that can be shown, "unknown" if nothing is left of it."""
    if not isinstance(value, str):
        return UNKNOWN
    spaced = "".join(" " if letter.isspace() else letter for letter in _text(value))
    return "".join(filter(str.isprintable, spaced))[:MAX_NAME] or (UNKNOWN if value else "")


def whole_number_up_to(value: object, most: int) -> int | None:
    """Return a number from 0 to `most` without its fraction; None for anything else."""
    if isinstance(value, str):
        value = Decimal(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, Decimal) and value.is_nan():
        return None
    return int(value) if 0 <= value <= most else None


def _amount(value: object) -> object:
    """Return a value unchanged if it can be read as an amount; None for anything else."""
    if isinstance(value, str):
        return value if _NUMBER.fullmatch(value) else None
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _text(value: str) -> str:
    return _HALVES.sub("\ufffd", value)


def _text_or_none(value: object, most: int) -> str | None:
    return _text(value)[:most] if isinstance(value, str) else None


def _stream(value: object) -> str | None:
    """Return the id of a stream; one that cannot be read still says that the row is a part of its task."""
    return _text(value) if isinstance(value, str) else None if value is None else UNKNOWN


def _or_zero(value: object, most: int) -> int:
    return whole_number_up_to(value, most) or 0


def _agents(value: object) -> dict[str, int] | None:
    if not isinstance(value, dict):
        return None
    counts = {_text(agent)[:MAX_NAME]: whole_number_up_to(count, MAX_COUNT) for agent, count in value.items()}
    return {agent: count for agent, count in counts.items() if count is not None}


def _tools(value: object) -> dict[str, dict[str, int]] | None:
    if not isinstance(value, dict):
        return None
    return {_text(tool)[:MAX_NAME]: _tool(use) for tool, use in value.items() if isinstance(use, dict)}


def _tool(use: Mapping[str, Any]) -> dict[str, int]:
    calls, took = use.get("calls"), use.get("total_duration_ms")
    return {"calls": _or_zero(calls, MAX_COUNT), "total_duration_ms": _or_zero(took, MAX_MILLISECONDS)}


_LENIENT_READERS: Mapping[str, Callable[[object], Any]] = {
    "model": printable_name,
    "status": printable_name,
    "stream_id": _stream,
    "task_title": partial(_text_or_none, most=MAX_TITLE),
    "error_message": partial(_text_or_none, most=MAX_ERROR),
    "tool_breakdown": _tools,
    "agent_breakdown": _agents,
    "stream_count": partial(whole_number_up_to, most=MAX_COUNT),
    **dict.fromkeys(("step_count", "tool_calls", "agent_triggers"), partial(_or_zero, most=MAX_COUNT)),
    **dict.fromkeys(
        ("llm_time_ms", "tool_time_ms", "total_execution_ms", "avg_step_latency_ms"),
        partial(whole_number_up_to, most=MAX_MILLISECONDS),
    ),
}
