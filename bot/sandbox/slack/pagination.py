"""Pages of lists, with cursors in the same form as Slack's."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.api_calls import Call, RefusedError
from bot.sandbox.slack.models import Json

T = TypeVar("T")


def encode_cursor(kind: str, position: str | int) -> str:
    """Return a cursor for the position where the next page starts."""
    return b64encode(f"{kind}:{position}".encode()).decode()


def decode_cursor(call: Call, kind: str) -> str | None:
    """Return the position in the call's cursor, None without a cursor. Raises RefusedError if it is invalid."""
    if not (given := call.text("cursor")):
        return None
    try:
        cursor_kind, _, position = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        raise RefusedError("invalid_cursor") from None
    if cursor_kind != kind:
        raise RefusedError("invalid_cursor")
    return position


def page_of(call: Call, kind: str, items: Sequence[T], max_limit: int = 1000) -> tuple[Sequence[T], Json]:
    """Return the page of the items that the call selects, and the fields for the next one. Raises RefusedError."""
    start = decode_cursor(call, kind) or "0"
    if not start.isdigit():
        raise RefusedError("invalid_cursor")
    limit = call.integer("limit", max_limit)
    if limit < 1:
        raise RefusedError("invalid_limit")
    end = int(start) + min(limit, max_limit)
    next_cursor = encode_cursor(kind, end) if end < len(items) else ""
    return items[int(start) : end], {"response_metadata": {"next_cursor": next_cursor}}
