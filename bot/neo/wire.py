"""The wire: the upstream's JSON decoded and checked, row by row where a page is not clean."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any

import msgspec

from bot.domain.tasks import Refused, Task, ToolUse, member_key

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LONG = 30  # digits; no count or id needs as many
_YEARS = range(2000, 2100)
_MAX_COUNT = 2**53  # what JSON numbers carry exactly; far below SQLite's 2**63
NAMELESS = "row "  # begins the key of a row without an id
_MAX_NAME, _MAX_TITLE, _MAX_ERROR = 500, 1_000, 10_000  # characters


_Count = Annotated[int, msgspec.Meta(ge=0, le=_MAX_COUNT)]
_Name = Annotated[str, msgspec.Meta(max_length=_MAX_NAME)]


class _Tool(ToolUse, frozen=True, gc=False):
    calls: _Count = 0
    total_duration_ms: _Count = 0


class _Row(Task, frozen=True, kw_only=True, gc=False):
    """`TaskUsage` of the OpenAPI page as a task, without the tool call history, which nothing here uses."""

    task_id: Annotated[str, msgspec.Meta(min_length=1, max_length=_MAX_NAME)]
    model: _Name
    status: _Name
    created_at: Annotated[datetime, msgspec.Meta(tz=True)]
    step_count: _Count
    tool_calls: _Count
    agent_triggers: _Count
    stream_count: _Count | None = None
    llm_time_ms: _Count | None = None
    tool_time_ms: _Count | None = None
    total_execution_ms: _Count | None = None
    avg_step_latency_ms: _Count | None = None
    title: str | None = msgspec.field(default=None, name="task_title")
    tools: dict[str, _Tool] | None = msgspec.field(default=None, name="tool_breakdown")  # type: ignore[assignment]
    agents: dict[str, _Count] | None = msgspec.field(default=None, name="agent_breakdown")


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
    """The stable `code` of an error's body, if it has one that reads like a code."""
    try:
        code = _decode_fault(body).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return code if code and _CODE.fullmatch(code) else None


def _page(rows: Iterable[_Row], bad: Iterable[Refused], total: int) -> Page:
    if total < 0:
        raise NotAPageError("its total is negative")
    tasks, refused = [], list(bad)
    for row in rows:
        try:
            tasks.append(_task(row))
        except ValueError as error:
            refused.append(Refused(_safe(row.task_id) or _digest(row), str(error), row.created_at))
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
            bad.append(Refused(_key(each), _reason(error), _born(each)))
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


def _born(row: object) -> datetime | None:
    """When a bad row's task was created, if that can be read."""
    try:
        moment = msgspec.convert(row.get("created_at") if isinstance(row, dict) else None, datetime)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (msgspec.MsgspecError, ValueError, OverflowError):
        return None


def _safe(task_id: str) -> str:
    """An id that can be stored and shown, whatever was sent as one."""
    return "".join(letter if letter.isprintable() else "?" for letter in task_id[:200])


def _digest(row: object) -> str:
    return f"{NAMELESS}{blake2b(repr(row).encode(errors='replace'), digest_size=6).hexdigest()}"


# --- a row becomes a task ------------------------------------------------------------------------


def _task(row: _Row) -> Task:
    """The row as a task, with what types cannot say checked and set right.

    Raises:
        ValueError: with the reason it cannot be booked.
    """
    _check_amounts(row)
    if not (row.task_id.isprintable() and row.model.isprintable() and row.status.isprintable()):
        raise ValueError("`task_id`, `model` or `status` holds control characters")
    if row.created_at.tzinfo is not UTC or row.created_at.year not in _YEARS:
        row = _in_utc(row)
    if row.email is not None and row.email != (member_key(row.email) or None):
        row = msgspec.structs.replace(row, email=member_key(row.email) or None)
    if len(row.title or "") > _MAX_TITLE or len(row.error_message or "") > _MAX_ERROR:
        row = _cut(row)
    return row


def _check_amounts(row: _Row) -> None:
    for amount in (row.neo_credits, row.llm_cost, row.neo_cost):
        if amount is not None and (not amount.is_finite() or amount < 0):
            name = next(name for name in ("neo_credits", "llm_cost", "neo_cost") if getattr(row, name) is amount)
            raise ValueError(f"`{name}` is {'negative' if amount.is_finite() else 'not a number'}")


def _in_utc(row: _Row) -> _Row:
    try:
        moment = row.created_at.astimezone(UTC)
    except OverflowError:  # the first or last day that there is, in another zone
        moment = row.created_at
    if moment.year not in _YEARS:
        raise ValueError("`created_at` is outside the years 2000 to 2099")
    return msgspec.structs.replace(row, created_at=moment)


def _cut(row: _Row) -> _Row:
    title = row.title and row.title[:_MAX_TITLE]
    error = row.error_message and row.error_message[:_MAX_ERROR]
    return msgspec.structs.replace(row, title=title, error_message=error)
