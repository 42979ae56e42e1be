"""After a restore a forecast alert that was sent since the copy was made is known: sent once, edited in its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack.faults import Hang
from bot.sandbox.world import World
from tests.support.engines import always_on_both, rows_of
from tests.support.forecasts import alerts, daily_world, live
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.restoring import copy_ledger, restore_copy, run_for
from tests.support.worlds import PRIYA, spent

pytestmark = [always_on_both, pytest.mark.slow]
DAY = timedelta(days=1)
RUNS_OUT = "*Your monthly budget is expected to run out on Sun, Mar 15:*"
LASTS = "*Your monthly budget is expected to last after all:*"
USED_UP = "*Your monthly budget is used up:*"


@pytest.fixture
def world() -> World:
    return daily_world()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"HISTORY_DAYS": "60", "BUDGET_STEPS": "100"}
    await closed.open()
    await closed.ask("hannah", "budget @priya 300/month")
    await live(closed, 3)
    return closed


async def restore(harness: ServiceHarness, copy: Path) -> None:
    """Restore, and let everything be read, sent, looked for and edited."""
    await restore_copy(harness, copy)
    await run_for(harness)
    await harness.sync()
    await run_for(harness, 2)


def heads(harness: ServiceHarness) -> list[str]:
    """What the alerts that Priya sees begin with, as far as it is bold."""
    return [f"*{visible_text(each).split('*')[1]}*" for each in alerts(harness, "priya")]


async def test_it_is_not_sent_again(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await live(harness, 1)
    assert heads(harness) == [RUNS_OUT]
    await restore(harness, copy)
    assert heads(harness) == [RUNS_OUT]
    await live(harness, 2)
    assert len(heads(harness)) == 1
    assert len(rows_of(harness.place, "SELECT id FROM forecast_alert")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
async def test_one_whose_limit_is_passed_since_says_so_in_its_place(harness: ServiceHarness, when: str) -> None:
    copy = copy_ledger(harness)
    await live(harness, 1)
    if when == "before":
        await live(harness, 1, usd=200)
        assert heads(harness) == [USED_UP]
    else:
        spent(harness.neo.world, harness.clock() + DAY, PRIYA, 200, model="opus")
        harness.clock.advance(DAY)
    await restore(harness, copy)
    assert heads(harness) == [USED_UP]
    await live(harness, 1)
    assert heads(harness) == [USED_UP]


async def test_a_limit_raised_since_is_unknown_to_the_copy_and_its_message_says_so(harness: ServiceHarness) -> None:
    copy = copy_ledger(harness)
    await live(harness, 1)
    await harness.ask("hannah", "budget @priya 2000/month")
    await harness.sync()
    assert heads(harness) == [LASTS]
    await restore(harness, copy)
    assert heads(harness) == [RUNS_OUT]
    await harness.ask("hannah", "budget @priya 2000/month")
    await harness.sync()
    assert heads(harness) == [LASTS]


async def test_an_alert_of_the_copy_whose_limit_was_raised_since_says_what_the_copy_knows(
    harness: ServiceHarness,
) -> None:
    await live(harness, 1)
    copy = copy_ledger(harness)
    await harness.ask("hannah", "budget @priya 2000/month")
    await harness.sync()
    assert heads(harness) == [LASTS]
    await restore(harness, copy)
    assert heads(harness) == [RUNS_OUT]


async def test_an_alert_of_the_copy_that_no_longer_holds_is_edited_once_it_is_back(harness: ServiceHarness) -> None:
    await live(harness, 1)
    copy = copy_ledger(harness)
    assert heads(harness) == [RUNS_OUT]
    spent(harness.neo.world, harness.clock() + DAY, PRIYA, 250, model="opus")
    harness.clock.advance(DAY)
    await restore(harness, copy)
    assert heads(harness) == [USED_UP]


@pytest.mark.parametrize("arrived", [True, False])
@pytest.mark.parametrize("former", [True, False], ids=["kept", "lost"])
async def test_one_that_was_on_its_way_when_the_copy_was_made_is_sent_once(
    harness: ServiceHarness, *, former: bool, arrived: bool
) -> None:
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    harness.clock.advance(DAY)
    spent(harness.neo.world, harness.clock(), PRIYA, 20, model="opus")
    await harness.service.jobs.sync()
    assert len(rows_of(harness.place, "SELECT id FROM notification WHERE stem LIKE 'forecast:%'")) == 1
    copy = copy_ledger(harness)
    harness.slack.faults.clear()
    if arrived:
        await run_for(harness, 1)
        assert heads(harness) == [RUNS_OUT]
    await restore_copy(harness, copy, former=former)
    await run_for(harness)
    assert heads(harness) == [RUNS_OUT]
    await live(harness, 1)
    assert heads(harness) == [RUNS_OUT]
