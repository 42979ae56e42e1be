"""The forecast of a day or week: what is spent, and what the rest of such a day or week usually costs."""

from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.world import START, World
from tests.support.acts import spend
from tests.support.harness import ServiceHarness
from tests.support.messages import table
from tests.support.worlds import MARCUS, PRIYA, add

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = START.replace(hour=0)  # of a Monday


@pytest.fixture
def world() -> World:
    """For 41 days Priya has spent 5 dollars each morning, and 30 each evening, at weekends 10."""
    world = World.empty()
    for back in range(1, 42):
        day = MIDNIGHT - back * DAY
        add(world, f"morning-{back}", "0.5", email=PRIYA, begun=day + 8 * HOUR)
        add(world, f"evening-{back}", "3" if day.weekday() < 5 else "1", email=PRIYA, begun=day + 22 * HOUR)
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    """It is nine in the evening."""
    closed.settings |= {"HISTORY_DAYS": "50"}
    await closed.open()
    return closed


async def forecast_of(harness: ServiceHarness, whose: str, line: str) -> str:
    """Return the forecast of the one budget of somebody, once Hannah has set it."""
    await harness.ask("hannah", f"budget {line}")
    [forecast] = [row[4] for row in table(await harness.ask("hannah", "budgets")) if row[0] == whose]
    return forecast


@pytest.mark.parametrize(
    ("limit", "forecast"),
    [
        ("600/day", "$530.00"),
        ("520/day", "$530.00; limit reached Mon, Mar 2"),
        ("400/day", "$530.00"),
        ("900/week", "$700.00"),
        ("650/week", "$700.00; limit reached Fri, Mar 6"),
    ],
)
async def test_a_spike_is_not_expected_again_before_the_day_or_week_ends(
    harness: ServiceHarness, limit: str, forecast: str
) -> None:
    await spend(harness, PRIYA, 500)
    assert await forecast_of(harness, "Priya Raman", f"@priya {limit}") == forecast
    assert await forecast_of(harness, "team", f"team {limit}") == forecast


async def test_a_day_is_forecast_before_anything_is_spent(harness: ServiceHarness) -> None:
    harness.clock.advance(3 * HOUR + DAY)
    await harness.sync()
    assert await forecast_of(harness, "Priya Raman", "@priya 30/day") == "$35.00; limit reached Wed, Mar 4"


async def test_a_day_of_the_weekend_is_compared_with_those(harness: ServiceHarness) -> None:
    harness.clock.advance(5 * DAY)  # and nothing was spent meanwhile
    await spend(harness, PRIYA, 20)
    assert await forecast_of(harness, "Priya Raman", "@priya 100/day") == "$30.00"


async def test_whoever_has_no_history_has_no_forecast(harness: ServiceHarness) -> None:
    await spend(harness, MARCUS, 40)
    assert await forecast_of(harness, "Marcus Delgado", "@marcus 100/day") == "–"


async def test_weeks_that_were_not_read_are_no_history(closed: ServiceHarness) -> None:
    closed.settings |= {"HISTORY_DAYS": "25"}
    await closed.open()
    await spend(closed, PRIYA, 40)
    assert await forecast_of(closed, "Priya Raman", "@priya 100/week") == "–"


async def test_what_was_not_read_yet_counts_as_still_to_come(harness: ServiceHarness) -> None:
    harness.neo.faults.always = Status(503)
    harness.clock.advance(2 * HOUR)
    assert await forecast_of(harness, "Priya Raman", "@priya 100/day") == "$30.00"
