"""The figures beside Slack are those that the bot answers, at any moment of simulated time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.demo.stored_bookings import stored_bookings
from bot.domain.money import NANOS_PER_USD, show_usd
from bot.sandbox.page.neo_panel import NeoPanel
from bot.sandbox.tasks import Stream, row
from bot.sandbox.world import START, SimTask, World
from tests.support.app import report_of
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import HOUR, MARCUS, add, generated_world

DAY = timedelta(days=1)
SPIKE = Decimal("184.60")


@pytest.fixture
def world() -> World:
    return generated_world()


@pytest.fixture
def panel(closed: ServiceHarness) -> NeoPanel:
    return NeoPanel(closed.neo, ZoneInfo("UTC"))


async def agrees(panel: NeoPanel, harness: ServiceHarness) -> dict[str, Any]:
    """The figures, once the bot has read what there is; they are those of its reports and answers."""
    await harness.sync()
    harness.clock.advance(timedelta(seconds=1))  # it stands still: what is booked now is not before now
    summary = panel.summary(harness.clock())
    app = harness.service.app
    today, month = report_of(app, "today"), report_of(app, "this month")
    for figure, report in (("spent_today", today), ("spent_this_month", month), ("last_hour", report_of(app, "1h"))):
        assert f"${summary[f'{figure}_usd']:,.2f}" == show_usd(report.spend_nanos)
    assert (summary["tasks"], summary["failed"]) == (today.total.tasks, today.total.failed_tasks)
    assert summary["tasks_this_month"] == month.total.tasks
    assert sum(summary["by_hour_usd"]) == pytest.approx(today.spend_nanos / NANOS_PER_USD)
    return summary


@pytest.mark.slow
@costly
async def test_they_agree_whatever_happens(panel: NeoPanel, closed: ServiceHarness) -> None:
    await closed.open()
    before = await agrees(panel, closed)
    assert before["spent_this_month_usd"] > before["spent_today_usd"] > 0

    closed.neo.world.spike(MARCUS, SPIKE, closed.clock())
    unread = panel.summary(closed.clock())
    assert unread["unread_usd"] == pytest.approx(float(SPIKE), abs=0.5)  # and what ended meanwhile
    assert unread["spent_today_usd"] == before["spent_today_usd"]
    spiked = await agrees(panel, closed)
    assert spiked["spent_today_usd"] - before["spent_today_usd"] == pytest.approx(float(SPIKE), abs=0.5)
    assert spiked["unread_usd"] == 0

    closed.clock.advance(HOUR)
    closed.neo.world.error_storm(9, closed.clock())
    assert (await agrees(panel, closed))["failed"] >= 9
    for _ in range(6):
        closed.clock.advance(DAY / 6)
        await agrees(panel, closed)
    closed.clock.advance(DAY)
    assert (await agrees(panel, closed))["tasks"] > 0
    answer = visible_text(await closed.ask("hannah", "team this month"))
    assert show_usd(report_of(closed.service.app, "this month").spend_nanos) in answer


async def test_they_agree_on_what_changes_later(panel: NeoPanel, closed: ServiceHarness) -> None:
    closed.neo.world = world = World.empty()
    world.add(SimTask.of("grows", Stream(START - 9 * HOUR, START - 8 * HOUR, credits=Decimal(1))))
    add(world, "restated", "2")
    add(world, "unknown", None)
    add(world, "refused", None, status="error")
    await closed.open()
    first = await agrees(panel, closed)
    assert (first["spent_today_usd"], first["tasks"], first["failed"]) == (30, 4, 1)
    closed.clock.advance(DAY)
    world.add(world.tasks(START)[0].with_stream(Stream(START, START + HOUR, credits=Decimal(3))))
    world.restate("restated", Decimal("0.25"))
    add(world, "unknown", "5")
    second = await agrees(panel, closed)
    assert (second["spent_today_usd"], second["spent_this_month_usd"]) == (15, 95)  # +30, -15; and 50 of yesterday
    assert second["tasks"] == 2


async def test_what_a_killed_bot_had_not_stored_counts_once_it_reads_it_again(
    panel: NeoPanel, closed: ServiceHarness
) -> None:
    closed.neo.world = world = World.empty()
    for name in ("grows", "stays"):
        world.add(SimTask.of(name, Stream(START - 9 * HOUR, START - 8 * HOUR, credits=Decimal(1))))
    await closed.open()
    await agrees(panel, closed)
    await closed.stop()
    grown = world.tasks(START)[0].with_stream(Stream(START, START + HOUR, credits=Decimal(3)))
    world.add(grown)
    add(world, "new", "7", begun=START - HOUR)
    assert closed.neo.on_rows is not None
    closed.neo.on_rows([row(task) for task in world.tasks(START + 2 * HOUR)])  # as to a bot that is killed meanwhile
    panel.keep_stored(stored_bookings(closed.app()))
    assert panel.summary(closed.clock())["spent_today_usd"] == 20
    closed.clock.advance(2 * HOUR)
    await closed.start()
    summary = await agrees(panel, closed)
    assert (summary["last_hour_usd"], summary["spent_today_usd"]) == (30, 120)


@pytest.mark.slow
async def test_they_agree_over_the_turn_of_a_month(panel: NeoPanel, closed: ServiceHarness) -> None:
    closed.neo.world = world = World.empty()
    end = datetime(2026, 4, 1, tzinfo=UTC)
    world.add(SimTask.of("grows", Stream(end - 4 * HOUR, end - 3 * HOUR, credits=Decimal(1))))
    add(world, "over midnight", "2", begun=end - HOUR / 2)
    closed.clock.advance(end - 2 * HOUR - closed.clock())
    await closed.open()
    assert (await agrees(panel, closed))["spent_this_month_usd"] == 10
    world.add(world.tasks(end)[0].with_stream(Stream(end - 2 * HOUR, end - HOUR / 2, credits=Decimal(3))))
    for moment, month, today in (
        (end - HOUR / 4, 40, 40),
        (end + HOUR / 6, 0, 0),
        (end + 2 * HOUR, 0, 0),
        (end + DAY, 0, 0),
    ):
        closed.clock.advance(moment - closed.clock())
        summary = await agrees(panel, closed)
        assert (summary["spent_this_month_usd"], summary["spent_today_usd"]) == (month, today), moment


@pytest.mark.parametrize(
    ("amounts", "usd"),
    [
        ({"is_byok": False, "credits": "1", "llm_cost": "7", "neo_cost": "9"}, 10),
        ({"is_byok": None, "credits": "1"}, 10),
        ({"is_byok": None, "llm_cost": "2", "neo_cost": "0.5"}, 25),
        ({"is_byok": True, "llm_cost": "2", "neo_cost": "0.5"}, 25),
        ({"is_byok": True, "credits": "2", "neo_cost": "0.5"}, 25),
        ({"is_byok": True, "credits": "2", "llm_cost": "2", "neo_cost": "0.5"}, 25),  # the same money twice
        ({"is_byok": True, "credits": "1", "llm_cost": "2", "neo_cost": "0.5"}, 35),
        ({"is_byok": True, "credits": "0", "llm_cost": "2"}, 20),
        ({"is_byok": True}, 0),
    ],
)
async def test_they_agree_on_own_keys(
    panel: NeoPanel, closed: ServiceHarness, amounts: dict[str, Any], usd: int
) -> None:
    closed.neo.world = World.empty()
    costs: dict[str, Any] = {name: Decimal(amount) for name, amount in amounts.items() if isinstance(amount, str)}
    begun = START - 2 * HOUR
    stream = Stream(begun, begun + HOUR, **costs)
    closed.neo.world.add(SimTask.of("own-key", stream, is_byok=amounts["is_byok"]))
    await closed.open()
    assert (await agrees(panel, closed))["spent_today_usd"] == usd


async def test_without_the_bot_they_stay_and_say_what_is_missing(panel: NeoPanel, closed: ServiceHarness) -> None:
    closed.neo.world = World.empty()
    summary = panel.summary(closed.clock())
    assert (summary["read_at"], summary["spent_today_usd"]) == (None, 0)
    add(closed.neo.world, "unread", "1")
    assert panel.summary(closed.clock())["unread_usd"] == 10
    await closed.open()
    assert (await agrees(panel, closed))["unread_usd"] == 0
