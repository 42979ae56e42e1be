"""The buttons of the Neo panel: what they do, what they say, and who is told to look."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.page.server import Page
from bot.sandbox.world import START, World

Json = dict[str, Any]
Get = Callable[..., Awaitable[Json]]
Post = Callable[..., Awaitable[Json]]


class Cat:
    """A bot with many lives."""

    def __init__(self) -> None:
        self.up = True

    async def toggle(self) -> str:
        self.up = not self.up
        return "up" if self.up else "down"


@pytest.fixture
def looks(page: Page) -> list[str]:
    """One entry for each time somebody was told to look."""
    looked: list[str] = []

    async def look() -> None:
        looked.append("looked")

    page.on_change.append(look)
    return looked


@pytest.mark.parametrize(("deed", "by", "times"), [("hour", timedelta(hours=1), 1), ("day", timedelta(days=1), 6)])
async def test_time_passes_and_the_bot_looks_on_the_way(
    post: Post, clock: SimClock, looks: list[str], deed: str, by: timedelta, times: int
) -> None:
    answer = await post("/page/world", do=deed)
    assert clock() == START + by
    assert looks == ["looked"] * times
    assert answer["text"].startswith(f"It is {START + by:%A}")


async def test_what_a_passed_hour_cost_is_said(post: Post, world: World) -> None:
    world.spike("priya.raman@acme.example", Decimal(12), START + timedelta(minutes=30))
    assert "and cost $12.00." in (await post("/page/world", do="hour"))["text"]


async def test_a_spike_says_who_and_how_much(post: Post, get: Get, looks: list[str]) -> None:
    words = (await post("/page/world", do="spike"))["text"]
    assert words.startswith("Priya Raman just spent $184.60 on ")
    neo = (await get("/page/state"))["neo"]
    assert neo["spent_today_usd"] == pytest.approx(184.60)
    assert neo["by_hour_usd"][8] == pytest.approx(184.60)
    assert {task["model"] for task in neo["recent"]} == {"claude-opus-4"}
    assert looks == ["looked"]


async def test_spikes_take_turns(post: Post) -> None:
    words = [(await post("/page/world", do="spike"))["text"] for _ in range(3)]
    assert ["Marcus" in each for each in words] == [False, True, False]


async def test_a_storm_fails_tasks_of_several_members(post: Post, get: Get, looks: list[str]) -> None:
    words = (await post("/page/world", do="storm"))["text"]
    neo = (await get("/page/state"))["neo"]
    assert words.startswith("9 tasks of ")
    assert neo["failed"] == 9
    assert {task["status"] for task in neo["recent"]} == {"error"}
    assert looks == ["looked"]


async def test_neo_goes_down_and_comes_back(post: Post, get: Get, page: Page, looks: list[str]) -> None:
    assert "down" in (await post("/page/world", do="neo"))["text"]
    assert page.neo.faults.always
    assert not (await get("/page/state"))["neo"]["up"]
    assert "back" in (await post("/page/world", do="neo"))["text"]
    assert (await get("/page/state"))["neo"]["up"]
    assert looks == []


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
    page.deeds.bot = Cat()
    assert (await get("/page/state"))["app"] == {"up": True}
    assert (await post("/page/world", do="bot"))["text"] == "down"
    assert (await get("/page/state"))["app"] == {"up": False}
    assert (await post("/page/world", do="bot"))["text"] == "up"


@pytest.mark.parametrize("deed", ["nothing", "", None, 3, "bot"])
async def test_the_world_does_nothing_else(client: aiohttp.ClientSession, deed: object) -> None:
    async with client.post("/page/world", json={"do": deed}) as response:
        assert response.status == 400
