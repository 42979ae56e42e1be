"""What the room's tests share: a generated and an empty world, an API over one, a client with its key."""

from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from jsonschema import Draft202012Validator

from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.serving import NeoServer
from bot.sandbox.world import START, World

Conforms = Callable[[str, object], None]


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
    """Asserts that a value is what the API page calls by that name."""

    def check(name: str, value: object) -> None:
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", **page()}).validate(value)

    return check


@cache
def page() -> dict[str, Any]:
    text = (Path(__file__).parent / "neo-openapi.yaml").read_text(encoding="utf-8")
    translated: dict[str, Any] = nullable(yaml.safe_load(text))
    return {"components": translated["components"]}


def nullable(node: Any) -> Any:
    """The page says OpenAPI 3.1 but `nullable` like 3.0; 3.1 says it with a second type."""
    if isinstance(node, list):
        return [nullable(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: nullable(value) for key, value in node.items() if key != "nullable"}
    return plain | {"type": [plain["type"], "null"]} if node.get("nullable") is True else plain
