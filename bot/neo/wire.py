"""The wire: the upstream's JSON decoded and checked, row by row where a page is not clean."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from bot.domain.tasks import Refused, Task, member_key

_LONG = 30  # digits; no count or id needs as many
_YEARS = range(2000, 2100)
_MAX_COUNT = 2**53  # what JSON numbers carry exactly; far below SQLite's 2**63
_MAX_TEXT = {"title": 1_000, "error": 10_000, "name": 500}


class _Tool(msgspec.Struct, gc=False):
    calls: int = 0
    total_duration_ms: int = 0


class _Row(msgspec.Struct, gc=False):
    """`TaskUsage` of the OpenAPI page, without the tool call history, which nothing here uses."""

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


class _Page(msgspec.Struct, gc=False):
    data: list[_Row]
    total: int
    has_more: bool


class _Fault(msgspec.Struct):
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its good rows, its bad ones, and the number of all rows of the question."""

    tasks: tuple[Task, ...]
    refused: tuple[Refused, ...]
    total: int

    @property
    def rows(self) -> int:
        """How many rows the page held, good and bad."""
        return len(self.tasks) + len(self.refused)


class NotAPageError(ValueError):
    """The text is not a page of the upstream; the message says what it is, without quoting it."""


_decode_page = msgspec.json.Decoder(_Page).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_fault = msgspec.json.Decoder(_Fault).decode


def decode_page(body: bytes) -> Page:
    """Decode a page.

    The quick way takes a page whose every row has the right types; else each row is looked at alone. What cannot
    be booked is set aside with its reason. Amounts never pass through a float.

    Raises:
        NotAPageError: it is not the upstream's JSON at all.
    """
    try:
        page = _decode_page(body)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return _row_by_row(body)
    return _page(page.data, (), page.total)


def fault_code(body: bytes) -> str | None:
    """The stable `code` of an error's body, if it has one."""
    try:
        return _decode_fault(body).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _page(rows: Iterable[_Row], bad: Iterable[Refused], total: int) -> Page:
    if total < 0:
        raise NotAPageError("its total is negative")
    tasks, refused = [], list(bad)
    for row in rows:
        try:
            tasks.append(_task(row))
        except ValueError as error:
            refused.append(Refused(_safe(row.task_id) or _digest(row), str(error)))
    return Page(tuple(tasks), tuple(refused), total)


def _row_by_row(body: bytes) -> Page:
    raw = _loosely(body)
    if not isinstance(raw, dict) or not isinstance(raw.get("data"), list) or not _is_count(raw.get("total")):
        raise NotAPageError("it has no `data` and `total`")
    rows, bad = [], []
    for each in raw["data"]:
        try:
            row = msgspec.convert(each, _Row)
            _encode(row)  # refuses text that is no Unicode and numbers beyond 64 bits
            rows.append(row)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            bad.append(Refused(_key(each), _reason(error)))
    return _page(rows, bad, raw["total"])


def _loosely(body: bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    try:
        # Python's own parser accepts NaN and Infinity: a row that holds one is set aside, not its whole page
        return json.loads(body, parse_float=_decimal, parse_constant=Decimal, parse_int=_int)
    except RecursionError as error:
        raise NotAPageError("it is nested too deeply") from error
    except ValueError as error:
        html = body.lstrip()[:1] == b"<"
        raise NotAPageError("it is HTML" if html else "it is broken or cut JSON") from error


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except ArithmeticError:  # an exponent beyond what Decimal holds
        return Decimal("NaN")


def _int(digits: str) -> int | Decimal:
    # Python refuses to read a number of thousands of digits, and would lose the page with it
    return int(digits) if len(digits) < _LONG else Decimal(digits)


def _reason(error: Exception) -> str:
    # a codec's own message may quote the text, a validation's names types and places only
    return str(error) if isinstance(error, msgspec.ValidationError) else "text or a number that cannot be stored"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _key(row: object) -> str:
    task_id = row.get("task_id") if isinstance(row, dict) else None
    return _safe(task_id) if isinstance(task_id, str) and task_id else _digest(row)


def _safe(task_id: str) -> str:
    """An id that can be stored and shown, whatever was sent as one."""
    return "".join(letter if letter.isprintable() else "?" for letter in task_id[:200])


def _digest(row: object) -> str:
    return f"row {blake2b(repr(row).encode(errors='replace'), digest_size=6).hexdigest()}"


# --- a row becomes a task ------------------------------------------------------------------------


def _task(row: _Row) -> Task:
    """The task of a row.

    Raises:
        ValueError: with the reason it cannot be booked.
    """
    _check(row)
    return Task(
        task_id=row.task_id,
        model=row.model,
        status=row.status,
        created_at=_utc(row.created_at),
        email=(member_key(row.email) or None) if row.email else None,
        is_byok=row.is_byok,
        neo_credits=row.neo_credits,
        llm_cost=row.llm_cost,
        neo_cost=row.neo_cost,
        stream_id=row.stream_id,
        stream_count=row.stream_count,
        step_count=row.step_count,
        tool_calls=row.tool_calls,
        agent_triggers=row.agent_triggers,
        llm_time_ms=row.llm_time_ms,
        tool_time_ms=row.tool_time_ms,
        total_execution_ms=row.total_execution_ms,
        avg_step_latency_ms=row.avg_step_latency_ms,
        title=row.task_title and row.task_title[: _MAX_TEXT["title"]],
        error_message=row.error_message and row.error_message[: _MAX_TEXT["error"]],
        tools={name: (each.calls, each.total_duration_ms) for name, each in (row.tool_breakdown or {}).items()},
        agents=row.agent_breakdown or {},
    )


def _check(row: _Row) -> None:
    for name in ("task_id", "model", "status"):
        value = getattr(row, name)
        if len(value) > _MAX_TEXT["name"] or not value.isprintable():
            raise ValueError(f"`{name}` is too long or holds control characters")
    if not row.task_id:
        raise ValueError("`task_id` is empty")
    for name in ("neo_credits", "llm_cost", "neo_cost"):
        amount = getattr(row, name)
        if amount is not None and (not amount.is_finite() or amount < 0):
            raise ValueError(f"`{name}` is {'negative' if amount.is_finite() else 'not a number'}")
    for count in _counts(row):
        if not 0 <= count <= _MAX_COUNT:
            raise ValueError("a count or time is negative or absurd")
    if row.created_at.tzinfo is None or _utc(row.created_at).year not in _YEARS:
        raise ValueError("`created_at` has no time zone, or is outside the years 2000 to 2099")


def _counts(row: _Row) -> Sequence[int]:
    some = (
        row.step_count, row.tool_calls, row.agent_triggers, row.stream_count, row.llm_time_ms,
        row.tool_time_ms, row.total_execution_ms, row.avg_step_latency_ms,
    )  # fmt: skip
    tools = (part for each in (row.tool_breakdown or {}).values() for part in (each.calls, each.total_duration_ms))
    return [count for count in (*some, *tools, *(row.agent_breakdown or {}).values()) if count is not None]


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
