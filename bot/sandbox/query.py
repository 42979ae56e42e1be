"""The query of the usage endpoint: what a caller may ask for, checked as strictly as an API can."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, get_args

from bot.sandbox.tasks import Status

Value = TypeVar("Value")

STATUSES = get_args(Status)
LIMIT, LIMIT_MAX = 50, 200
INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",  # RFC 3339; a bare date is none
    re.ASCII,
)


class MalformedError(ValueError):
    """A parameter that the API refuses; the message names it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A well-formed query. None means not asked; `start` and `end` (from, to) are inclusive."""

    task_id: str | None = None
    status: str | None = None
    model: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int = LIMIT
    offset: int = 0
    search: str | None = None
    email: str | None = None
    is_byok: bool | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Query":
        """Read the query string. Raises MalformedError; unknown parameters and empty texts are ignored."""
        return cls(
            task_id=given.get("task_id") or None,
            status=_read(given, "status", _status, None),
            model=given.get("model") or None,
            start=_read(given, "from", _moment, None),
            end=_read(given, "to", _moment, None),
            limit=_read(given, "limit", _limit, LIMIT),
            offset=_read(given, "offset", _offset, 0),
            search=given.get("search") or None,
            email=given.get("email") or None,
            is_byok=_read(given, "is_byok", _boolean, None),
        )


def _read(given: Mapping[str, str], name: str, reader: Callable[[str], Value], absent: Value) -> Value:
    if name not in given:
        return absent
    try:
        return reader(given[name])
    except ValueError as error:
        raise MalformedError(f"invalid query parameter '{name}': {error}") from error


def _status(text: str) -> str | None:
    if text not in STATUSES:
        raise ValueError(f"must be one of {', '.join(STATUSES)}")
    return text


def _moment(text: str) -> datetime | None:
    if not DATE_TIME.fullmatch(text):
        raise ValueError("must be an ISO 8601 date-time with offset")
    return datetime.fromisoformat(text)


def _limit(text: str) -> int:
    if not 1 <= (number := _integer(text)) <= LIMIT_MAX:
        raise ValueError(f"must be between 1 and {LIMIT_MAX}")
    return number


def _offset(text: str) -> int:
    if (number := _integer(text)) < 0:
        raise ValueError("must not be negative")
    return number


def _integer(text: str) -> int:
    if not INTEGER.fullmatch(text):
        raise ValueError("must be an integer")
    return int(text)


def _boolean(text: str) -> bool | None:
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"
