"""Fixtures of the whole suite: an embedded Neo at a clock of its own, an app over it, and the harness of a service."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path

import pytest
from slack_sdk.http_retry.handler import default_interval_calculator
from sqlalchemy import Connection

from bot.app import App, build, system_clock
from bot.database import sqlite
from bot.database.engine import Database, open_database
from bot.neo.client import RetryPolicy
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from tests.support.clock import AdjustableClock
from tests.support.effort import THOROUGH
from tests.support.engines import POSTGRES, url_of
from tests.support.harness import NOON, ServiceHarness
from tests.support.ledgers import Ledgers, PostgresLedgers, SqliteLedgers
from tests.support.unordered import rows_in_random_order

Wire = Callable[..., App]
HURRIED = RetryPolicy(answer=2.0, connect=2.0, deadline=0.25, longest_retry_after=2.0, first_wait=0.01)


@pytest.fixture(scope="session", autouse=True)
def _without_flushing() -> Iterator[None]:
    """Commit without waiting for the disk: no test cuts the power, and who is killed has written all the same."""
    with pytest.MonkeyPatch.context() as patch:
        pragmas = tuple(pragma.replace("synchronous = FULL", "synchronous = OFF") for pragma in sqlite.PRAGMAS)
        assert pragmas != sqlite.PRAGMAS
        patch.setattr(sqlite, "PRAGMAS", pragmas)
        yield


@pytest.fixture(scope="session", autouse=True)
def _without_long_pauses() -> Iterator[None]:
    """Let Slack's client repeat what failed after some milliseconds instead of a second or two, as often as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default_interval_calculator, "calculate_sleep_duration", lambda _attempt: 0.02)
        yield


@pytest.fixture(scope="session", autouse=True)
def _in_no_order() -> Iterator[None]:
    """Shuffle what is selected in no order where all is tried; looking at each statement costs too much otherwise."""
    with rows_in_random_order() if THOROUGH else nullcontext():
        yield


# --- a ledger ------------------------------------------------------------------------------------


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    """The engine that the test runs on, this time."""
    return str(request.param)


@pytest.fixture
def ledgers(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Ledgers]:
    """Where as many empty ledgers as a test needs are, one after another."""
    ledgers = PostgresLedgers(request.getfixturevalue("postgres")) if engine == POSTGRES else SqliteLedgers(tmp_path)
    yield ledgers
    ledgers.close()


@pytest.fixture
def place(ledgers: Ledgers) -> DatabasePlace:
    """Where an empty ledger is."""
    return ledgers.new()


@pytest.fixture
def database(place: DatabasePlace) -> Iterator[Database]:
    """An empty ledger, open for writing."""
    with closing(open_database(place)) as database:
        yield database


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """A transaction in an empty ledger."""
    with database.transaction() as connection:
        yield connection


# --- an app --------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock(lambda: START)


@pytest.fixture
def world() -> World:
    return World.empty()


@pytest.fixture
def neo(world: World, clock: SimClock) -> Iterator[NeoServer]:
    with NeoServer(NeoApi(world, clock)) as server:
        yield server


@pytest.fixture
def wire(neo: NeoServer, clock: SimClock, tmp_path: Path, place: DatabasePlace) -> Wire:
    """An app over the embedded Neo and an empty ledger; settings may be given by name."""

    def wired(**settings: str) -> App:
        environment = {
            "NEO_API_URL": neo.url,
            "NEO_API_KEY": neo.api.key,
            "DATABASE_URL": url_of(place),
            **settings,
        }
        return build(load(environment, tmp_path), clock, HURRIED)

    return wired


@pytest.fixture
def app(wire: Wire) -> App:
    return wire()


# --- the running service -------------------------------------------------------------------------


@pytest.fixture
async def closed(tmp_path: Path, world: World, place: DatabasePlace) -> AsyncIterator[ServiceHarness]:
    """A harness that is not open yet: it is noon, and nothing runs."""
    clock = AdjustableClock(lambda: START + NOON)
    slack = SlackApi(Workspace.default(), clock, system_clock)
    harness = ServiceHarness(tmp_path, place, NeoApi(world, clock), slack, clock)
    yield harness
    await harness.close()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    await closed.open()
    return closed
