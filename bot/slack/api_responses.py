"""Answers of Slack's Web API, read field by field; a field of the wrong type raises InvalidAnswerError."""

from typing import Any, Protocol

from bot.slack.errors import InvalidAnswerError


class ApiResponse(Protocol):
    """A JSON object, or slack-sdk's response that holds one."""

    def get(self, key: str, /) -> object:
        """Return the value of a key; None if there is none."""


def text_field(answer: ApiResponse, name: str) -> str:
    """Return a text; "" if there is none."""
    value = answer.get(name)
    if not isinstance(value, str | None):
        raise InvalidAnswerError(f"`{name}` is no text")
    return value or ""


def required_text(answer: ApiResponse, name: str) -> str:
    """Return a text; raises InvalidAnswerError if it is missing or empty."""
    value = text_field(answer, name)
    if not value:
        raise InvalidAnswerError(f"`{name}` is missing")
    return value


def object_field(answer: ApiResponse, name: str) -> dict[str, Any]:
    """Return an object; an empty one if there is none."""
    value = answer.get(name)
    if not value:  # also an empty list, which some of Slack's methods give for an empty object
        return {}
    if not isinstance(value, dict):
        raise InvalidAnswerError(f"`{name}` is no object")
    return value


def object_list(answer: ApiResponse, name: str) -> list[dict[str, Any]]:
    """Return the objects of a list; raises InvalidAnswerError if there is no list."""
    value = answer.get(name)
    if not isinstance(value, list):
        raise InvalidAnswerError(f"`{name}` is no list")
    return [each for each in value if isinstance(each, dict)]


def text_list(answer: ApiResponse, name: str) -> list[str]:
    """Return the texts of a list; raises InvalidAnswerError if there is no list."""
    value = answer.get(name)
    if not isinstance(value, list):
        raise InvalidAnswerError(f"`{name}` is no list")
    return [each for each in value if isinstance(each, str)]


def user_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return a user object that has an id, and a profile of texts alone."""
    profile = {name: value for name, value in object_field(record, "profile").items() if isinstance(value, str)}
    return record | {
        "id": required_text(record, "id"),
        "name": text_field(record, "name"),
        "profile": profile,
        "enterprise_user": object_field(record, "enterprise_user"),
    }


def channel_record(record: dict[str, Any]) -> dict[str, Any]:
    """Return a channel object that has an id, and a name that is a text."""
    return record | {"id": required_text(record, "id"), "name": text_field(record, "name")}
