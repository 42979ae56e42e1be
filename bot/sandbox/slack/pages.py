"""Listings in pages: cursors as Slack makes them, opaque but decodable."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import TypeVar

from bot.sandbox.slack.calls import Call, RefusedError
from bot.sandbox.slack.things import Json

T = TypeVar("T")


def cursor_of(kind: str, place: str | int) -> str:
    """The cursor that says where to go on."""
    return b64encode(f"{kind}:{place}".encode()).decode()


def place_of(call: Call, kind: str) -> str | None:
    """Where to go on, if the call says so. Raises RefusedError."""
    if not (given := call.text("cursor")):
        return None
    try:
        named, _, place = b64decode(given, validate=True).decode().partition(":")
    except ValueError:
        named, place = "", ""
    if named != kind:
        raise RefusedError("invalid_cursor")
    return place


def paged(call: Call, kind: str, found: Sequence[T], most: int = 1000) -> tuple[Sequence[T], Json]:
    """A page of what was found, and what to say of the next. Raises RefusedError."""
    place = place_of(call, kind) or "0"
    if not place.isdigit():
        raise RefusedError("invalid_cursor")
    limit = call.number_of("limit", most)
    if limit < 1:
        raise RefusedError("invalid_limit")
    end = int(place) + min(limit, most)
    following = cursor_of(kind, end) if end < len(found) else ""
    return found[int(place) : end], {"response_metadata": {"next_cursor": following}}
