"""The buttons of the Neo panel: what they do, what they say, and who is told to look."""

from datetime import timedelta
from decimal import Decimal

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Status
from bot.sandbox.page.server import Page
from bot.sandbox.world import START, World
from tests.support.sandbox import Get, Post, PostAs


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
    assert answer["text"].startswith(f"It is {START + by:%a}")


async def test_what_a_passed_hour_cost_is_said(post: Post, world: World) -> None:
    world.spike("priya.raman@acme.example", Decimal(12), START + timedelta(minutes=30))
    assert "and cost $12.00." in (await post("/page/world", do="hour"))["text"]


async def test_a_spike_says_who_and_how_much(post: Post, get: Get, observed: list[str]) -> None:
    report = (await post("/page/world", do="spike"))["text"]
    assert report.startswith("Marcus Delgado just spent $247.35 on ")
    neo = (await get("/page/state"))["neo"]
    assert neo["unread_usd"] == pytest.approx(247.35)
    assert {task["model"] for task in neo["recent"]} == {"claude-opus-4"}
    assert observed == ["looked"]


async def test_spikes_take_turns(post: Post) -> None:
    report = [(await post("/page/world", do="spike"))["text"] for _ in range(6)]
    assert len({each.partition(" just")[0] for each in report[:5]}) == 5
    assert report[5].startswith("Marcus")


async def test_a_storm_fails_tasks_of_several_members(post: Post, get: Get, observed: list[str]) -> None:
    report = (await post("/page/world", do="storm"))["text"]
    neo = (await get("/page/state"))["neo"]
    assert report.startswith("9 tasks of ")
    assert report.endswith("the model was overloaded.")
    assert [task["status"] for task in neo["recent"]] == ["error"] * 9
    assert observed == ["looked"]


async def test_the_next_storm_is_of_another_kind(post: Post) -> None:
    assert len({(await post("/page/world", do="storm"))["text"].rpartition(": ")[2] for _ in range(3)}) == 3


async def test_it_says_where_the_bot_has_posted_or_edited(post: Post, page: Page, post_as: PostAs) -> None:
    old = post_as("general", "neo-usage", "was there")

    async def tell() -> None:
        post_as("neo-spend", "neo-usage", "look!")
        post_as("D0PRIYA", "neo-usage", "look!")
        post_as("security", "marcus", "not the bot")
        post_as("shop-pentest", "neo-usage", "for Gil alone", ephemeral_to="U0GIL")
        old.edited_ts = "1"

    page.on_change.append(tell)
    assert (await post("/page/world", do="spike"))["places"] == ["C0NEOSPEND", "C0GENERAL", "D0PRIYA"]
    page.on_change.remove(tell)
    assert (await post("/page/world", do="spike"))["places"] == []


@pytest.mark.parametrize(
    ("action", "why"), [("bot", "The bot is not running"), ("neo", "Neo is down"), ("slack", "Slack is down")]
)
async def test_it_says_why_the_bot_posts_nothing(post: Post, page: Page, action: str, why: str) -> None:
    page.actions.bot = FakeBot()
    assert "down" not in (await post("/page/world", do="spike"))["text"]
    await post("/page/world", do=action)
    assert why in (await post("/page/world", do="storm"))["text"]


async def test_neo_goes_down_and_comes_back(post: Post, get: Get, page: Page, observed: list[str]) -> None:
    assert (await post("/page/world", do="neo"))["text"].startswith(
        "Neo is down: its API answers 503 to every request."
    )
    assert page.neo.faults.always == Status(503, detail="Neo is being maintained; please come back later.")
    assert not (await get("/page/state"))["neo"]["up"]
    assert (await post("/page/world", do="neo"))["text"] == "Neo is back. The bot reads what is new within a minute."
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
