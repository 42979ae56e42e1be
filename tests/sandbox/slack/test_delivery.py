"""Without sockets, payloads come as signed requests, as to an app behind a public address."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.sandbox.http_server import Server
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND


class HttpApp:
    """A Bolt app behind HTTP, and the headers of what came."""

    def __init__(self, app: AsyncApp) -> None:
        self.app = app
        self.headers: list[Any] = []
        self.statuses: list[int] = []

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/slack/events", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.Response:
        self.headers.append(request.headers)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        return await to_aiohttp_response(await self.app.async_dispatch(await to_bolt_request(request)))


@pytest.fixture
def slack(workspace: Workspace) -> SlackApi:
    slack = SlackApi(workspace, lambda: datetime.now(UTC))  # noqa: TID251 signatures are checked against it
    slack.delivery.ack_timeout_s = 20
    return slack


@pytest.fixture
async def http_app(app: AsyncApp, slack: SlackApi, server: SlackServer) -> AsyncIterator[HttpApp]:
    assert server.url
    http_app = HttpApp(app)
    async with Server(http_app) as http_server:
        slack.delivery.events_url = f"{http_server.url}/slack/events"
        yield http_app


@pytest.mark.usefixtures("http_app")
async def test_commands_clicks_and_events_arrive_signed(app: AsyncApp, slack: SlackApi) -> None:
    received: list[str] = []

    @app.command("/neo-usage")
    async def answer(ack: AsyncAck, body: dict[str, Any]) -> None:
        received.append(body["text"])
        button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
        await ack(text="here", blocks=[{"type": "actions", "elements": [button]}])

    @app.action("go")
    async def clicked(ack: AsyncAck, body: dict[str, Any]) -> None:
        received.append(body["type"])
        await ack()

    @app.event("message")
    async def heard(event: dict[str, Any]) -> None:
        received.append(event["text"])

    assert (await slack.command("priya", SPEND, "a&b <c")).ok
    (message,) = slack.workspace.visible_messages("C0NEOSPEND", "U0PRIYA")
    assert (await slack.click("priya", SPEND, message.ts, "go")).ok
    assert (await slack.say("priya", "D0PRIYA", "ü")).ok
    assert received == ["a&amp;b &lt;c", "block_actions", "ü"]


async def test_a_plain_text_is_shown(app: AsyncApp, http_app: HttpApp, slack: SlackApi) -> None:
    @app.command("/neo-usage")
    async def answer(ack: AsyncAck) -> None:
        await ack("just this")

    assert (await slack.command("priya", SPEND)).body == {"text": "just this"}
    assert http_app.headers[0]["Content-Type"] == "application/x-www-form-urlencoded"


async def test_another_secret_is_no_signature(http_app: HttpApp, slack: SlackApi) -> None:
    slack.workspace.signing_secret = "0" * 32
    ack = await slack.command("priya", SPEND)
    assert (ack.ok, ack.error) == (False, "dispatch_failed")
    assert len(http_app.headers) == 1


async def test_an_event_is_told_three_times_at_most(app: AsyncApp, http_app: HttpApp, slack: SlackApi) -> None:
    @app.event("message")
    async def heard() -> None:
        pass

    http_app.statuses = [500, 503]
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.tries) == (True, 3)
    assert [headers.get("X-Slack-Retry-Num") for headers in http_app.headers] == [None, "1", "2"]
    assert http_app.headers[1]["X-Slack-Retry-Reason"] == "http_error"
    http_app.statuses = [500] * 9
    ack = await slack.say("priya", "D0PRIYA", "x")
    assert (ack.ok, ack.error, ack.tries) == (False, "dispatch_failed", 3)


async def test_an_app_that_is_not_there_is_not_reached(http_app: HttpApp, slack: SlackApi) -> None:
    slack.delivery.events_url = "http://127.0.0.1:9/slack/events"
    assert (await slack.command("priya", SPEND)).error == "dispatch_failed"
    assert http_app.headers == []
