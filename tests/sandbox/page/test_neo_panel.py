"""What the Neo panel shows of a team at work."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.neo_panel import NeoPanel
from bot.sandbox.tasks import SimTask, Status, Stream, row
from bot.sandbox.world import START, World
from tests.support.sandbox import HOUR

MINUTE = timedelta(minutes=1)


def panel(world: World, zone: str = "UTC") -> NeoPanel:
    return NeoPanel(NeoApi(world, SimClock(lambda: START)), ZoneInfo(zone))


def read_panel(world: World, zone: str = "UTC") -> NeoPanel:
    """A panel whose API has sent all rows."""
    neo = NeoApi(world, SimClock(lambda: START))
    neo_panel = NeoPanel(neo, ZoneInfo(zone))
    assert neo.on_rows
    neo.on_rows([row(task) for task in world.tasks(START)])
    return neo_panel


def stream(started: datetime, ended: datetime, credits_: str = "1", status: Status = "completed") -> Stream:
    return Stream(started, ended, Decimal(credits_), status=status)


def test_a_task_that_runs_is_listed_before_the_api_lists_it() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - MINUTE, START + HOUR)))
    summary = panel(world).summary(START)
    assert (summary["running"], summary["tasks"], summary["unread_usd"]) == (1, 0, 0)
    [task] = summary["recent"]
    assert (task["status"], task["cost_usd"]) == ("running", None)


def test_it_ends_as_time_goes_on() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - MINUTE, START + HOUR, "2.5", "failed")))
    neo_panel = panel(world)
    neo_panel.summary(START)
    summary = neo_panel.summary(START + HOUR)
    assert (summary["running"], summary["unread_usd"]) == (0, 25.0)
    assert (summary["recent"][0]["status"], summary["recent"][0]["cost_usd"]) == ("failed", 25.0)


def test_a_continued_task_shows_what_it_cost_so_far() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - 2 * HOUR, START - HOUR), stream(START - MINUTE, START + HOUR)))
    [task] = panel(world).summary(START)["recent"]
    assert (task["status"], task["cost_usd"], task["streams"]) == ("running", 10.0, 2)


def test_yesterday_is_not_today() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - 20 * HOUR, START - 19 * HOUR)))
    summary = read_panel(world).summary(START)
    assert (summary["spent_today_usd"], summary["tasks"], len(summary["recent"])) == (0.0, 0, 1)
    assert (summary["spent_this_month_usd"], summary["tasks_this_month"]) == (10.0, 1)


def test_today_begins_at_midnight_in_the_time_zone() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - 11 * HOUR, START - 10 * HOUR)))  # begun 22:00 UTC, 07:00 in Tokyo
    assert read_panel(world).summary(START)["spent_today_usd"] == 0.0
    summary = read_panel(world, "Asia/Tokyo").summary(START)
    assert (summary["spent_today_usd"], summary["by_hour_usd"][7]) == (10.0, 10.0)


def test_what_is_not_read_yet_is_said_at_once() -> None:
    world = World.empty()
    neo_panel = panel(world)
    summary = neo_panel.summary(START)
    assert (summary["recent"], summary["read_at"]) == ([], None)
    world.spike("someone@acme.example", Decimal(30), START)
    summary = neo_panel.summary(START)
    assert (summary["unread_usd"], summary["spent_today_usd"]) == (30.0, 0.0)


def test_a_whole_team_is_looked_at_once_in_hours(busy: World) -> None:
    neo_panel = panel(busy)
    first = neo_panel.summary(START)
    assert len(first["recent"]) == 24
    snapshot = busy.snapshot(START)
    neo_panel.summary(START + MINUTE)
    assert busy.snapshot(START) is snapshot  # the API's own listing was not disturbed


def test_sums_are_of_amounts_to_the_nano_like_the_bots() -> None:
    world = World.empty()
    world.add(SimTask.of("a", stream(START - HOUR, START - MINUTE, "0.10149999999999999")))  # the noise of a float
    summary = read_panel(world).summary(START)
    assert (summary["spent_today_usd"], summary["recent"][0]["cost_usd"]) == (1.02, 1.02)  # half-even of $1.015
