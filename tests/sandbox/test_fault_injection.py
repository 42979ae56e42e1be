"""Every fault does on the wire what it says, and nothing more."""

import asyncio
import json
import time
from collections.abc import Callable
from decimal import Decimal
from math import isnan

import aiohttp
import msgspec
import pytest

from bot.sandbox.faults import (
    Body,
    Duplicate,
    Fault,
    Hang,
    Html,
    Mangle,
    Redirect,
    Reset,
    Slow,
    Status,
    Total,
    Truncated,
)
from bot.sandbox.neo import PATH, NeoApi
from bot.sandbox.world import START, Row, SimTask, Stream, World
from tests.support.sandbox import HOUR, Conforms


@pytest.fixture
def world() -> World:
    """Three tasks, `t0` the newest."""
    world = World.empty()
    for number in range(3):
        begun = START - (number + 2) * HOUR
        world.add(SimTask.of(f"t{number}", Stream(begun, begun + HOUR, Decimal("0.5"))))
    return world


async def rows(client: aiohttp.ClientSession) -> list[Row]:
    async with client.get(PATH) as response:
        found: list[Row] = (await response.json())["data"]
    return found


async def status(client: aiohttp.ClientSession) -> int:
    async with client.get(PATH) as response:
        return response.status


@pytest.mark.parametrize("code", [400, 401, 403, 404, 408, 413, 422, 429, 500, 503, 504])
async def test_a_status_comes_with_an_error_body(
    api: NeoApi, client: aiohttp.ClientSession, conforms: Conforms, code: int
) -> None:
    api.faults.push(Status(code))
    async with client.get(PATH) as response:
        conforms("ErrorResponse", body := await response.json())
    assert response.status == code
    assert body["code"]
    assert body["error_id"]
    assert "Retry-After" not in response.headers
    assert len(await rows(client)) == 3


async def test_a_status_can_carry_a_domain_code(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(Status(403, "user_spending_cap_reached", detail="cap reached"))
    async with client.get(PATH) as response:
        body = await response.json()
    assert (body["code"], body["error"]) == ("user_spending_cap_reached", "cap reached")


@pytest.mark.parametrize(("retry_after", "header"), [(7, "7"), (0, "0"), (START, "Mon, 02 Mar 2026 09:00:00 GMT")])
async def test_retry_after_is_seconds_or_a_date(
    api: NeoApi, client: aiohttp.ClientSession, retry_after: int, header: str
) -> None:
    api.faults.push(Status(429, retry_after=retry_after))
    async with client.get(PATH) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, header)


@pytest.mark.parametrize("code", [502, 200])
async def test_html_may_come_instead(api: NeoApi, client: aiohttp.ClientSession, code: int) -> None:
    api.faults.push(Html(code))
    async with client.get(PATH) as response:
        assert (response.status, response.content_type) == (code, "text/html")
        assert (await response.text()).startswith("<html>")


