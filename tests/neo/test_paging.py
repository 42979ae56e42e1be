"""Paging: a sweep ends where the list does, and is whole only if everything that was said of it agrees."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import httpx
import pytest

from bot.neo.client import NeoClient, QueryWindow, RetryPolicy
from bot.neo.errors import TooLongError
from bot.neo.paging import Sweep

END = datetime(2026, 11, 24, tzinfo=UTC)
Rows = list[Any]
Lister = Callable[[int, int], tuple[Rows, object, object] | int]


def row(name: str) -> dict[str, Any]:
    counts = {"step_count": 0, "tool_calls": 0, "agent_triggers": 0}
    return {"task_id": name, "model": "m", "status": "completed", "created_at": "2026-11-20T09:00:00Z", **counts}


async def swept(lister: Lister) -> tuple[Sweep, int]:
    """A sweep of what the lister gives for an offset and a limit (a page, or a status), and how often it was asked."""
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        found = lister(int(request.url.params["offset"]), int(request.url.params["limit"]))
        if isinstance(found, int):
            return httpx.Response(found, json={"code": "invalid_request"})
        data, total, has_more = found
        return httpx.Response(200, content=json.dumps({"data": data, "total": total, "has_more": has_more}))

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(base_url="http://neo.test", transport=transport) as http:
        sweep = Sweep(NeoClient(http, RetryPolicy(first_wait=0.01)), QueryWindow(None, END), 20)
        async for _ in sweep.pages_after(await sweep.first()):
            pass
    return sweep, asked


def listing(names: Rows, total: int, *, has_more: object = None) -> Lister:
    """A list that pages truly, but for its total and perhaps `has_more`."""

    def page(offset: int, limit: int) -> tuple[Rows, object, object]:
        more = offset + limit < len(names) if has_more is None else has_more
        return names[offset : offset + limit], total, more

    return page


FIFTY = [row(f"t{number}") for number in range(50)]


@pytest.mark.parametrize(
    ("total", "has_more", "whole", "pages"),
    [
        (50, None, True, 3),
        (50, True, True, 4),  # the page after the last is empty, which proves the end
        (50, False, True, 3),
        (40, None, False, 3),
        (20, None, False, 3),
        (0, None, False, 3),
        (0, False, False, 1),  # nothing says that others follow
        (51, None, False, 3),
        (60, None, False, 3),
        (70, None, False, 4),
    ],
)
async def test_a_sweep_reads_to_the_end_and_is_whole_if_all_agrees(
    total: int, has_more: object, whole: object, pages: int
) -> None:
    sweep, asked = await swept(listing(FIFTY, total, has_more=has_more))
    assert (sweep.is_whole, asked) == (whole, pages)
    assert sweep.rows == (50 if pages > 1 else 20)


@pytest.mark.slow
async def test_a_list_that_never_ends_is_given_up() -> None:
    numbers = count()
    sweep, asked = await swept(lambda _, limit: ([row(f"t{next(numbers)}") for _ in range(limit)], 100, True))
    assert not sweep.is_whole
    assert asked < 600


async def test_a_list_that_begins_again_for_every_offset_is_given_up_at_once() -> None:
    sweep, asked = await swept(lambda _, limit: (FIFTY[:limit], 10, True))
    assert not sweep.is_whole
    assert asked < 20


async def test_a_list_that_is_refused_from_an_offset_on_is_too_deep() -> None:
    whole = listing(FIFTY, 50)
    for status in (400, 404, 413, 422):
        with pytest.raises(TooLongError, match=rf"beyond the first 40: .*{status}"):
            await swept(lambda offset, limit, status=status: status if offset >= 40 else whole(offset, limit))  # type: ignore[misc]


@pytest.mark.parametrize("bad", [[None, None], [{}, {}], [{"task_id": ""}] * 3, [5, 5, 6]], ids=repr)
async def test_equal_rows_without_an_id_are_different_rows(bad: Rows) -> None:
    rows = [*FIFTY[:7], *bad]
    sweep, _ = await swept(listing(rows, len(rows)))
    assert sweep.is_whole
