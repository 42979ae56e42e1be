"""The API answers as its specification says: rows, pages, keys and roles."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

import aiohttp
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.listing import Order
from bot.sandbox.neo import KEY, PATH, NeoApi
from bot.sandbox.world import START, Row, SimTask, Stream, World, row
from tests.support.sandbox import DAY, Conforms, ask


def task(number: int, **told: Any) -> SimTask:
    ended = START - number * DAY
    return SimTask.of(f"task-{number:03}", Stream(ended - DAY / 24, ended, Decimal(1)), **told)


@pytest.mark.slow
@pytest.mark.parametrize("histories", [0, 3])
async def test_every_row_of_a_team_is_what_the_page_says(
    api: NeoApi, client: aiohttp.ClientSession, busy: World, conforms: Conforms, histories: int
) -> None:
    api.world, api.history_entries = busy, histories
    for offset in range(0, len(busy.tasks(START)), 200):
        page = await ask(client, limit=200, offset=offset)
        conforms("TaskUsageListResponse", page)
        assert all(datetime.fromisoformat(seen["created_at"]) <= START for seen in page["data"])


async def test_amounts_travel_as_the_numbers_they_are(api: NeoApi, client: aiohttp.ClientSession, world: World) -> None:
    amounts = ["0.30000000000000004", "1E-9", "12345678901234567890.5", "0"]
    for number, amount in enumerate(amounts):
        stream = Stream(START - DAY, START - DAY, credits=Decimal(amount))
        world.add(SimTask.of(f"t{number}", stream))
    api.order = "id"
    async with client.get(PATH) as response:
        rows = json.loads(await response.text(), parse_float=Decimal)["data"]
    assert [Decimal(seen["neo_credits"]) for seen in rows] == [Decimal(amount) for amount in amounts]


async def test_one_task_can_be_asked_for(api: NeoApi, client: aiohttp.ClientSession, busy: World) -> None:
    api.world = busy
    wanted = row(busy.tasks(START)[5])
    page = await ask(client, task_id=wanted["task_id"])
    assert [seen["task_id"] for seen in page["data"]] == [wanted["task_id"]]
    assert (await ask(client, task_id=wanted["task_id"][:-1]))["data"] == []


@pytest.mark.parametrize("order", get_args(Order))
@pytest.mark.parametrize("limit", [50, 137, 200])
async def test_the_pages_together_are_the_whole(
    api: NeoApi, client: aiohttp.ClientSession, busy: World, order: Order, limit: int
) -> None:
    api.world, api.order = busy, order
    rows: list[Row] = []
    more = True
    while more:
        page = await ask(client, limit=limit, offset=len(rows))
        rows, more = rows + page["data"], page["has_more"]
        assert page["total"] == len(busy.tasks(START))
    assert sorted(seen["task_id"] for seen in rows) == sorted(t.task_id for t in busy.tasks(START))


@pytest.mark.parametrize(
    ("offset", "limit", "left"),
    [(0, 50, (50, True)), (200, 50, (10, False)), (160, 50, (50, False)), (210, 1, (0, False)), (999, 200, (0, False))],
)
async def test_has_more_is_true_while_rows_are_left(
    client: aiohttp.ClientSession, world: World, offset: int, limit: int, left: tuple[int, bool]
) -> None:
    for number in range(210):
        world.add(task(number))
    page = await ask(client, limit=limit, offset=offset)
    assert (len(page["data"]), page["has_more"]) == left
    assert page["total"] == 210


async def test_without_a_limit_fifty_come_and_a_cap_silently_gives_fewer(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    for number in range(60):
        world.add(task(number))
    assert len((await ask(client))["data"]) == 50
    api.page_cap = 20
    page = await ask(client, limit=200)
    assert (len(page["data"]), page["total"], page["has_more"]) == (20, 60, True)


async def test_tool_histories_make_a_page_weigh_half_a_megabyte(
    api: NeoApi, client: aiohttp.ClientSession, busy: World
) -> None:
    api.world = busy
    weights = {}
    for api.history_entries in (0, 30):
        async with client.get(PATH, params={"limit": 200}) as response:
            weights[api.history_entries] = len(await response.read())
    assert weights[0] < 250_000
    assert weights[30] > 500_000


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Api-Key": KEY}, 200),
        ({"Authorization": f"Bearer {KEY}"}, 200),
        ({"X-Api-Key": KEY, "Authorization": f"Bearer {KEY}"}, 200),
        ({}, 401),
        ({"X-Api-Key": KEY[:-1]}, 401),
        ({"X-Api-Key": ""}, 401),
        ({"Authorization": KEY}, 401),
        ({"Authorization": f"Basic {KEY}"}, 401),
        ({"X-Api-Key": KEY, "Authorization": "Bearer other"}, 401),
    ],
)
async def test_only_the_key_opens(
    client: aiohttp.ClientSession, conforms: Conforms, headers: dict[str, str], status: int
) -> None:
    client.headers.popall("X-Api-Key")
    async with client.get(PATH, headers=headers) as response:
        assert response.status == status
        if status == 401:
            conforms("ErrorResponse", body := await response.json())
            assert body["code"] == "unauthorized"
            assert body["message"] == f"{body['kind']}: {body['error']}"


async def test_a_member_who_is_no_admin_is_forbidden(
    api: NeoApi, client: aiohttp.ClientSession, conforms: Conforms
) -> None:
    api.tier = "member"
    async with client.get(PATH) as response:
        conforms("ErrorResponse", body := await response.json())
    assert (response.status, body["code"], body["kind"]) == (403, "forbidden", "forbidden request")


async def test_a_solo_user_sees_their_own_tasks_without_email(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    world.add(task(1, email="me@acme.example"))
    world.add(task(2, email="you@acme.example"))
    api.tier, api.owner = "solo", "me@acme.example"
    for query in ({}, {"email": "you@acme.example"}, {"search": "task-001"}):
        page = await ask(client, **query)
        assert [seen["task_id"] for seen in page["data"]] == ["task-001"]
        assert "email" not in page["data"][0]
    assert (await ask(client, search="me@"))["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [("GET", "/api/v1/tasks", 404, None), *((each, PATH, 405, "GET") for each in ("POST", "PUT", "DELETE", "PATCH"))],
)
async def test_there_is_nothing_else(
    client: aiohttp.ClientSession, conforms: Conforms, method: str, path: str, status: int, allowed: str | None
) -> None:
    async with client.request(method, path) as response:
        conforms("ErrorResponse", await response.json())
    assert response.status == status
    assert response.headers.get("Allow") == allowed


async def test_tasks_appear_as_time_goes(client: aiohttp.ClientSession, world: World, clock: SimClock) -> None:
    world.add(task(-1))
    assert (await ask(client))["total"] == 0
    clock.advance(DAY)
    assert (await ask(client))["total"] == 1


async def test_every_request_is_on_the_log(api: NeoApi, client: aiohttp.ClientSession) -> None:
    await ask(client, limit=7, search="a b")
    async with client.get("/elsewhere"):
        pass
    first, second = api.log
    assert (first.number, first.method, first.path) == (1, "GET", PATH)
    assert first.query == {"limit": "7", "search": "a b"}
    assert first.headers["x-api-key"] == KEY
    assert (second.number, second.path, second.query) == (2, "/elsewhere", {})


async def test_the_world_can_change_between_pages(api: NeoApi, client: aiohttp.ClientSession, world: World) -> None:
    api.before_response = lambda number: world.add(task(number))
    assert [(await ask(client))["total"] for _ in range(3)] == [0, 1, 2]


async def test_latency_is_waited_before_the_answer(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.latency_s = 30
    with pytest.raises(TimeoutError):
        await client.get(PATH, timeout=aiohttp.ClientTimeout(0.05))
    api.latency_s = 0
    await ask(client)
