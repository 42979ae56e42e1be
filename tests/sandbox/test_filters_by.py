"""What `from` and `to` filter on is undocumented upstream; the three readings, case by case."""

from datetime import timedelta
from decimal import Decimal

import aiohttp
import pytest

from bot.sandbox.listing import FiltersBy
from bot.sandbox.neo import PATH, NeoApi
from bot.sandbox.world import START, SimTask, Stream, World

HOUR = timedelta(hours=1)
BORN = START - timedelta(days=2)  # the task; its streams start 1, 10 and 20 h later and cost 1, 2 and 4


def continued() -> SimTask:
    first, second, third = (BORN + hours * HOUR for hours in (1, 10, 20))
    return SimTask.of(
        "t",
        Stream(first, first + HOUR, Decimal(1), status="error"),
        Stream(second, second + HOUR, Decimal(2), status="completed"),
        Stream(third, third + HOUR, Decimal(4), status="aborted"),
        created_at=BORN,
    )


def z(hours: float) -> str:
    return (BORN + hours * HOUR).isoformat().replace("+00:00", "Z")


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
    api.world.add(continued())
    api.filters_by = filters_by
    window = {name: z(hours) for name, hours in zip(("from", "to"), within, strict=True) if hours is not None}
    async with client.get(PATH, params=window) as response:
        rows = (await response.json())["data"]
    seen = [(row["neo_credits"], row["stream_count"], row["status"]) for row in rows]
    assert seen == ([] if shown is None else [shown])
    assert all(row["created_at"] == z(0) for row in rows)


async def test_clipped_status_is_what_the_status_filter_sees(
    api: NeoApi, client: aiohttp.ClientSession, world: World
) -> None:
    world.add(continued())
    api.filters_by = "streams"
    async with client.get(PATH, params={"to": z(15), "status": "completed"}) as response:
        assert (await response.json())["total"] == 1
