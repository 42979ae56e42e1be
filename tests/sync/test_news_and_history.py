"""News and history: growth of a known task is told, whichever pass finds it; what is of a time first read is not."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.sandbox.faults import Reset, Total
from bot.sandbox.slack.models import Message
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.sync.rules import PassKind, PlannedPass
from tests.support.app import read_passes
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import add, spent

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRIYA = "priya.raman@acme.example"


@pytest.fixture
def world() -> World:
    """A task of nine days ago, and one of half a year ago, which a first run does not read."""
    world = World.empty()
    for name, days in (("known", 9), ("ancient", 180)):
        begun = START - days * DAY
        world.add(SimTask.of(name, Stream(begun, begun + HOUR, credits=Decimal(1)), email=PRIYA))
    return world


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    await closed.open()
    await closed.ask("hannah", "budget @priya 100/day")
    await closed.deliver()
    return closed


def go_on(harness: ServiceHarness, name: str, credits_used: int, **others: object) -> None:
    """A task is continued, and its run has just ended."""
    (task,) = [each for each in harness.neo.world.tasks(harness.clock()) if each.task_id == name]
    begun = harness.clock() - HOUR - timedelta(seconds=1)
    harness.neo.world.add(task.with_stream(Stream(begun, begun + HOUR, credits=Decimal(credits_used), **others)))  # type: ignore[arg-type]


def told(messages: Sequence[Message]) -> list[str]:
    return [visible_text(each) for each in messages if each.metadata]


async def read(harness: ServiceHarness, *planned: PlannedPass) -> None:
    await read_passes(harness.app(), planned)
    await harness.sync()


async def full(harness: ServiceHarness) -> None:
    await harness.app().sync(full=True, progress=lambda _: None, on_wait=lambda _: None)
    await harness.sync()


async def nightly(harness: ServiceHarness) -> None:
    await read(harness, PlannedPass(PassKind.NIGHTLY, START - 20 * DAY, harness.clock()))


async def weekly(harness: ServiceHarness) -> None:
    await read(harness, PlannedPass(PassKind.WEEKLY, START - 20 * DAY, harness.clock()))


async def reach_back(harness: ServiceHarness) -> None:
    await read(harness, PlannedPass(PassKind.HISTORY, START - 20 * DAY, START - 3 * DAY))


@pytest.mark.slow
@pytest.mark.parametrize("find", [full, nightly, weekly, reach_back])
async def test_growth_of_a_known_task_is_told_whichever_pass_finds_it(harness: ServiceHarness, find: object) -> None:
    go_on(harness, "known", 12)
    await harness.sync()
    assert told(harness.dm("priya")) == []  # by creation it is older than a tail
    assert callable(find)
    await find(harness)
    (said,) = told(harness.dm("priya"))
    assert "120%" in said


@pytest.mark.parametrize("find", [full, nightly])
async def test_a_known_task_that_fails_late_is_told(harness: ServiceHarness, find: object) -> None:
    go_on(harness, "known", 1, status="failed", error_message="boom")
    assert callable(find)
    await find(harness)
    (said,) = told(harness.visible("marcus"))
    assert said.startswith("*1 task failed.* claude-sonnet-4, Priya Raman, $20.00 so far")


@pytest.mark.slow
async def test_what_is_first_seen_in_a_time_never_read_is_told_to_nobody(harness: ServiceHarness) -> None:
    go_on(harness, "ancient", 50, status="failed", error_message="boom")
    add(
        harness.neo.world, "forgotten", "70", email=PRIYA, begun=START - 100 * DAY, status="error", error_message="boom"
    )
    await full(harness)
    assert told(harness.dm("priya")) == told(harness.visible("marcus")) == []
    go_on(harness, "ancient", 11)  # the ledger holds it now
    await full(harness)
    (said,) = told(harness.dm("priya"))
    assert "110%" in said


async def test_history_and_news_of_one_page_are_told_apart(closed: ServiceHarness) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "HISTORY_DAYS": "3"}
    harness = closed
    await harness.open()
    await harness.ask("hannah", "budget @priya 100/month")
    month = START.replace(day=1)
    begun = month + HOUR
    add(harness.neo.world, "unread", "8.5", email=PRIYA, begun=begun)  # $85, this month
    with harness.service.database.transaction() as connection:  # as if the ledger began later
        connection.exec_driver_sql("UPDATE coverage SET covered_from = covered_to - 2 * 3600000000")
    spent(harness.neo.world, harness.clock(), PRIYA, 20)
    await read_passes(harness.app(), [PlannedPass(PassKind.FULL, None, harness.clock())])
    await harness.sync()
    said = "\n".join(told(harness.dm("priya")) + told(harness.visible("marcus")))
    assert "105%" in said  # what is news has passed the step of 100
    explained = visible_text(await harness.ask("priya", "explain"))
    assert "it comes from history" in explained


@pytest.mark.slow
@pytest.mark.parametrize("back", [20 * DAY, 20_000 * DAY])
async def test_a_pass_that_read_nothing_makes_no_news_of_what_came_since(
    closed: ServiceHarness, back: timedelta
) -> None:
    closed.settings |= {"ALERT_CHANNEL": "#neo-spend", "HISTORY_DAYS": "60"}
    for days in range(5, 15):
        add(closed.neo.world, f"old-{days}", "1", email=PRIYA, begun=START - days * DAY, status="failed")
    closed.neo.faults.always = Reset()  # as while the machine had no time yet, and no certificate was valid
    closed.clock.set_back(back)
    await closed.open()
    closed.neo.faults.clear()
    closed.clock.advance(back)
    for _ in range(3):
        await closed.sync()
        closed.clock.advance(timedelta(minutes=20))
    assert told(closed.visible("marcus")) == []
    add(closed.neo.world, "new", "1", email=PRIYA, begun=closed.clock() - 2 * HOUR, status="failed")
    await closed.sync()
    closed.clock.advance(timedelta(minutes=20))
    await closed.sync()
    assert len(told(closed.visible("marcus"))) == 1


@pytest.mark.slow
async def test_alerts_go_on_where_neo_never_adds_up(closed: ServiceHarness) -> None:
    closed.settings["ALERT_CHANNEL"] = "#neo-spend"
    closed.neo.faults.always = Total(lambda real: real + 3)
    await closed.open()
    await closed.ask("hannah", "budget @priya 100/month")
    closed.clock.advance(timedelta(minutes=5))
    spent(closed.neo.world, closed.clock(), PRIYA, 90, begun=closed.clock() - timedelta(minutes=4))
    closed.clock.advance(timedelta(minutes=60))
    await closed.sync()
    (said,) = [each for each in told(closed.dm("priya")) if "budget" in each]
    assert "90%" in said
