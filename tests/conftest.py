"""What the packages' tests share: an embedded Neo at a clock of its own, and an app over it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app import App, build
from bot.neo.client import RetryPolicy
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import START, World
from bot.settings.environment import load

Wire = Callable[..., App]
HURRIED = RetryPolicy(answer=0.4, connect=0.4, deadline=0.25, longest_retry_after=2.0, first_wait=0.01)


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors: a third of their time and more, tests wait for servers and processes."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def clock() -> SimClock:
    return SimClock(lambda: START)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def neo(world: World, clock: SimClock) -> Iterator[NeoServer]:
    with NeoServer(NeoApi(world, clock)) as server:
        yield server


@pytest.fixture
def wire(neo: NeoServer, clock: SimClock, tmp_path: Path) -> Wire:
    """An app over the embedded Neo; settings may be given by name."""

    def wired(**settings: str) -> App:
        environment = {
            "NEO_API_URL": neo.url,
            "NEO_API_KEY": neo.api.key,
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}",
            **settings,
        }
        return build(load(environment, tmp_path), clock, HURRIED)

    return wired


@pytest.fixture
def app(wire: Wire) -> App:
    return wire()
