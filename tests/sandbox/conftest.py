"""Fixtures of the sandbox's tests: a generated and an empty world, an API over one, a client with its key."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import START, World
from tests.support.sandbox import Conforms, components


@pytest.fixture(scope="session")
def busy() -> World:
    """Three weeks of a whole team; not to be changed."""
    return World(history_days=21)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def clock() -> SimClock:
    return SimClock(lambda: START)


@pytest.fixture
def api(world: World, clock: SimClock) -> NeoApi:
    return NeoApi(world, clock)


@pytest.fixture
async def client(api: NeoApi) -> AsyncIterator[aiohttp.ClientSession]:
    async with NeoServer(api) as server:
        session = aiohttp.ClientSession(server.url, headers={"X-Api-Key": api.key})
        async with session:
            yield session


@pytest.fixture(scope="session")
def conforms() -> Conforms:
    """Asserts that a value conforms to the schema with that name in the API's specification."""

    def check(name: str, value: object) -> None:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", **components()}).validate(value)

    return check
