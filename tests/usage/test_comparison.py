"""What an answer compares its spend with, through the front door; it is Monday, 2 March, 21:00."""

from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import MARCUS, PRIYA, add

DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """Priya spent $30 on Thursday, and Marcus $7 18 days ago."""
    world = World.empty()
    add(world, "hers", "3", email=PRIYA, begun=START - 4 * DAY)
    add(world, "his", "0.7", email=MARCUS, begun=START - 18 * DAY)
    return world


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("how much did priya spend this week compared to last week", "last week came to $30.00 in total"),
        ("how much did marcus spend this week vs last week", "the same as last week ($0.00)"),
        ("what did priya spend today vs yesterday", "the same as yesterday ($0.00)"),
        ("marcus last 7 days", "the same as the 7 days before ($0.00)"),
        ("marcus 24h", "the same as the 24 hours before ($0.00)"),
        ("team 7d", "$30.00 more than the 7 days before ($0.00)"),
    ],
)
async def test_nothing_spent_is_compared_with_all_of_the_period_before(
    harness: ServiceHarness, line: str, said: str
) -> None:
    headline = visible_text(await harness.ask("hannah", line)).partition("\nNo spend")[0]
    assert f" · {said}" in headline


async def test_a_time_before_anything_was_spent_is_nothing_to_compare_with(harness: ServiceHarness) -> None:
    assert "the same as" not in visible_text(await harness.ask("hannah", "2026-02-11"))
