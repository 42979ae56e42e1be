"""The buttons of the Neo panel: what they do, what they say, and who is told to look."""

from datetime import timedelta
from decimal import Decimal

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.page.server import Page
from bot.sandbox.world import START, World
from tests.support.sandbox import Get, Post


class FakeBot:
    """A bot that can be killed and started any number of times."""

    def __init__(self) -> None:
        self.up = True

    async def toggle(self) -> str:
        self.up = not self.up
        return "up" if self.up else "down"


@pytest.fixture
def observed(page: Page) -> list[str]:
    """One entry for each time somebody was told to look."""
    looked: list[str] = []

    async def look() -> None:
        looked.append("looked")

    page.on_change.append(look)
    return looked


@pytest.mark.parametrize(("action", "by", "times"), [("hour", timedelta(hours=1), 1), ("day", timedelta(days=1), 6)])
async def test_time_passes_and_the_bot_looks_on_the_way(
    post: Post, clock: SimClock, observed: list[str], action: str, by: timedelta, times: int
) -> None:
    answer = await post("/page/world", do=action)
    assert clock() == START + by
    assert observed == ["looked"] * times
    assert answer["text"].startswith(f"It is {START + by:%A}")


async def test_what_a_passed_hour_cost_is_said(post: Post, world: World) -> None:
    world.spike("priya.raman@acme.example", Decimal(12), START + timedelta(minutes=30))
    assert "and cost $12.00." in (await post("/page/world", do="hour"))["text"]


async def test_a_spike_says_who_and_how_much(post: Post, get: Get, observed: list[str]) -> None:
    report = (await post("/page/world", do="spike"))["text"]
    assert report.startswith("Priya Raman just spent $184.60 on ")
    neo = (await get("/page/state"))["neo"]
    assert neo["spent_today_usd"] == pytest.approx(184.60)
    assert neo["by_hour_usd"][8] == pytest.approx(184.60)
    assert {task["model"] for task in neo["recent"]} == {"claude-opus-4"}
    assert observed == ["looked"]


async def test_spikes_take_turns(post: Post) -> None:
    report = [(await post("/page/world", do="spike"))["text"] for _ in range(3)]
    assert ["Marcus" in each for each in report] == [False, True, False]


async def test_a_storm_fails_tasks_of_several_members(post: Post, get: Get, observed: list[str]) -> None:
    report = (await post("/page/world", do="storm"))["text"]
    neo = (await get("/page/state"))["neo"]
    assert report.startswith("9 tasks of ")
    assert neo["failed"] == 9
    assert {task["status"] for task in neo["recent"]} == {"error"}
    assert observed == ["looked"]


async def test_neo_goes_down_and_comes_back(post: Post, get: Get, page: Page, observed: list[str]) -> None:
    assert (await post("/page/world", do="neo"))["text"].startswith(
        "Neo is down: its API answers 503 to every request."
    )
    assert page.neo.faults.always == Status(503, detail="Neo is being maintained; please come back later.")
    assert not (await get("/page/state"))["neo"]["up"]
    assert (await post("/page/world", do="neo"))["text"] == "Neo is back. The bot catches up at its next look."
    assert (await get("/page/state"))["neo"]["up"]
    assert observed == []


async def test_while_slack_is_down_nothing_gets_through(post: Post, get: Get, client: aiohttp.ClientSession) -> None:
    await post("/page/world", do="slack")
    assert not (await get("/page/state"))["slack"]["up"]
    assert (await post("/page/send", channel="C0GENERAL", text="hello?"))["error"] == "slack_is_down"
    with pytest.raises(aiohttp.ClientError):
        await client.post("/api/auth.test")
    await post("/page/world", do="slack")
    assert (await post("/page/send", channel="C0GENERAL", text="hello"))["ok"]


async def test_a_bot_that_can_be_killed_is_killed_and_started(post: Post, get: Get, page: Page) -> None:
    assert (await get("/page/state"))["app"] is None
    page.actions.bot = FakeBot()
    assert (await get("/page/state"))["app"] == {"up": True}
    assert (await post("/page/world", do="bot"))["text"] == "down"
    assert (await get("/page/state"))["app"] == {"up": False}
    assert (await post("/page/world", do="bot"))["text"] == "up"


@pytest.mark.parametrize("action", ["nothing", "", None, 3, "bot"])
async def test_the_world_does_nothing_else(client: aiohttp.ClientSession, action: object) -> None:
    async with client.post("/page/world", json={"do": action}) as response:
        assert response.status == 400