async def test_json_may_break_off_in_a_complete_response(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(None, Truncated())
    whole, half = [await (await client.get(PATH)).read() for _ in range(2)]
    assert whole.startswith(half)
    assert len(half) == len(whole) // 2
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(half)


@pytest.mark.parametrize("body", [b'{"data": null}', b"[]", b"", b"null"])
async def test_a_body_may_be_anything(api: NeoApi, client: aiohttp.ClientSession, body: bytes) -> None:
    api.faults.push(Body(body))
    async with client.get(PATH) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        assert await response.read() == body


async def test_a_redirect_points_where_it_is_told(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(Redirect("https://elsewhere.example/login"))
    async with client.get(PATH, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "https://elsewhere.example/login")


async def test_a_hang_ends_when_the_client_leaves(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(Hang())
    with pytest.raises(TimeoutError):
        await client.get(PATH, timeout=aiohttp.ClientTimeout(0.05))
    assert len(await rows(client)) == 3


async def test_a_reset_comes_before_any_header(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.always = Reset()
    with pytest.raises(aiohttp.ClientOSError, match="reset"):
        await client.get(PATH)


async def test_a_reset_may_come_in_the_middle_of_the_body(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.always = Reset(mid_body=True)
    response = await client.get(PATH)
    assert response.status == 200
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()


async def test_a_slow_body_comes_whole_in_its_time(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(Slow(seconds=0.1, pieces=4))
    begun = time.perf_counter()
    assert len(await rows(client)) == 3
    assert time.perf_counter() - begun >= 0.1


@pytest.mark.parametrize("lie", [5000, lambda total: total + 4997])
async def test_a_total_may_lie(api: NeoApi, client: aiohttp.ClientSession, lie: int | Callable[[int], int]) -> None:
    api.faults.push(Total(lie))
    async with client.get(PATH) as response:
        page = await response.json()
    assert (page["total"], page["has_more"], len(page["data"])) == (5000, False, 3)


async def test_rows_may_come_twice(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.push(Duplicate(2))
    assert [seen["task_id"] for seen in await rows(client)] == ["t0", "t1", "t2", "t0", "t1"]


async def test_rows_may_be_edited_in_place_or_replaced(api: NeoApi, client: aiohttp.ClientSession) -> None:
    def spoil(page: list[Row]) -> None:
        page[0]["stream_id"] = "00000000-0000-4000-8000-000000000000"
        page[1]["neo_credits"] = -3
        del page[2]["created_at"]

    api.faults.push(Mangle(spoil), Mangle(lambda page: [*page[1:], {}]))
    spoiled, replaced, whole = [await rows(client) for _ in range(3)]
    assert "stream_id" in spoiled[0]
    assert spoiled[1]["neo_credits"] == -3
    assert "created_at" not in spoiled[2]
    assert [seen.get("task_id") for seen in replaced] == ["t1", "t2", None]
    assert all(seen["neo_credits"] == 0.5 and "created_at" in seen for seen in whole)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("nan"), "NaN"),
        (Decimal("NaN"), "NaN"),
        (float("-inf"), "-Infinity"),
        (msgspec.Raw(b"1e999"), "1e999"),
        (Decimal("0E-40"), "0E-40"),
    ],
)
async def test_impossible_numbers_reach_the_wire(
    api: NeoApi, client: aiohttp.ClientSession, value: object, text: str
) -> None:
    api.faults.push(Mangle(lambda page: [page[0] | {"neo_credits": value}]))
    async with client.get(PATH) as response:
        assert f'"neo_credits":{text},' in await response.text()


async def test_amounts_that_are_not_numbers_reach_the_wire_without_a_fault(
    client: aiohttp.ClientSession, world: World
) -> None:
    world.restate("t1", Decimal("NaN"))
    async with client.get(PATH) as response:
        page = json.loads(await response.text())
    assert [isnan(seen["neo_credits"]) for seen in page["data"]] == [False, True, False]


async def test_the_queue_is_used_up_then_rules_apply_then_always(api: NeoApi, client: aiohttp.ClientSession) -> None:
    api.faults.always = Status(500)
    api.faults.when(lambda request: Status(503) if request.number == 4 else None)
    api.faults.when(lambda request: Status(504) if "offset" in request.query else None)
    api.faults.push(Status(429), None)
    assert [await status(client) for _ in range(4)] == [429, 200, 500, 503]
    async with client.get(PATH, params={"offset": 0}) as response:
        assert response.status == 504
    api.faults.clear()
    assert await status(client) == 200


@pytest.mark.parametrize("fault", [Total(9), Duplicate(), Mangle(lambda _: []), Truncated(1), Slow(0)])
async def test_what_edits_a_page_leaves_a_refusal_alone(
    api: NeoApi, client: aiohttp.ClientSession, conforms: Conforms, fault: Fault
) -> None:
    api.tier = "member"
    api.faults.push(fault)
    async with client.get(PATH) as response:
        assert response.status == 403
        conforms("ErrorResponse", await response.json())


async def test_faulty_requests_do_not_disturb_others(api: NeoApi, client: aiohttp.ClientSession) -> None:
    arrived = asyncio.Event()
    api.before_response = lambda _: arrived.set()
    api.faults.push(Hang(), Reset(), Reset(), Status(503))  # the client tries a dropped GET once more
    hanging = asyncio.create_task(client.get(PATH))
    await arrived.wait()
    with pytest.raises(aiohttp.ClientOSError, match="reset"):
        await client.get(PATH)
    assert await status(client) == 503
    assert len(await rows(client)) == 3
    assert not hanging.done()
    hanging.cancel()
    await asyncio.wait([hanging])
