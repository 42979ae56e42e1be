"""Forecast alerts through the front door: one a month, when even the low end of the forecast passes a limit."""

from datetime import timedelta

import pytest

from bot.sandbox.faults import Status
from bot.sandbox.world import START, World
from tests.support.acts import spend
from tests.support.app import merge
from tests.support.engines import costly, rows_of
from tests.support.forecasts import alerts, daily_world, live
from tests.support.harness import ServiceHarness
from tests.support.life import run
from tests.support.messages import actions, notifications, visible_text
from tests.support.restoring import copy_ledger, restore_copy
from tests.support.worlds import MARCUS, PRIYA, add, spent

pytestmark = pytest.mark.slow

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return daily_world()


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"HISTORY_DAYS": "60", "BUDGET_STEPS": "100"}
    await closed.open()
    return closed


async def alert(harness: ServiceHarness, user: str) -> str:
    """Return the text of the only one."""
    (message,) = alerts(harness, user)
    return visible_text(message)


async def test_a_budget_that_runs_out_is_announced_once_after_five_whole_days(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    await live(harness, 3)
    assert alerts(harness, "priya") == []
    await live(harness, 1)  # the sixth of March
    assert await alert(harness, "priya") == (
        "*Your monthly budget is expected to run out on Sun, Mar 15:* $120.00 of $300 is spent (40%), and the forecast"
        " for Mar 1–31 is $620.00.\n"
        "*Biggest model:* opus, $120.00 so far (100%)\n"
        "Budgets only notify. They don't stop tasks. Data as of Mar 6, 21:00 (UTC).\n"
        "Ask for a higher limit"
    )
    assert notifications(harness.visible("marcus")) == []
    explained = visible_text(await harness.ask("priya", "explain"))
    assert "Expected to run out before the month ends, since 21:00." in explained
    assert "to the member: sent at 21:00" in explained
    assert "No alert was sent: spend is below" not in explained
    await live(harness, 2)
    await harness.restart()
    await harness.sync()
    assert len(alerts(harness, "priya")) == 1


async def test_it_comes_as_soon_as_the_low_end_passes_the_limit(closed: ServiceHarness) -> None:
    """At $5 a day in February and $20 in March, that is on the eighth, when the low end is $304.70."""
    for back in range(2, 30):
        add(closed.neo.world, f"hers-{back}", "0.5", email=PRIYA, begun=START - back * DAY, model="opus")
    closed.settings |= {"HISTORY_DAYS": "60", "BUDGET_STEPS": "100"}
    await closed.open()
    await closed.ask("hannah", "budget @priya 300/month")
    await live(closed, 5)
    assert alerts(closed, "priya") == []
    await live(closed, 1)
    assert "expected to run out on Sun, Mar 15" in await alert(closed, "priya")


async def test_what_becomes_of_it_is_said_in_its_place(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    await live(harness, 4)
    await harness.ask("hannah", "budget @priya 800/month")
    await harness.sync()
    text = await alert(harness, "priya")
    assert text.startswith(
        "*Your monthly budget is expected to last after all:* $120.00 of $800 is spent (15%), and the"
    )
    await harness.ask("hannah", "budget @priya 620/month")
    await harness.sync()
    assert "expected to run out on Tue, Mar 31" in await alert(harness, "priya")
    await harness.ask("hannah", "budget @priya remove month")
    await harness.sync()
    assert "*Your monthly budget was removed.* $120.00 is spent so far (Mar 1–31)." in await alert(harness, "priya")
    await harness.ask("hannah", "budget @priya 200/month")
    await spend(harness, PRIYA, 80)
    text = await alert(harness, "priya")
    assert text.startswith("*Your monthly budget is used up:* $200.00 of $200 is spent (100%).")
    assert actions(alerts(harness, "priya")[0]) == []
    harness.clock.advance(26 * DAY)
    await harness.sync()
    text = await alert(harness, "priya")
    assert text.startswith("*Your monthly budget for Mar 1–31:* $200.00 of $200 was spent (100%).")


async def test_a_limit_that_is_passed_is_no_forecast(harness: ServiceHarness) -> None:
    await live(harness, 4)
    await harness.ask("hannah", "budget @priya 100/month")
    await harness.sync()
    assert alerts(harness, "priya") == []


async def test_operators_learn_of_the_teams_budget_and_who_spends_most(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget team 400/month")
    for _ in range(4):
        spent(harness.neo.world, harness.clock(), MARCUS, 5, model="haiku")
        await live(harness, 1)
    text = await alert(harness, "hannah")
    assert text.startswith("*The team's monthly budget is expected to run out on ")
    assert "*Biggest spender:* Priya Raman, $120.00 so far (86%)\n*Biggest model:* opus, $120.00 so far (86%)" in text
    assert "Raise limit" in text
    assert alerts(harness, "priya") == alerts(harness, "marcus") == []


async def test_it_waits_for_the_end_of_a_snooze(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    await live(harness, 3)
    harness.clock.advance(22 * HOUR)
    await harness.ask("priya", "snooze 8h")
    spent(harness.neo.world, harness.clock(), PRIYA, 20)
    harness.clock.advance(2 * HOUR)
    await harness.sync()
    assert alerts(harness, "priya") == []
    harness.clock.advance(8 * HOUR)
    await harness.sync()
    assert len(alerts(harness, "priya")) == 1


async def test_days_that_were_not_read_say_nothing(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    await live(harness, 4)
    harness.neo.faults.always = Status(503)
    harness.clock.advance(12 * DAY)
    await harness.sync()
    assert "expected to run out on Sun, Mar 15" in await alert(harness, "priya")


async def test_they_can_be_switched_off(closed: ServiceHarness) -> None:
    closed.settings |= {"HISTORY_DAYS": "60", "BUDGET_STEPS": "100", "FORECAST_ALERTS": "off"}
    await closed.open()
    await closed.ask("hannah", "budget @priya 300/month")
    await live(closed, 5)
    assert alerts(closed, "priya") == []


async def test_it_waits_for_the_end_of_quiet_hours_and_for_nothing_that_is_over_by_then(
    closed: ServiceHarness,
) -> None:
    closed.settings |= {"HISTORY_DAYS": "60", "BUDGET_STEPS": "100", "QUIET_HOURS": "20:00-08:00"}
    await closed.open()
    for line in ("budget @priya 300/month", "budget @marcus 300/month"):
        await closed.ask("hannah", line)
    for _ in range(4):
        spent(closed.neo.world, closed.clock() + DAY, MARCUS, 20)
        await live(closed, 1)
    assert alerts(closed, "priya") == alerts(closed, "marcus") == []
    await closed.ask("hannah", "budget @marcus 2000/month")
    closed.clock.advance(12 * HOUR)
    await closed.sync()
    assert "expected to run out on" in await alert(closed, "priya")
    assert alerts(closed, "marcus") == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_another_time_zone_brings_no_second_one(harness: ServiceHarness, zone: str) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    await live(harness, 4)
    await harness.service.end()
    harness.settings["TIMEZONE"] = zone
    await harness.start()
    await live(harness, 2)
    assert len(alerts(harness, "priya")) == 1


@costly
async def test_a_restored_copy_sends_none_again(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 300/month")
    copy = copy_ledger(harness)
    await live(harness, 4)
    assert len(alerts(harness, "priya")) == 1
    await restore_copy(harness, copy)
    await live(harness, 1)
    assert len(alerts(harness, "priya")) == 1


async def test_an_erased_member_is_the_subject_of_none(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 300/month")
    await live(harness, 4)
    await run(harness, "member", "erase", PRIYA, "--yes")
    await live(harness, 2)
    assert len(alerts(harness, "priya")) == 1  # what Slack shows stays
    assert len(rows_of(harness.place, "SELECT id FROM forecast_alert")) == 1
    assert alerts(harness, "hannah") == alerts(harness, "marcus") == []


async def test_whoever_gets_another_email_is_not_notified_again(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 300/month")
    await live(harness, 4)
    await spend(harness, "priya@new.example", 1)
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, PRIYA, "priya@new.example")
    await harness.sync()
    assert len(alerts(harness, "priya")) == 1
    assert alerts(harness, "hannah") == []


async def test_a_budget_for_some_tasks_has_alerts_of_its_own(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget @priya 700/month")
    await harness.ask("hannah", "budget @priya 300/month model:opus")
    await live(harness, 4)
    assert await alert(harness, "priya") == (
        "*Your monthly model:opus budget is expected to run out on Sun, Mar 15:* $120.00 of $300 is spent (40%), and"
        " the forecast for Mar 1–31 is $620.00.\n"
        "Budgets only notify. They don't stop tasks. Data as of Mar 6, 21:00 (UTC)."
    )
    assert actions(alerts(harness, "priya")[0]) == []
    assert "Expected to run out before the month ends" in visible_text(await harness.ask("priya", "explain"))
    await harness.ask("hannah", "budget @priya 500/month")
    await harness.sync()
    assert len(alerts(harness, "priya")) == 2
    await harness.ask("hannah", "budget @priya remove month model:opus")
    await harness.sync()
    narrowed, plain = (visible_text(each) for each in alerts(harness, "priya"))
    assert narrowed.startswith("*Your monthly model:opus budget was removed.* $120.00 is spent so far (Mar 1–31).")
    assert plain.startswith("*Your monthly budget is expected to run out on ")
    harness.clock.advance(26 * DAY)
    await harness.sync()
    narrowed, plain = (visible_text(each) for each in alerts(harness, "priya"))
    assert narrowed.startswith("*Your monthly model:opus budget for Mar 1–31:* $120.00 was spent.")
    assert plain.startswith("*Your monthly budget for Mar 1–31:* $120.00 of $500 was spent (24%).")


async def test_only_the_tasks_that_it_counts_are_expected_to_go_on(harness: ServiceHarness) -> None:
    for day in range(4):
        spent(harness.neo.world, harness.clock(), MARCUS, 5, model="haiku")
        await live(harness, 1)
        if day == 0:
            await harness.ask("hannah", "budget team 400/month model:opus,haiku")
            await harness.ask("hannah", "budget team 300/month model:haiku")
            await harness.ask("hannah", "budget default 200/month model:haiku")
    text = await alert(harness, "hannah")
    assert text.startswith("*The team's monthly model:haiku,opus budget is expected to run out on ")
    assert "*Biggest spender:* Priya Raman, $120.00 so far (86%)\n*Biggest model:* opus, $120.00 so far (86%)" in text
    assert "Raise limit" in text
    assert alerts(harness, "priya") == alerts(harness, "marcus") == []


async def test_a_default_for_some_tasks_is_expected_to_run_out_for_whoever_has_these(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "budget default 300/month model:opus status:completed")
    for _ in range(4):
        spent(harness.neo.world, harness.clock(), MARCUS, 40, model="haiku")
        await live(harness, 1)
    assert "Your monthly model:opus status:completed budget is expected to run out" in await alert(harness, "priya")
    assert alerts(harness, "marcus") == []
