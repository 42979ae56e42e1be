"""What becomes of subscriptions when a copy is restored, members are merged, and processes go."""

from datetime import timedelta

import pytest

from bot.sandbox.slack.faults import Hang
from bot.sandbox.world import World
from tests.support.app import merge
from tests.support.harness import ServiceHarness
from tests.support.messages import actions, notification_keys, notifications, visible_text
from tests.support.restoring import copy_ledger, restore_copy, run_for
from tests.support.worlds import MARCUS, PRIYA, add, spent

pytestmark = pytest.mark.slow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAM = "subscribe team yesterday every day"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "3", email=PRIYA)
    add(world, "his", "1", email=MARCUS)
    return world


def answers(harness: ServiceHarness) -> list[str]:
    there = notifications(harness.visible("marcus"))
    return [visible_text(each) for each in there if notification_keys([each])[0].startswith("subscription:")]


async def goes_on(harness: ServiceHarness, by: timedelta) -> None:
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(2 * HOUR)
        await harness.sync()


async def test_what_was_made_and_posted_since_the_copy_stays_and_is_not_posted_again(harness: ServiceHarness) -> None:
    await harness.ask("hannah", "subscribe team 7d every month")
    copy = copy_ledger(harness)
    await harness.ask("hannah", TEAM)
    await harness.ask("hannah", "unsubscribe 1")
    await goes_on(harness, 14 * HOUR)
    assert len(answers(harness)) == 1
    await restore_copy(harness, copy)
    await run_for(harness)
    assert len(answers(harness)) == 1
    listing = await harness.ask("hannah", "subscriptions")
    assert len(actions(listing)) == 1
    assert "*2* `team yesterday`" in visible_text(listing)
    await goes_on(harness, DAY)
    assert len(answers(harness)) == 2
    assert "`unsubscribe 3`" in visible_text(await harness.ask("hannah", "subscribe team 7d every day"))


async def test_one_that_was_on_its_way_at_the_copy_is_posted_once(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 10 * HOUR)
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    harness.clock.advance(3 * HOUR)
    await harness.service.jobs.sync()
    await harness.service.jobs.run_every(1)
    copy = copy_ledger(harness)
    harness.slack.faults.clear()
    await run_for(harness)
    assert len(answers(harness)) == 1
    await restore_copy(harness, copy)
    await run_for(harness)
    assert len(answers(harness)) == 1


async def test_without_a_former_ledger_the_copys_subscriptions_go_on(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    copy = copy_ledger(harness)
    await restore_copy(harness, copy, former=False)
    await goes_on(harness, DAY)
    assert len(answers(harness)) == 1


async def test_a_question_about_a_member_goes_on_after_they_were_merged(harness: ServiceHarness) -> None:
    await harness.ask("hannah", f"subscribe email:{PRIYA} yesterday every day")
    await harness.service.end()
    app = harness.app()
    with app.ledger.database() as database, database.transaction() as connection:
        merge(app, database, connection, PRIYA, "priya@new.example")
    await harness.start()
    await goes_on(harness, 13 * HOUR)
    spent(harness.neo.world, harness.clock(), "priya@new.example", 7)
    await goes_on(harness, DAY)
    first, second = answers(harness)
    assert "$30.00" in first
    assert "$7.00" in second


async def test_it_is_killed_between_making_and_sending(harness: ServiceHarness) -> None:
    await harness.ask("hannah", TEAM)
    await goes_on(harness, 10 * HOUR)
    harness.slack.faults.when(lambda call: Hang() if call.method == "chat.postMessage" else None)
    harness.clock.advance(3 * HOUR)
    await harness.service.jobs.sync()
    await harness.service.jobs.run_every(1)
    await harness.service.end()
    harness.slack.faults.clear()
    assert answers(harness) == []
    await harness.start()
    await run_for(harness)
    assert len(answers(harness)) == 1
