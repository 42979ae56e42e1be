"""A call of the Web API with its arguments, and the error with which Slack refuses it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.slack.models import Json

FALSE_VALUES = {None, False, "", "0", "false", "False"}


class RefusedError(Exception):
    """The call is answered with `{"ok": false, "error": …}` and the fields in `more`."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error, self.more = error, more

    def answer(self) -> Json:
        """Return the JSON of the answer."""
        return {"ok": False, "error": self.error, **self.more}


@dataclass(slots=True, eq=False)
class Call:
    """One call. `number` counts from 1; `token` is "bot", "app", "none" or "unknown"; `at` is in seconds of loop time.

    `answer` is the JSON that was computed, even if a fault kept it from being sent; None if the call was not run.
    """

    number: int
    method: str
    args: Json
    token: str
    origin: str
    at: float = 0.0
    answer: Json | None = None

    def required(self, name: str) -> str:
        """Return a text argument. Raises RefusedError if it is missing."""
        value = self.args.get(name)
        if not isinstance(value, str | int) or value == "":
            raise RefusedError("invalid_arguments", **error_messages([f"[ERROR] missing required field: {name}"]))
        return str(value)

    def text(self, name: str) -> str | None:
        """Return an optional text argument."""
        value = self.args.get(name)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return a boolean argument, in any of the spellings that clients use."""
        value = self.args.get(name)
        return not isinstance(value, dict | list) and value not in FALSE_VALUES

    def integer(self, name: str, default: int) -> int:
        """Return an integer argument, `default` if it is missing. Raises RefusedError if it is no integer."""
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            raise RefusedError("invalid_arguments", **error_messages([f"[ERROR] must be an integer: {name}"])) from None

    def json(self, name: str, error: str) -> object:
        """Return an argument that forms carry as JSON text, None if missing. Raises RefusedError with `error`."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise RefusedError(error) from None


def error_messages(messages: Iterable[str]) -> Json:
    """Return the fields of an answer that explain what is wrong with the arguments."""
    return {"response_metadata": {"messages": list(messages)}}


async def read_arguments(request: web.Request) -> Json:
    """Return the arguments from the query and from the body, a form or JSON. Raises RefusedError."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise RefusedError("invalid_json") from None
        if not isinstance(body, dict):
            raise RefusedError("json_not_object")
        return given | body
    return given | dict(await request.post())
