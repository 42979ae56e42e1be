"""Answers: what Slack's Web API says, read field by field; what is of another kind raises GarbledBySlackError."""

from typing import Any, Protocol

from bot.slack.errors import GarbledBySlackError


class ApiResponse(Protocol):
    """A JSON object, or the SDK's answer that holds one."""

    def get(self, key: str, /) -> Any:  # noqa: ANN401 - JSON
        """What is at a key; None if nothing."""


def text(answer: ApiResponse, name: str) -> str:
    """A text, empty when there is none; raises GarbledBySlackError if it is something else."""
    found = answer.get(name)
    if not isinstance(found, str | None):
        raise GarbledBySlackError(f"`{name}` is no text")
    return found or ""


def required(answer: ApiResponse, name: str) -> str:
    """A text; raises GarbledBySlackError if there is none."""
    found = text(answer, name)
    if not found:
        raise GarbledBySlackError(f"`{name}` is missing")
    return found


def part(answer: ApiResponse, name: str) -> dict[str, Any]:
    """An object, empty when there is none; raises GarbledBySlackError if it is something else."""
    found = answer.get(name)
    if not found:  # an empty list too, which some of Slack's write for an empty object
        return {}
    if not isinstance(found, dict):
        raise GarbledBySlackError(f"`{name}` is no object")
    return found


def parts(answer: ApiResponse, name: str) -> list[dict[str, Any]]:
    """The objects of a list; raises GarbledBySlackError if it is none."""
    found = answer.get(name)
    if not isinstance(found, list):
        raise GarbledBySlackError(f"`{name}` is no list")
    return [each for each in found if isinstance(each, dict)]


def person(record: dict[str, Any]) -> dict[str, Any]:
    """A user object whose id is there, and whose profile holds nothing but texts."""
    profile = {name: value for name, value in part(record, "profile").items() if isinstance(value, str)}
    return record | {
        "id": required(record, "id"),
        "name": text(record, "name"),
        "profile": profile,
        "enterprise_user": part(record, "enterprise_user"),
    }


def conversation(record: dict[str, Any]) -> dict[str, Any]:
    """A channel object whose id and name are texts."""
    return record | {"id": required(record, "id"), "name": text(record, "name")}
