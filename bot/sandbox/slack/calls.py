"""A call of the Web API as it came, and the refusal it may meet."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.slack.things import Json

FALSE = {None, False, "", "0", "false", "False"}


class RefusedError(Exception):
    """An answer `{"ok": false, "error": …}`, with whatever else it says."""

    def __init__(self, error: str, **more: Any) -> None:  # noqa: ANN401 any JSON
        super().__init__(error)
        self.error, self.more = error, more

    def answer(self) -> Json:
        """What Slack says."""
        return {"ok": False, "error": self.error, **self.more}


@dataclass(slots=True, eq=False)
class Call:
    """One call; `number` counts from 1, `token` is "bot", "app", "none" or "unknown", `at` seconds of the loop's time.

    `answer` is what was, or would have been, answered; None until then, or when nothing was done.
    """

    number: int
    method: str
    args: Json
    token: str
    origin: str
    at: float = 0.0
    answer: Json | None = None

    def need(self, name: str) -> str:
        """A text that must be given. Raises RefusedError."""
        value = self.args.get(name)
        if not isinstance(value, str | int) or value == "":
            raise RefusedError("invalid_arguments", **messages([f"[ERROR] missing required field: {name}"]))
        return str(value)

    def text(self, name: str) -> str | None:
        """A text, if given."""
        value = self.args.get(name)
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        """A truth, written in any of the ways clients write it."""
        value = self.args.get(name)
        return not isinstance(value, dict | list) and value not in FALSE

    def number_of(self, name: str, default: int) -> int:
        """A whole number. Raises RefusedError."""
        try:
            return int(self.args.get(name) or default)
        except (TypeError, ValueError):
            raise RefusedError("invalid_arguments", **messages([f"[ERROR] must be an integer: {name}"])) from None

    def json(self, name: str, error: str) -> Any:  # noqa: ANN401 any JSON
        """A value that forms carry as a text of JSON, None when absent. Raises RefusedError with `error`."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise RefusedError(error) from None


def messages(found: Iterable[str]) -> Json:
    """What is wrong with the arguments, where Slack says it."""
    return {"response_metadata": {"messages": list(found)}}


async def arguments(asked: web.Request) -> Json:
    """The arguments of the query and of the body, a form or JSON. Raises RefusedError."""
    given: Json = dict(asked.query)
    if asked.content_type == "application/json":
        try:
            body = json.loads(await asked.text() or "{}")
        except ValueError:
            raise RefusedError("invalid_json") from None
        if not isinstance(body, dict):
            raise RefusedError("json_not_object")
        return given | body
    return given | dict(await asked.post())
