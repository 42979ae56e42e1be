"""What the tests of the embedded Slack share: a workspace, its server in the running loop, real clients of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import SimClock
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START

Refused = Callable[[Awaitable[Any]], Awaitable[str]]
Raw = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.default()


@pytest.fixture
def clock() -> SimClock:
    return SimClock(lambda: START)


@pytest.fixture
def real() -> SimClock:
    """What stands for real time: it stands until a test lets it pass."""
    return SimClock(lambda: START)


@pytest.fixture
def slack(workspace: Workspace, clock: SimClock, real: SimClock) -> SlackApi:
    slack = SlackApi(workspace, clock, real)
    slack.delivery.patience_s = 2
    return slack


@pytest.fixture
async def server(slack: SlackApi) -> AsyncIterator[SlackServer]:
    async with SlackServer(slack) as server:
        yield server


@pytest.fixture
def client(server: SlackServer, workspace: Workspace) -> AsyncWebClient:
    """The bot's; it does not retry."""
    return AsyncWebClient(workspace.bot_token, base_url=server.api_url, retry_handlers=[])


@pytest.fixture
def app(client: AsyncWebClient, workspace: Workspace) -> AsyncApp:
    return AsyncApp(signing_secret=workspace.signing_secret, client=client)


@pytest.fixture
async def connected(app: AsyncApp, slack: SlackApi) -> AsyncIterator[AsyncSocketModeHandler]:
    """A socket of the app, which listens by now."""
    handler = AsyncSocketModeHandler(app, slack.workspace.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    await slack.workspace.until(lambda: len(slack.sockets) == 1)
    yield handler
    await handler.close_async()  # type: ignore[no-untyped-call]
    await asyncio.sleep(0)


@pytest.fixture
def refused() -> Refused:
    """The error of a call that Slack refuses."""

    async def error(call: Awaitable[Any]) -> str:
        with pytest.raises(SlackApiError) as caught:
            await call
        said: str = caught.value.response["error"]
        return said

    return error


@pytest.fixture
async def raw(server: SlackServer) -> AsyncIterator[Raw]:
    """A call with the bot's token and any arguments, past what a client would check or warn of."""
    headers = {"Authorization": f"Bearer {server.api.workspace.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def called(method: str, **arguments: Any) -> dict[str, Any]:
            async with session.post(server.api_url + method, json=arguments) as response:
                said: dict[str, Any] = await response.json()
                return said

        yield called
