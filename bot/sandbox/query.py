"""The query parameters of the usage endpoint, validated strictly."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar, cast, get_args

from bot.sandbox.tasks import Status

Value = TypeVar("Value")
GroupBy = Literal["day", "week", "month"]

STATUSES = get_args(Status)
DEFAULT_LIMIT, MAX_LIMIT = 50, 200
INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)",  # RFC 3339; a date alone is refused
    re.ASCII,
)


class InvalidQueryError(ValueError):
    """A query parameter is invalid; the message names it."""


@dataclass(frozen=True, slots=True)
class Query:
    """A valid query. None means that the parameter was not given; `start` and `end` (from, to) are inclusive."""

    task_id: str | None = None
    status: str | None = None
    model: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    search: str | None = None
    email: str | None = None
    is_byok: bool | None = None

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> "Query":
        """Parse a query string. Raises InvalidQueryError. Unknown parameters and empty texts are ignored."""
        return cls(
            task_id=given.get("task_id") or None,
            status=_parsed_value(given, "status", _status, None),
            model=given.get("model") or None,
            start=_parsed_value(given, "from", _moment, None),
            end=_parsed_value(given, "to", _moment, None),
            limit=_parsed_value(given, "limit", _limit, DEFAULT_LIMIT),
            offset=_parsed_value(given, "offset", _offset, 0),
            search=given.get("search") or None,
            email=given.get("email") or None,
            is_byok=_parsed_value(given, "is_byok", _boolean, None),
        )


def parsed_group_by(given: Mapping[str, str]) -> GroupBy | None:
    """Return by which periods a summary is to be grouped, if it is. Raises InvalidQueryError."""
    return _parsed_value(given, "group_by", _group_by, None)


def _parsed_value(given: Mapping[str, str], name: str, parse: Callable[[str], Value], default: Value) -> Value:
    if name not in given:
        return default
    try:
        return parse(given[name])
    except ValueError as error:
        raise InvalidQueryError(f"invalid query parameter '{name}': {error}") from error


def _status(text: str) -> str | None:
    if text not in STATUSES:
        raise ValueError(f"must be one of {', '.join(STATUSES)}")
    return text


def _group_by(text: str) -> GroupBy:
    if text not in get_args(GroupBy):
        raise ValueError(f"must be one of {', '.join(get_args(GroupBy))}")
    return cast("GroupBy", text)


def _moment(text: str) -> datetime | None:
    if not DATE_TIME.fullmatch(text):
        raise ValueError("must be an ISO 8601 date-time with offset")
    return datetime.fromisoformat(text)


def _limit(text: str) -> int:
    if not 1 <= (number := _integer(text)) <= MAX_LIMIT:
        raise ValueError(f"must be between 1 and {MAX_LIMIT}")
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
