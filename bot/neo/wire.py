"""The wire: the upstream's JSON decoded and checked, row by row where a page is not clean."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any

import msgspec

from bot.domain.rfc3339 import TimestampError, read_timestamp
from bot.domain.tasks import Refused, Task, ToolUse, member_key
from bot.neo.lenient import (
    MAX_COUNT,
    MAX_ERROR,
    MAX_MILLISECONDS,
    MAX_NAME,
    MAX_TITLE,
    OWN_KEY_COSTS,
    name,
    whole,
    with_sound_decoration,
)

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NAMELESS = "row "  # what the key of a row without an id begins with
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_LONG = 30  # digits; no count or id needs as many
_YEARS = range(2000, 2100)
_MAX_EMAIL = 1_000  # characters
_MAX_TOTAL = 2**53  # what JSON numbers carry exactly


_Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=MAX_MILLISECONDS)]
_Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]


class _Tool(ToolUse, frozen=True, gc=False):
    calls: _Count = 0
    total_duration_ms: _Milliseconds = 0


class _Row(Task, frozen=True, kw_only=True, gc=False):
    """`TaskUsage` of the OpenAPI page as a task, without the tool call history, which nothing here uses."""

    task_id: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME)]
    model: _Name
    status: _Name
    # text until `_task` has read it: the codec rounds, perhaps into the next day
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


class _Said(msgspec.Struct, gc=False):
    """What a page says of the whole list."""

    total: int
    has_more: bool | None


class _Page(_Said, gc=False):
    data: list[_Row]


class _Fault(msgspec.Struct):
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its good rows, its bad ones, and the number of all rows of the question.

    `has_more` is whether others follow, None where the upstream does not say.
    """

    tasks: tuple[Task, ...]
    refused: tuple[Refused, ...]
    total: int
    has_more: bool | None = False

    @property
    def rows(self) -> int:
        """How many rows the page held, good and bad."""
        return len(self.tasks) + len(self.refused)


class NotAPageError(ValueError):
    """The text is not a page of the upstream; the message says what it is, without quoting it."""


_decode_page = msgspec.json.Decoder(_Page).decode
_encode = msgspec.msgpack.Encoder().encode
_decode_fault = msgspec.json.Decoder(_Fault).decode


def decode_page(body: bytes, latest: datetime | None = None) -> Page:
    """Decode a page; a row that was created after `latest` is set aside too.

    The quick way takes a page whose every row has the right types; else each row is looked at alone. What its money,
    day and member do not rest on is set right or dropped; a row where they cannot be told is set aside with the
    reason. Amounts never pass through a float.

    Raises:
        NotAPageError: it is not the upstream's JSON at all.
    """
    try:
        page = _decode_page(body)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        return _row_by_row(body, latest)
    return _page(page.data, (), page, latest)


def fault_code(body: bytes) -> str | None:
    """The stable `code` of an error's body, if it has one that reads like a code."""
    try:
        code = _decode_fault(body).code
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return code if code and _CODE.fullmatch(code) else None


def _page(rows: Iterable[_Row], bad: Iterable[Refused], said: _Said, latest: datetime | None) -> Page:
    if said.total < 0:
        raise NotAPageError("its total is negative")
    tasks, refused = [], list(bad)
    for row in rows:
        try:
            tasks.append(_task(row, latest))
        except ValueError as error:
            refused.append(Refused(_safe(row.task_id) or _digest(row), str(error), _readable(row.created_at)))
    return Page(tuple(tasks), tuple(refused), said.total, said.has_more)


def _row_by_row(body: bytes, latest: datetime | None) -> Page:
    raw = _loosely(body)
    total = _total(raw) if isinstance(raw, dict) and isinstance(raw.get("data"), list) else None
    if total is None:
        raise NotAPageError("it has no `data` and `total`")
    rows, bad = [], []
    for each in raw["data"]:
        try:
            row = msgspec.convert(with_sound_decoration(each) if isinstance(each, dict) else each, _Row)
            _encode(row)  # refuses text that is no Unicode and numbers beyond 64 bits
            rows.append(row)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            bad.append(Refused(_key(each), _reason(error), _born(each)))
    return _page(rows, _numbered(bad), _Said(total, _BOOLEANS.get(str(raw.get("has_more")).lower())), latest)


def _numbered(refused: Iterable[Refused]) -> Iterator[Refused]:
    """The same with different keys where rows without an id are equal, which are different rows all the same."""
    times: Counter[str] = Counter()
    for each in refused:
        times[each.key] += 1
        again = times[each.key] > 1 and each.key.startswith(NAMELESS)
        yield msgspec.structs.replace(each, key=f"{each.key} no. {times[each.key]}") if again else each


