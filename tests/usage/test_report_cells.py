"""The cells of an answer's table: periods as people say them, and shares that never round to all or to nothing."""

import pytest

from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import table
from tests.support.worlds import MARCUS, PRIYA, add


@pytest.fixture
def world() -> World:
    """Two tasks of today, one of which cost nearly all of the money."""
    world = World.empty()
    add(world, "much", "2004", email=PRIYA, begun=START, model="opus")
    add(world, "little", "1", email=MARCUS, begun=START, model="haiku")
    return world


async def test_a_part_is_shown_neither_as_all_nor_as_nothing(harness: ServiceHarness) -> None:
    rows = table(await harness.ask("hannah", "team today by:model"))[1:]
    assert [row[:3] for row in rows] == [["opus", "$20,040.00", ">99.9%"], ["haiku", "$10.00", "<0.1%"]]
    assert table(await harness.ask("hannah", "team today by:day"))[1][1:3] == ["$20,050.00", "100.0%"]


@pytest.mark.parametrize(("by", "name"), [("day", "2026-03-02"), ("week", "2026-W10"), ("month", "2026-03")])
async def test_a_period_is_named_as_people_say_it(harness: ServiceHarness, by: str, name: str) -> None:
    assert table(await harness.ask("hannah", f"team today by:{by}"))[1][0] == name
