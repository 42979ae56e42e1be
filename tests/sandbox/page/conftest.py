"""What the page's tests share: the page over a default workspace and an empty Neo team, and a browser-like client."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.serving import Server
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.things import Message
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World

Json = dict[str, Any]
Get = Callable[..., Awaitable[Json]]
Post = Callable[..., Awaitable[Json]]
Said = Callable[..., Message]


@pytest.fixture
def clock() -> SimClock:
    return SimClock(lambda: START)


@pytest.fixture
def slack(clock: SimClock) -> SlackApi:
    return SlackApi(Workspace.default(), clock, lambda: START)


@pytest.fixture
def page(slack: SlackApi, world: World, clock: SimClock) -> Page:
    return Page(slack, NeoApi(world, clock), clock)


@pytest.fixture
async def client(page: Page) -> AsyncIterator[aiohttp.ClientSession]:
    async with Server(page) as server, aiohttp.ClientSession(server.url) as session:
        yield session


@pytest.fixture
def get(client: aiohttp.ClientSession) -> Get:
    async def asked(path: str, **params: str) -> Json:
        async with client.get(path, params=params) as response:
            response.raise_for_status()
            answer: Json = await response.json()
            return answer

    return asked


@pytest.fixture
def post(client: aiohttp.ClientSession) -> Post:
    """With `who` for the body's `as`, which Python keeps for itself."""

    async def acted(path: str, who: str = "hannah", **body: Any) -> Json:
        async with client.post(path, json={"as": who, **body}) as response:
            response.raise_for_status()
            answer: Json = await response.json()
            return answer

    return acted


@pytest.fixture
def said(slack: SlackApi) -> Said:
    """Something is said in a channel."""

    def say(channel: str, user: str, text: str, **more: Any) -> Message:
        workspace = slack.workspace
        message = Message(workspace.stamp(slack.desk.clock()), workspace.user(user).id, text, **more)
        return workspace.post(workspace.channel(channel).id, message)

    return say


@pytest.fixture
async def told(client: aiohttp.ClientSession) -> AsyncIterator[Callable[..., Awaitable[Json]]]:
    """A person's stream: each call gives the next event in which the key stands."""
    opened: list[aiohttp.ClientResponse] = []

    async def event(who: str, key: str) -> Json:
        if not opened:
            opened.append(await client.get("/page/stream", params={"as": who}))
        async with asyncio.timeout(2):
            while True:
                line = await opened[0].content.readline()
                if line.startswith(b"data: ") and key in (found := json.loads(line[6:])):
                    return dict(found)

    yield event
    for response in opened:
        response.close()
