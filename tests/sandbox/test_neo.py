"""The API answers as its page says: shape, rights, validation, filters and pages."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import aiohttp
import msgspec
import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.listing import Order
from bot.sandbox.neo import KEY, PATH, NeoApi
from bot.sandbox.world import START, Row, SimTask, Stream, World, row

Conforms = Callable[[str, object], None]
DAY = timedelta(days=1)


def z(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def ask(client: aiohttp.ClientSession, **query: str | int) -> Any:
    async with client.get(PATH, params=query) as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        return msgspec.json.decode(await response.read())


def task(number: int, **told: Any) -> SimTask:
    ended = START - number * DAY
    return SimTask.of(f"task-{number:03}", Stream(ended - DAY / 24, ended, Decimal(1)), **told)


@pytest.mark.parametrize("histories", [0, 3])
async def test_every_row_of_a_team_is_what_the_page_says(
    api: NeoApi, client: aiohttp.ClientSession, busy: World, conforms: Conforms, histories: int
) -> None:
    api.world, api.histories = busy, histories
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
    for api.histories in (0, 30):
        async with client.get(PATH, params={"limit": 200}) as response:
            weights[api.histories] = len(await response.read())
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
    ("name", "values"),
    [
        ("limit", ["0", "201", "-1", "", "ten", "1.0", "٣", "1e2", " 5", "9" * 5000]),
        ("offset", ["-1", "", "x", "1.5"]),
        ("status", ["", "done", "COMPLETED", "completed,error"]),
        (
            "from",
            [
                "",
                "yesterday",
                "2026-03-01",
                "2026-03-01T00:00:00",
                "2026-13-01T00:00:00Z",
                "2026-03-01T00:00:00 00:00",  # what a raw +00:00 decodes to
                "1772323200",
            ],
        ),
        ("to", ["", "2026-02-30T00:00:00Z", "2026-03-01T25:00:00Z"]),
        ("is_byok", ["", "yes", "True", "0"]),
    ],
)
async def test_malformed_parameters_are_named_in_a_400(
    client: aiohttp.ClientSession, conforms: Conforms, name: str, values: list[str]
) -> None:
    for value in values:
        async with client.get(PATH, params={name: value}) as response:
            conforms("ErrorResponse", body := await response.json())
        assert (response.status, body["code"]) == (400, "invalid_request"), value
        assert f"'{name}'" in body["error"]


@pytest.mark.parametrize(
    "moment", ["2026-03-01T00:00:00Z", "2026-03-01T01:00:00.123456789+01:00", "2026-02-28T16:00:00.5-08:00"]
)
async def test_any_offset_and_fraction_is_a_date_time(client: aiohttp.ClientSession, moment: str) -> None:
    assert (await ask(client, **{"from": moment, "to": moment}))["total"] == 0


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
    api.between = lambda number: world.add(task(number))
    assert [(await ask(client))["total"] for _ in range(3)] == [0, 1, 2]


async def test_latency_is_waited_before_the_answer(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.latency_s = 30
    with pytest.raises(TimeoutError):
        await client.get(PATH, timeout=aiohttp.ClientTimeout(0.05))
    api.latency_s = 0
    await ask(client)
