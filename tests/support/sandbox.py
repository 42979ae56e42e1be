"""What the tests of the sandbox share: the types of their fixtures, and helpers that ask, act and look."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import yaml
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.sandbox.neo import PATH
from bot.sandbox.slack.models import Message, View
from bot.sandbox.slack.server import SlackApi

Json = dict[str, Any]
Conforms = Callable[[str, object], None]
Get = Callable[..., Awaitable[Json]]
Post = Callable[..., Awaitable[Json]]
PostAs = Callable[..., Message]
NextEvent = Callable[[str, str], Awaitable[Json]]
Refused = Callable[[Awaitable[Any]], Awaitable[str]]
Raw = Callable[..., Awaitable[Json]]
OpenModal = Callable[..., Awaitable[View]]

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SPEND = "C0NEOSPEND"  # the id of #neo-spend


def z(moment: datetime) -> str:
    """The time as the API takes it."""
    return moment.isoformat().replace("+00:00", "Z")


async def ask(client: aiohttp.ClientSession, **query: str | int) -> Any:
    """The page that the API answers with."""
    async with client.get(PATH, params=query) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        return msgspec.json.decode(await response.read())


@cache
def components() -> Json:
    """The schemas of the API's specification, for a JSON Schema validator."""
    text = (Path(__file__).parents[1] / "sandbox" / "neo-openapi.yaml").read_text(encoding="utf-8")
    specification: Json = with_null_types(yaml.safe_load(text))
    return {"components": specification["components"]}


def with_null_types(node: Any) -> Any:
    """The specification says OpenAPI 3.1 but `nullable` like 3.0; 3.1 says it with a second type."""
    if isinstance(node, list):
        return [with_null_types(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: with_null_types(value) for key, value in node.items() if key != "nullable"}
    return plain | {"type": [plain["type"], "null"]} if node.get("nullable") is True else plain


def plain_text(text: str) -> Json:
    """A plain text object."""
    return {"type": "plain_text", "text": text}


def button_block(**more: Any) -> Json:
    """A block `b` with the button `go`."""
    element = {"type": "button", "action_id": "go", "text": plain_text("Go"), **more}
    return {"type": "actions", "block_id": "b", "elements": [element]}


def input_block(block_id: str, element: Json, **more: Any) -> Json:
    """An input block whose element is `a`."""
    element = {"action_id": "a", **element}
    return {"type": "input", "block_id": block_id, "label": plain_text(block_id), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal `cb`; without blocks it asks for a limit."""
    body = list(blocks) or [input_block("limit", {"type": "plain_text_input"})]
    title, submit = plain_text("T"), plain_text("Save")
    return {"type": "modal", "callback_id": "cb", "title": title, "submit": submit, "blocks": body, **more}


def visible(slack: SlackApi, user: str = "priya", channel: str = SPEND) -> list[Message]:
    """The messages that the user sees in the channel."""
    return slack.workspace.visible_messages(slack.workspace.channel(channel).id, slack.workspace.user(user).id)


def capture(app: AsyncApp, kind: str, name: str) -> list[Json]:
    """Let the app acknowledge everything of this kind, and return the list that collects the payloads."""
    payloads: list[Json] = []

    async def listener(ack: AsyncAck, body: Json) -> None:
        payloads.append(body)
        await ack()

    getattr(app, kind)(name)(listener)
    return payloads


def answer_submissions(app: AsyncApp, **ack_arguments: Any) -> list[Json]:
    """Let the app acknowledge every submission of `cb` so, and return the list that collects the payloads."""
    payloads: list[Json] = []

    @app.view("cb")
    async def acknowledge(ack: AsyncAck, body: Json) -> None:
        payloads.append(body)
        await ack(**ack_arguments)

    return payloads
