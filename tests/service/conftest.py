"""The world of the service's tests: what a generated team did."""

import pytest

from bot.sandbox.world import World
from tests.support.worlds import generated_world


@pytest.fixture
def world() -> World:
    return generated_world()
