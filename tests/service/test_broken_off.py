"""The server ends the connection of the writer in the middle of things: nothing is half done, nothing done twice."""

import pytest

from bot.sandbox.world import World
from bot.settings.postgres_address import PostgresAddress
from tests.support.breaking_off import KILL, MOMENTS, break_off, goes_on, is_broken_off, overspend
from tests.support.harness import ServiceHarness
from tests.support.postgres import PostgresServer
from tests.support.worlds import PRIYA, add


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "one", "8.5", email=PRIYA)
    return world


@pytest.fixture
def place(postgres_ledger: PostgresAddress) -> PostgresAddress:
    """The ledger that the harness's service keeps."""
    return postgres_ledger


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
async def test_all_goes_on_after_the_connection_was_ended_in(
    harness: ServiceHarness, postgres: PostgresServer, place: PostgresAddress, moment: str
) -> None:
    await overspend(harness)
    break_off(postgres, place, moment, KILL)
    await harness.sync()
    assert is_broken_off(place)
    await goes_on(harness, place)