def _loosely(body: bytes) -> Any:  # noqa: ANN401 - JSON of any shape
    try:
        # a byte that is no text becomes half a letter, which costs a decoration no more than that letter
        text = body.decode(json.detect_encoding(body), "surrogateescape")
        # Python's own parser accepts NaN and Infinity: a row that holds one is set aside, not its whole page
        return json.loads(text, parse_float=_decimal, parse_constant=Decimal, parse_int=_int)
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


def _total(page: Mapping[str, Any]) -> int | None:
    total = page.get("total")
    if isinstance(total, Decimal) and total == total.to_integral_value():
        return whole(total, _MAX_TOTAL)
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _key(row: object) -> str:
    task_id = row.get("task_id") if isinstance(row, dict) else None
    return _safe(task_id) if isinstance(task_id, str) and task_id else _digest(row)


def _born(row: object) -> datetime | None:
    """When a bad row's task was created, if that can be read."""
    return _readable(row.get("created_at")) if isinstance(row, dict) else None


def _readable(created_at: object) -> datetime | None:
    """A creation time as text, or read already; None if it cannot be read."""
    if isinstance(created_at, datetime):
        return created_at
    try:
        return _created_at(created_at) if isinstance(created_at, str) else None
    except ValueError:
        return None


def _safe(task_id: str) -> str:
    """An id that can be stored and shown, whatever was sent as one."""
    return "".join(letter if letter.isprintable() else "?" for letter in task_id[:200])


def _digest(row: object) -> str:
    return f"{NAMELESS}{blake2b(repr(row).encode(errors='replace'), digest_size=6).hexdigest()}"


# --- a row becomes a task ------------------------------------------------------------------------


def _task(row: _Row, latest: datetime | None) -> Task:
    """The row as a task, with what types cannot say checked and set right.

    Raises:
        ValueError: with the reason it cannot be booked.
    """
    _check_amounts(row)
    if not row.task_id.isprintable():
        raise ValueError("`task_id` holds control characters")
    # set in place: the row is nobody else's yet, and a copy of each would cost as much as decoding it
    moment = _created_at(row.created_at)
    if latest is not None and moment > latest:
        raise ValueError("`created_at` is in the future")
    _set(row, "created_at", moment)
    if not (row.model.isprintable() and row.status.isprintable()):
        _set(row, "model", name(row.model))
        _set(row, "status", name(row.status))
    if row.email is not None and row.email != (member_key(row.email) or None):
        _set(row, "email", member_key(row.email) or None)
    if len(row.title or "") > MAX_TITLE or len(row.error_message or "") > MAX_ERROR:
        _cut(row)
    return row


_set = msgspec.structs.force_setattr
_from_iso = datetime.fromisoformat


def _created_at(text: str) -> datetime:
    try:
        moment = _usual(text) or _unusual(text)
    except TimestampError as error:
        raise ValueError(f"`created_at` names {error} - at `$.created_at`") from None
    if moment.year not in _YEARS:
        raise ValueError("`created_at` is outside the years 2000 to 2099")
    return moment


def _usual(text: str) -> datetime | None:
    """The moment of what nearly all are written as, `2026-11-20T09:00:00.123456789Z`, at a tenth of the cost."""
    if text[4:5] == text[7:8] == "-" and text[10:11] == "T" and text[19:20] in _Z_OR_POINT and text[-1:] == "Z":
        try:
            return _from_iso(text) if text[11:13] != "24" else None  # which not every Python takes
        except ValueError:
            return None
    return None


_Z_OR_POINT = frozenset("Z.")


def _unusual(text: str) -> datetime:
    written = read_timestamp(text.strip())
    if written is None:
        raise ValueError("Invalid RFC3339 encoded datetime - at `$.created_at`")
    if written.offset is None:
        raise ValueError("Expected `datetime` with a timezone component - at `$.created_at`")
    return written.utc


def _check_amounts(row: _Row) -> None:
    for amount in (row.neo_credits, row.llm_cost, row.neo_cost):
        if amount is not None and (not amount.is_finite() or amount < 0):
            name = next(name for name in ("neo_credits", "llm_cost", "neo_cost") if getattr(row, name) is amount)
            if row.is_byok is not False or name not in OWN_KEY_COSTS:
                raise ValueError(f"`{name}` is {'negative' if amount.is_finite() else 'not a number'}")
            _set(row, name, None)


def _cut(row: _Row) -> None:
    _set(row, "title", row.title and row.title[:MAX_TITLE])
    _set(row, "error_message", row.error_message and row.error_message[:MAX_ERROR])
