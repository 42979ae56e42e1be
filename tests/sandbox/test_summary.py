"""The summary counts the tasks of a window under each reading that the documentation leaves open, faults included."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, get_args

import aiohttp
import msgspec
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Reshape
from bot.sandbox.neo import SUMMARY_PATH, NeoApi
from bot.sandbox.summary import Balance, CountsBy, SummaryOptions
from bot.sandbox.world import START, SimTask, Stream, World
from tests.support.sandbox import DAY, HOUR, ask, z

MIDNIGHT = START - 9 * HOUR  # of the day of START
YESTERDAY, TODAY = "2026-03-01", "2026-03-02"
BY_DAY = {"group_by": "day"}


async def summary(client: aiohttp.ClientSession, query: dict[str, str] | None = None, status: int = 200) -> Any:
    async with client.get(SUMMARY_PATH, params=query or {}) as response:
        assert response.status == status
        return msgspec.json.decode(await response.read())


def by_day(body: dict[str, Any]) -> dict[str, tuple[float, int]]:
    return {each["date"]: (each["neo_credits"], each["tasks"]) for each in body["by_period"]}


@pytest.fixture
def over_midnight(world: World) -> None:
    """A task created before midnight, begun after it, and one continued after midnight."""
    world.add(
        SimTask.of("late", Stream(MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR, Decimal(1)), created_at=MIDNIGHT - HOUR / 60)
    )
    first = Stream(MIDNIGHT - 2 * HOUR, MIDNIGHT - HOUR, Decimal(2))
    world.add(SimTask.of("continued", first, Stream(MIDNIGHT + HOUR, MIDNIGHT + 3 * HOUR, Decimal(4))))


EXPECTED: dict[CountsBy, dict[str, tuple[float, int]]] = {
    "created": {YESTERDAY: (7.0, 2)},
    "first": {YESTERDAY: (6.0, 1), TODAY: (1.0, 1)},
    "any": {YESTERDAY: (6.0, 1), TODAY: (7.0, 2)},
    "streams": {YESTERDAY: (2.0, 1), TODAY: (5.0, 2)},
    "ended": {TODAY: (7.0, 2)},
}


@pytest.mark.usefixtures("over_midnight")
@pytest.mark.parametrize("reading", get_args(CountsBy))
async def test_each_reading_counts_tasks_on_days_of_its_own(
    api: NeoApi, client: aiohttp.ClientSession, reading: CountsBy
) -> None:
    api.summary = SummaryOptions(reading)
    whole = await summary(client, BY_DAY)
    assert by_day(whole) == EXPECTED[reading]
    assert (whole["total_neo_credits"], whole["total_tasks"]) == (7.0, 2)
    for day, (credits_, tasks) in EXPECTED[reading].items():
        start = MIDNIGHT - (day == YESTERDAY) * DAY
        alone = await summary(client, {"from": z(start), "to": z(start + DAY - timedelta(seconds=1))})
        assert (alone["total_neo_credits"], alone["total_tasks"]) == (credits_, tasks)


@pytest.mark.parametrize("reading", get_args(CountsBy))
async def test_the_whole_is_the_same_under_each_reading(
    api: NeoApi, client: aiohttp.ClientSession, busy: World, reading: CountsBy
) -> None:
    api.world, api.summary = busy, SummaryOptions(reading)
    found = await summary(client, {"group_by": "month"})
    tasks = busy.tasks(START)
    assert found["total_tasks"] == len(tasks) == sum(each["tasks"] for each in found["by_email"])
    exact = sum((s.credits or Decimal(0) for task in tasks for s in task.streams), Decimal(0))
    assert found["total_neo_credits"] == pytest.approx(float(exact))
    assert sum(found["by_status"].values()) == len(tasks)
    assert found["byok"]["total_tasks"] == sum(bool(task.is_byok) for task in tasks) > 0


async def test_the_costs_on_own_keys_alone_can_be_wrong(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    for number in range(3):
        stream = Stream(START - DAY, START - DAY, llm_cost=Decimal(2), neo_cost=Decimal("0.5"))
        world.add(SimTask.of(f"t{number}", stream, is_byok=True))
    api.summary = SummaryOptions(own_keys_left_out=frozenset({"t0"}), own_keys_doubled=frozenset({"t1"}))
    found = await summary(client)
    assert found["total_tasks"] == 3
    assert found["byok"] == {"total_llm_cost": 6.0, "total_neo_cost": 1.5, "total_streams": 3, "total_tasks": 3}
    api.summary = SummaryOptions(own_keys_left_out=frozenset({"t0"}))
    assert (await summary(client))["byok"]["total_tasks"] == 2


async def test_amounts_are_added_as_floats(client: aiohttp.ClientSession, world: World) -> None:
    for number, amount in enumerate(("0.1", "0.2")):
        world.add(SimTask.of(f"t{number}", Stream(START - DAY, START - DAY, Decimal(amount))))
    assert (await summary(client))["total_neo_credits"] == 0.1 + 0.2 != 0.3


def _three(world: World) -> Iterator[str]:
    for number in range(3):
        world.add(
            SimTask.of(f"t{number}", Stream(START - DAY, START - DAY, Decimal(1)), email=f"m{number}@acme.example")
        )
        yield f"t{number}"


async def test_tasks_can_be_missing_or_doubled_in_one_of_the_two(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    left_out, doubled, hidden = _three(world)
    api.summary = SummaryOptions(left_out=frozenset({left_out}), doubled=frozenset({doubled}))
    api.hidden = frozenset({hidden})
    assert (await summary(client, BY_DAY))["by_period"] == [{"date": YESTERDAY, "neo_credits": 3.0, "tasks": 3}]
    page = await ask(client)
    assert page["total"] == len(page["data"]) == 2
    assert hidden not in {row["task_id"] for row in page["data"]}


async def test_departed_members_count_in_the_total_alone(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    assert len(list(_three(world))) == 3
    api.summary = SummaryOptions(departed=frozenset({"m1@acme.example"}))
    found = await summary(client)
    assert found["total_tasks"] == 3
    assert [each["email"] for each in found["by_email"]] == ["m0@acme.example", "m2@acme.example"]


async def test_the_balance_runs_down_and_is_filled_up(
    api: NeoApi, client: aiohttp.ClientSession, clock: SimClock, world: World
) -> None:
    world.add(SimTask.of("before", Stream(START - DAY, START - DAY, Decimal(5))))
    world.add(SimTask.of("after", Stream(START + HOUR, START + 2 * HOUR, Decimal(3))))
    assert api.summary is not None
    api.summary = replace(api.summary, balance=Balance(Decimal(10), START - HOUR, START + 2 * DAY))
    assert (await summary(client))["total_available_neo_credits"] == 10
    clock.advance(DAY)
    found = await summary(client)
    assert found["total_available_neo_credits"] == 7
    assert found["total_neo_credits_post_reset"] == 3
    assert found["neo_credits_expires_at"] == z(START + 2 * DAY)
    assert found["neo_credits_is_expired"] is False
    clock.advance(DAY)
    assert (await summary(client))["neo_credits_is_expired"] is True
    api.summary = replace(api.summary, balance=Balance(Decimal(50), clock()))
    assert (await summary(client))["total_available_neo_credits"] == 50


async def test_a_solo_key_sees_its_own_and_no_members(api: NeoApi, client: aiohttp.ClientSession, world: World) -> None:
    assert len(list(_three(world))) == 3
    api.tier, api.owner = "solo", "m2@acme.example"
    found = await summary(client)
    assert found["total_tasks"] == 1
    assert "by_email" not in found


async def test_it_may_be_refused_or_missing_or_of_another_shape(api: NeoApi, client: aiohttp.ClientSession) -> None:
    assert (await summary(client, {"group_by": "year"}, 400))["code"] == "invalid_request"
    api.faults.push(Reshape(lambda body: [body["total_tasks"]]))
    assert await summary(client) == [0]
    api.tier = "member"
    assert (await summary(client, status=403))["code"] == "forbidden"
    api.summary = None
    assert (await summary(client, status=404))["code"] == "not_exists"
