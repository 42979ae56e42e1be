"""Fixtures of the simulated Slack's tests: a workspace, its server in the running loop, real clients of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.models import View
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START
from tests.support.sandbox import SPEND, Json, OpenModal, Raw, Refused, capture, modal


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.default()


@pytest.fixture
def clock() -> SimClock:
    return SimClock(lambda: START)


@pytest.fixture
def real() -> SimClock:
    """The real time, which stands still until a test advances it."""
    return SimClock(lambda: START)


@pytest.fixture
def slack(workspace: Workspace, clock: SimClock, real: SimClock) -> SlackApi:
    slack = SlackApi(workspace, clock, real)
    slack.delivery.ack_timeout_s = 20  # on a busy machine too; tests of its end set their own
    return slack


@pytest.fixture
async def server(slack: SlackApi) -> AsyncIterator[SlackServer]:
    async with SlackServer(slack) as server:
        yield server


@pytest.fixture
def client(server: SlackServer, workspace: Workspace) -> AsyncWebClient:
    """The bot's client, which does not retry."""
    return AsyncWebClient(workspace.bot_token, base_url=server.api_url, retry_handlers=[])


@pytest.fixture
def app(client: AsyncWebClient, workspace: Workspace) -> AsyncApp:
    return AsyncApp(signing_secret=workspace.signing_secret, client=client)


@pytest.fixture
def ping_interval() -> float:
    """Seconds between the pings of the app's socket, at which it also notices that it is disconnected."""
    return 1


@pytest.fixture
async def connected(app: AsyncApp, slack: SlackApi, ping_interval: float) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app's socket, already connected."""
    handler = AsyncSocketModeHandler(app, slack.workspace.app_token, ping_interval=ping_interval)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.workspace.until(lambda: len(slack.sockets) == 1)
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]
    await asyncio.sleep(0)


@pytest.fixture
def refused() -> Refused:
    """Awaits a call that Slack refuses, and returns the error."""

    async def error(call: Awaitable[Any]) -> str:
        with pytest.raises(SlackApiError) as caught:
            await call
        answer: str = caught.value.response["error"]
        return answer

    return error


@pytest.fixture
async def raw(server: SlackServer) -> AsyncIterator[Raw]:
    """Makes a call with the bot's token and any arguments, without the checks of a client."""
    headers = {"Authorization": f"Bearer {server.api.workspace.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def called(method: str, **arguments: Any) -> dict[str, Any]:
            async with session.post(server.api_url + method, json=arguments) as response:
                answer: dict[str, Any] = await response.json()
                return answer

        yield called


@pytest.fixture
async def trigger(app: AsyncApp, slack: SlackApi) -> str:
    """The trigger id of a command that Priya has just given."""
    payloads = capture(app, "command", "/neo-usage")
    await slack.command("priya", SPEND)
    trigger_id: str = payloads[0]["trigger_id"]
    return trigger_id


@pytest.fixture
def open_modal(client: AsyncWebClient, slack: SlackApi, trigger: str) -> OpenModal:
    """Opens a modal in front of Priya."""

    async def open_(*blocks: Json, **more: Any) -> View:
        answer = await client.views_open(trigger_id=trigger, view=modal(*blocks, **more))
        return slack.workspace.views[answer["view"]["id"]]

    return open_
