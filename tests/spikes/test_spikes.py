"""Unusual days, from Neo to Slack: reported once a member and day, if that is switched on."""

from datetime import timedelta

import pytest

from bot.sandbox.world import START, World
from bot.spikes.rules import spike
from tests.support.app import merge
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.worlds import add, spent

USD = 1_000_000_000
PRIYA, MARCUS = "priya.raman@acme.example", "marcus.delgado@acme.example"


@pytest.mark.parametrize(
    ("nanos", "before", "floor", "is_one"),
    [
        (30, [10] * 5, 20, True),
        (29, [10] * 5, 20, False),  # below three times
        (30, [10] * 4 + [0] * 24, 20, False),  # too few active days
        (199, [10] * 4 + [0] * 24, 20, False),
        (200, [10] * 4 + [0] * 24, 20, True),  # ten times the floor
        (200, [0] * 28, 20, True),  # the first day of all
        (599, [200], 20, False),  # the next ones are compared with it
        (600, [200], 20, True),
        (30, [10] * 5 + [0] * 23, 20, True),  # idle days do not lower what is usual
        (19, [1] * 28, 20, False),  # below the floor
        (20, [1] * 28, 20, True),
        (90, [10, 10, 30, 500, 500], 20, True),  # the median, not the mean
    ],
)
def test_what_a_spike_is(nanos: int, before: list[int], floor: int, *, is_one: bool) -> None:
    assert (spike(1, nanos, before, floor) is not None) is is_one


def test_who_spends_much_from_the_first_day_on_is_reported_on_that_one() -> None:
    days = [150, 120, 180, 160, 90, 170, 200, 140]
    assert [nanos for number, nanos in enumerate(days) if spike(1, nanos, days[:number], 10)] == [150]


@pytest.fixture
def world() -> World:
    """Priya and Marcus spend 10 dollars on each of six days."""
    world = World.empty()
    for day in range(1, 7):
        for email in (PRIYA, MARCUS):
            add(world, f"usual-{email}-{day}", "1", email=email, begun=START - timedelta(days=day))
    return world


async def spend(harness: ServiceHarness, email: str, usd: int) -> None:
    spent(harness.neo.world, harness.clock(), email, usd)
    await harness.sync()


async def test_an_unusual_day_is_reported_once(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$25"}
    await closed.open()
    await spend(closed, MARCUS, 29)
    assert notifications(closed.visible("marcus")) == []
    await spend(closed, PRIYA, 40)
    await spend(closed, PRIYA, 10)
    (message,) = notifications(closed.visible("marcus"))
    assert (
        "*Priya Raman spent $40.00 on Mon, Mar 2:* 4 times a typical day ($10.00, based on 6 active days"
        in visible_text(message)
    )


async def test_in_the_first_days_a_very_expensive_one_is_reported(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$25"}
    await closed.open()
    await spend(closed, "new@acme.example", 249)
    assert notifications(closed.visible("marcus")) == []
    await spend(closed, "new@acme.example", 1)
    (message,) = notifications(closed.visible("marcus"))
    assert visible_text(message).startswith(
        "*new@acme.example spent $250.00 on Mon, Mar 2.* There are too few earlier days to compare it with."
    )


async def test_it_is_off_unless_it_is_switched_on(closed: ServiceHarness) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await spend(closed, PRIYA, 100)
    assert notifications(closed.visible("marcus")) == []


async def test_an_unusual_day_is_not_reported_again_of_who_has_another_email_since(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$25"}
    await closed.open()
    await spend(closed, PRIYA, 40)
    await spend(closed, "priya@new.example", 1)
    with closed.service.database.transaction() as connection:
        merge(closed.service.app, closed.service.database, connection, PRIYA, "priya@new.example")
    await spend(closed, "priya@new.example", 3)
    assert len(notifications(closed.visible("marcus"))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
async def test_an_unusual_day_is_reported_once_whatever_another_zone_calls_it(
    closed: ServiceHarness, zone: str
) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$25"}
    await closed.open()
    await spend(closed, PRIYA, 40)
    await closed.service.end()
    closed.settings["TIMEZONE"] = zone
    await closed.start()
    await spend(closed, PRIYA, 1)
    assert len(notifications(closed.visible("marcus"))) == 1
    closed.clock.advance(timedelta(days=1))
    await spend(closed, PRIYA, 130)
    assert len(notifications(closed.visible("marcus"))) == 2


@pytest.mark.slow
async def test_the_day_that_another_zone_calls_the_same_is_a_day_of_its_own(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "$25"}
    await closed.open()
    closed.clock.advance(timedelta(hours=5))  # two in the night of the 3rd, which is still the 2nd in the west
    await spend(closed, PRIYA, 40)
    assert "on Tue, Mar 3" in visible_text(notifications(closed.visible("marcus"))[0])
    await closed.service.end()
    closed.settings["TIMEZONE"] = "America/Los_Angeles"
    await closed.start()
    await spend(closed, PRIYA, 1)
    assert len(notifications(closed.visible("marcus"))) == 1
    closed.clock.advance(timedelta(hours=18))
    await spend(closed, PRIYA, 150)
    assert "on Tue, Mar 3" in visible_text(notifications(closed.visible("marcus"))[1])
