"""The team and the service of the tests of reconciling: operators are notified in #neo-spend."""

import pytest

from bot.sandbox.world import World
from tests.support.harness import ServiceHarness
from tests.support.neo_totals import paired_world


@pytest.fixture
def world() -> World:
    return paired_world()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["OPS_CHANNEL"] = "#neo-spend"
    await closed.open()
    return closed
