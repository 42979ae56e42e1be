"""The buttons of the Neo panel: what they do, what they say, and who is told to look."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import aiohttp
import pytest

from bot.domain.failure_causes import failure_cause
from bot.sandbox.clock import SimClock
from bot.sandbox.error_messages import format_error
from bot.sandbox.faults import Status
from bot.sandbox.page.actions import STORMS
from bot.sandbox.page.server import Page
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from tests.support.sandbox import Get, Post, PostAs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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


async def test_a_day_passes_by_hours_and_the_bot_looks_before_days_end_and_digests_are_due(
    post: Post, page: Page, clock: SimClock
) -> None:
    looked: list[datetime] = []

    async def look() -> None:
        looked.append(clock())

    page.on_change.append(look)
    clock.advance(timedelta(minutes=20))
    assert (await post("/page/world", do="hour"))["text"].startswith("It is Mon, Mar 2, 10:20.")
    assert looked == [START + HOUR, START + HOUR * 4 / 3]
    looked.clear()
    assert (await post("/page/world", do="day"))["text"].startswith("It is Tue, Mar 3, 10:20.")
    hours = [START + HOUR * number for number in range(2, 26)]
    before = [hour - timedelta(seconds=30) for hour in hours if hour.hour in {0, 9}]
    assert looked == sorted([*hours, *before, START + DAY + HOUR * 4 / 3])


@pytest.mark.parametrize("down", ["neo", "slack"])
async def test_a_day_passes_in_few_steps_while_each_would_take_long(
    post: Post, clock: SimClock, observed: list[str], down: str
) -> None:
    await post("/page/world", do=down)
    report = (await post("/page/world", do="day"))["text"]
    assert clock() == START + DAY
    assert observed == ["looked"] * 4
    assert f"{down.capitalize()} is down" in report


async def test_what_a_passed_hour_cost_is_said(post: Post, world: World) -> None:
    world.spike("priya.raman@acme.example", Decimal(12), START + timedelta(minutes=30))
    tasks = len(world.tasks(START + HOUR))
    assert f"{tasks} tasks ended and cost $12.00." in (await post("/page/world", do="hour"))["text"]
    assert (await post("/page/world", do="hour"))["text"].endswith(" 0 tasks ended.")


async def test_an_unknown_cost_is_no_zero(post: Post, world: World) -> None:
    world.add(SimTask.of("refused", Stream(START, START + HOUR / 2, status="error")))
    assert (await post("/page/world", do="hour"))["text"].endswith(" 1 task ended.")


async def test_a_cost_of_less_than_a_cent_is_no_zero(post: Post, world: World) -> None:
    world.add(SimTask.of("tiny", Stream(START, START + HOUR / 2, credits=Decimal("0.0004"))))
    assert (await post("/page/world", do="hour"))["text"].endswith(" 1 task ended and cost <$0.01.")


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
    assert report.endswith("just failed the same way: rate limited.")
    assert [task["status"] for task in neo["recent"]] == ["error"] * 9
    assert observed == ["looked"]


async def test_the_next_storm_is_of_another_kind(post: Post) -> None:
    assert len({(await post("/page/world", do="storm"))["text"].rpartition(": ")[2] for _ in range(3)}) == 3


@pytest.mark.parametrize(("error", "meaning"), STORMS)
def test_a_storm_is_called_as_the_bot_calls_it(error: str, meaning: str) -> None:
    assert failure_cause("error", format_error(error, Random(1), "ana@acme.example", START)) == meaning


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
        "Neo is down: its API answers 503 to every request. The bot answers from what it has read"
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


async def test_neos_total_leaves_out_a_task_and_counts_it_again(post: Post, page: Page, busy: World) -> None:
    assert (await post("/page/world", do="difference"))["text"] == "Neo has no task yet that is old enough."
    page.neo.world = busy
    text = (await post("/page/world", do="difference"))["text"]
    assert text.startswith("Neo's total of Feb 2")
    assert page.neo.summary is not None
    assert len(page.neo.summary.left_out) == 1
    assert (await post("/page/world", do="difference"))["text"].startswith("Neo's total counts every task again.")
    assert page.neo.summary.left_out == frozenset()


async def test_neo_doubles_the_cost_of_an_old_task(post: Post, page: Page, busy: World) -> None:
    assert (await post("/page/world", do="restate"))["text"] == "Neo has no task yet that is old enough."
    page.neo.world = busy
    before = {each.task_id: each.cost for each in busy.tasks(page.neo.clock())}
    assert (await post("/page/world", do="restate"))["text"].startswith("Neo doubled the cost of a task of Feb 2")
    after = {each.task_id: each.cost for each in busy.tasks(page.neo.clock())}
    ((task_id, cost),) = after.items() - before.items()
    assert cost == 2 * before[task_id]


async def test_credits_are_used_up_and_added(post: Post, page: Page, busy: World) -> None:
    page.neo.world = busy
    left = float((await post("/page/world", do="drain"))["text"].partition(" ")[0].replace(",", ""))
    added = float((await post("/page/world", do="fill"))["text"].partition(" ")[0].replace(",", ""))
    assert added == pytest.approx(20 * left, abs=1)
