"""The tasks that a query lists, and their order.

What `from` and `to` filter on is undocumented upstream: three readings, case by case.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import get_args

import aiohttp
import pytest

from bot.sandbox.listing import FiltersBy, Order
from bot.sandbox.neo import PATH, NeoApi
from bot.sandbox.world import START, Row, SimTask, Stream, World, row
from tests.support.sandbox import DAY, HOUR, ask, z

CREATED = START - timedelta(days=2)  # the task; its streams start 1, 10 and 20 h later and cost 1, 2 and 4


def everything(_: Row) -> bool:
    return True


def nothing(_: Row) -> bool:
    return False


FILTERS: list[tuple[dict[str, str], Callable[[Row], object]]] = [
    ({}, everything),
    ({"status": "error"}, lambda seen: seen["status"] == "error"),
    ({"status": "aborted"}, lambda seen: seen["status"] == "aborted"),
    ({"model": "gpt-5"}, lambda seen: seen["model"] == "gpt-5"),
    ({"model": "gpt"}, nothing),
    ({"email": "mei.chen@acme.example"}, lambda seen: seen["email"] == "mei.chen@acme.example"),
    ({"email": "mei.chen"}, nothing),
    ({"search": "MEI.CH"}, lambda seen: "mei.ch" in seen["email"]),
    ({"search": "aB"}, lambda seen: "ab" in seen["task_id"] or "ab" in seen["email"]),
    ({"is_byok": "true"}, lambda seen: seen["is_byok"]),
    ({"is_byok": "false"}, lambda seen: not seen["is_byok"]),
    ({"from": z(START - DAY)}, lambda seen: seen["created_at"] >= z(START - DAY)),
    ({"to": z(START - 9 * DAY)}, lambda seen: seen["created_at"] <= z(START - 9 * DAY)),
    (
        {"from": z(START - 5 * DAY), "to": z(START - 3 * DAY), "is_byok": "true", "status": "completed"},
        lambda seen: (
            z(START - 5 * DAY) <= seen["created_at"] <= z(START - 3 * DAY)
            and seen["is_byok"]
            and seen["status"] == "completed"
        ),
    ),
    ({"from": z(START), "to": z(START - DAY)}, nothing),
    ({"model": "", "email": "", "search": "", "task_id": ""}, everything),
    ({"colour": "red", "sort": ""}, everything),
]


def continued_task() -> SimTask:
    first, second, third = (CREATED + hours * HOUR for hours in (1, 10, 20))
    return SimTask.of(
        "t",
        Stream(first, first + HOUR, Decimal(1), status="error"),
        Stream(second, second + HOUR, Decimal(2), status="completed"),
        Stream(third, third + HOUR, Decimal(4), status="aborted"),
        created_at=CREATED,
    )


def after_creation(hours: float) -> str:
    return (CREATED + hours * HOUR).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("filters_by", "within", "shown"),
    [
        # by the creation of the task: all or nothing, both ends inclusive
        ("created", (0, 0), (7, 3, "aborted")),
        ("created", (-1, 1), (7, 3, "aborted")),
        ("created", (0.001, 30), None),
        ("created", (-5, -0.001), None),
        ("created", (None, 0), (7, 3, "aborted")),
        ("created", (1, None), None),
        # by streams before grouping: totals, count and status of those that started within
        ("streams", (0, 0), None),
        ("streams", (1, 1), (1, 1, "error")),
        ("streams", (0, 10), (3, 2, "completed")),
        ("streams", (1.001, 30), (6, 2, "aborted")),
        ("streams", (10.5, 11), None),  # the second stream runs, but began before
        ("streams", (None, 15), (3, 2, "completed")),
        ("streams", (15, None), (4, 1, "aborted")),
        ("streams", (None, None), (7, 3, "aborted")),
        # by any stream: the whole task if one of them started within
        ("any", (0, 0), None),
        ("any", (1, 1), (7, 3, "aborted")),
        ("any", (9, 11), (7, 3, "aborted")),
        ("any", (20.001, 30), None),
        ("any", (15, None), (7, 3, "aborted")),
        ("any", (None, 0.999), None),
    ],
)
async def test_a_window_shows_a_task(
    api: NeoApi,
    client: aiohttp.ClientSession,
    filters_by: FiltersBy,
    within: tuple[float | None, float | None],
    shown: tuple[int, int, str] | None,
) -> None:
    api.world.add(continued_task())
    api.filters_by = filters_by
    window = {
        name: after_creation(hours) for name, hours in zip(("from", "to"), within, strict=True) if hours is not None
    }
    async with client.get(PATH, params=window) as response:
        rows = (await response.json())["data"]
    seen = [(row["neo_credits"], row["stream_count"], row["status"]) for row in rows]
    assert seen == ([] if shown is None else [shown])
    assert all(row["created_at"] == after_creation(0) for row in rows)


async def test_clipped_status_is_what_the_status_filter_sees(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    world.add(continued_task())
    api.filters_by = "streams"
    async with client.get(PATH, params={"to": after_creation(15), "status": "completed"}) as response:
        assert (await response.json())["total"] == 1


@pytest.mark.parametrize(("query", "fits"), FILTERS, ids=[str(query) for query, _ in FILTERS])
async def test_filters_agree_with_a_plain_reckoning(
    api: NeoApi,
    client: aiohttp.ClientSession,
    busy: World,
    query: dict[str, str],
    fits: Callable[[Row], object],
) -> None:
    api.world = busy
    wanted = {seen["task_id"] for seen in map(row, busy.tasks(START)) if fits(seen)}
    page = await ask(client, limit=200, **query)
    got = [seen["task_id"] for seen in page["data"]]
    assert (page["total"], page["has_more"]) == (len(wanted), len(wanted) > 200)
    assert len(got) == len(set(got)) == min(200, len(wanted))
    assert set(got) <= wanted


@pytest.mark.parametrize(
    ("order", "ids"),
    [
        ("newest", ["c", "a", "b", "d"]),
        ("oldest", ["d", "a", "b", "c"]),
        ("id", ["a", "b", "c", "d"]),
        ("cost", ["b", "c", "d", "a"]),
    ],
)
async def test_the_order_can_be_chosen_and_ties_fall_by_id(
    api: NeoApi, client: aiohttp.ClientSession, world: World, order: Order, ids: list[str]
) -> None:
    for name, days, cost in (("b", 2, 9), ("d", 3, 5), ("a", 2, 1), ("c", 1, 5)):
        begun = START - days * DAY
        world.add(SimTask.of(name, Stream(begun, begun + DAY / 24, Decimal(cost))))
    api.order = order
    assert [seen["task_id"] for seen in (await ask(client))["data"]] == ids


async def test_the_shuffled_order_is_stable_and_none_of_the_others(
    api: NeoApi, client: aiohttp.ClientSession, busy: World
) -> None:
    api.world = busy
    pages = {}
    for order in get_args(Order):
        api.order = order
        pages[order] = [seen["task_id"] for seen in (await ask(client))["data"]]
    again = [seen["task_id"] for seen in (await ask(client, limit=50))["data"]]
    assert again == pages["shuffled"]
    assert len({tuple(ids) for ids in pages.values()}) == len(pages)
