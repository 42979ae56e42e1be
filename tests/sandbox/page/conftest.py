"""Fixtures of the tests of the page: the page over a default workspace and an empty Neo team, and a client of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import Server
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from tests.support.sandbox import Get, Json, NextEvent, Post, PostAs


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
    async def get_json(path: str, **params: str) -> Json:
        async with client.get(path, params=params) as response:
            response.raise_for_status()
            answer: Json = await response.json()
            return answer

    return get_json


@pytest.fixture
def post(client: aiohttp.ClientSession) -> Post:
    """Posts a body; `who` is its `as`, which is a keyword in Python."""

    async def post_json(path: str, who: str = "hannah", **body: Any) -> Json:
        async with client.post(path, json={"as": who, **body}) as response:
            response.raise_for_status()
            answer: Json = await response.json()
            return answer

    return post_json


@pytest.fixture
def post_as(slack: SlackApi) -> PostAs:
    """Posts a message of a user in a channel."""

    def post_message(channel: str, user: str, text: str, **more: Any) -> Message:
        workspace = slack.workspace
        message = Message(workspace.stamp(slack.context.clock()), workspace.user(user).id, text, **more)
        return workspace.post(workspace.channel(channel).id, message)

    return post_message


@pytest.fixture
async def next_event(client: aiohttp.ClientSession) -> AsyncIterator[NextEvent]:
    """Follows a person's stream: each call returns the next event that has the key."""
    opened: list[aiohttp.ClientResponse] = []

    async def event(who: str, key: str) -> Json:
        if not opened:
            opened.append(await client.get("/page/stream", params={"as": who}))
        async with asyncio.timeout(15):
            while True:
                line = await opened[0].content.readline()
                if line.startswith(b"data: ") and key in (found := json.loads(line[6:])):
                    return dict(found)

    yield event
    for response in opened:
        response.close()
