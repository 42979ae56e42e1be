"""Without sockets, payloads come as signed requests, as to an app behind a public address."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.sandbox.serving import Server
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace

SPEND = "#neo-spend"


class Door:
    """A Bolt app behind HTTP, and the headers of what came."""

    def __init__(self, app: AsyncApp) -> None:
        self.app = app
        self.headers: list[Any] = []
        self.statuses: list[int] = []

    def application(self) -> web.Application:
        served = web.Application()
        served.router.add_post("/slack/events", self._handle)
        return served

    async def _handle(self, asked: web.Request) -> web.Response:
        self.headers.append(asked.headers)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(asked)))


@pytest.fixture
def slack(workspace: Workspace) -> SlackApi:
    slack = SlackApi(workspace, lambda: datetime.now(UTC))  # noqa: TID251 signatures are checked against it
    slack.delivery.patience_s = 2
    return slack


@pytest.fixture
async def door(app: AsyncApp, slack: SlackApi, server: SlackServer) -> AsyncIterator[Door]:
    assert server.url
    door = Door(app)
    async with Server(door) as served:
        slack.delivery.events_url = f"{served.url}/slack/events"
        yield door


@pytest.mark.usefixtures("door")
async def test_commands_clicks_and_events_arrive_signed(app: AsyncApp, slack: SlackApi) -> None:
    got: list[str] = []

    @app.command("/neo-usage")
    async def told(ack: AsyncAck, body: dict[str, Any]) -> None:
        got.append(body["text"])
        button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
        await ack(text="here", blocks=[{"type": "actions", "elements": [button]}])

    @app.action("go")
    async def clicked(ack: AsyncAck, body: dict[str, Any]) -> None:
        got.append(body["type"])
        await ack()

    @app.event("message")
    async def heard(event: dict[str, Any]) -> None:
        got.append(event["text"])

    assert (await slack.command("priya", SPEND, "a&b <c")).ok
    (message,) = slack.workspace.visible_messages("C0NEOSPEND", "U0PRIYA")
    assert (await slack.click("priya", SPEND, message.ts, "go")).ok
    assert (await slack.say("priya", "D0PRIYA", "ü")).ok
    assert got == ["a&amp;b &lt;c", "block_actions", "ü"]


async def test_a_plain_text_is_shown(app: AsyncApp, door: Door, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def told(ack: AsyncAck) -> None:
        await ack("just this")

    assert (await slack.command("priya", SPEND)).body == {"text": "just this"}
    assert door.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_another_secret_is_no_signature(door: Door, slack: SlackApi) -> None:
    slack.workspace.signing_secret = "0" * 32
    ack = await slack.command("priya", SPEND)
    assert (ack.ok, ack.error) == (False, "dispatch_failed")
    assert len(door.headers) == 1


async def test_an_event_is_told_three_times_at_most(app: AsyncApp, door: Door, slack: SlackApi) -> None:
    @app.event("message")
    async def heard() -> None:
        pass

    door.statuses = [500, 503]
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.tries) == (True, 3)
    assert [headers.get("X-Slack-Retry-Num") for headers in door.headers] == [None, "1", "2"]
    assert door.headers[1]["X-Slack-Retry-Reason"] == "http_error"
    door.statuses = [500] * 9
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.error, ack.tries) == (False, "dispatch_failed", 3)


async def test_an_app_that_is_not_there_is_not_reached(door: Door, slack: SlackApi) -> None:
    slack.delivery.events_url = "http://127.0.0.1:9/slack/events"
    assert (await slack.command("priya", SPEND)).error == "dispatch_failed"
    assert door.headers == []
