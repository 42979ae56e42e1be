"""Over HTTP the service leaves in order: not ready at once, answering for a while, then closed, and soon ended."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from bot.sandbox.slack.faults import Slow
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.replicas import status
from tests.support.slack_requests import as_form, command, posted, signed, stranger

LEAVING = "bot.service.service.LEAVING_SECONDS"
STOPPING = {"ok": False, "problems": {"service": "it is being stopped"}}


@asynccontextmanager
async def leaving(harness: ServiceHarness) -> AsyncIterator["asyncio.Task[None]"]:
    """Give the task in which the service leaves, as upon SIGTERM, and ends."""

    async def leave() -> None:
        await harness.service.leave()
        await harness.close()

    task = asyncio.create_task(leave())
    await asyncio.sleep(0)
    yield task
    async with asyncio.timeout(10):
        await task


async def ready(harness: ServiceHarness) -> httpx.Response:
    async with stranger() as client:
        return await client.get(f"http://127.0.0.1:{harness.service.port}/readyz")


@pytest.mark.slow
async def test_it_is_not_ready_at_once_and_takes_what_still_comes(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    assert (await ready(closed)).status_code == 200
    async with leaving(closed):
        answer = await ready(closed)
        assert (answer.status_code, answer.json()) == (503, STOPPING)
        assert visible_text(await closed.ask("hannah", "team")).startswith("The whole team")
    with pytest.raises(httpx.ConnectError):
        await ready(closed)


async def test_what_it_took_is_answered_before_it_ends(closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEAVING, 0.2)
    await closed.open(over_http=True)
    closed.slack.faults.on("hook", Slow(1.0, done=False))
    async with leaving(closed):
        assert (await closed.slack.command("priya", "neo-spend", "7d")).ok
    assert visible_text(closed.visible("priya")[0]).startswith("You")


async def test_a_request_that_is_half_here_when_it_closes_is_answered(
    closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LEAVING, 0.0)
    await closed.open(over_http=True)
    body = as_form(command(closed, "hannah", "team"))
    head = "".join(f"{name}: {value}\r\n" for name, value in signed(closed, body).items())
    reader, writer = await asyncio.open_connection("127.0.0.1", closed.service.port)
    writer.write(f"POST /slack/events HTTP/1.1\r\nHost: x\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode())
    await ready(closed)  # by then the head has arrived
    async with leaving(closed):
        while await status(closed.service.port, "/healthz") is not None:  # noqa: ASYNC110 - until it is closed
            await asyncio.sleep(0.01)
        writer.write(body)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
    assert visible_text(closed.visible("hannah")[-1]).startswith("The whole team")


async def test_whoever_sends_nothing_does_not_keep_it(closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LEAVING, 0.0)
    await closed.open(over_http=True)
    silent = [await asyncio.open_connection("127.0.0.1", closed.service.port) for _ in range(5)]
    async with leaving(closed):
        for reader, writer in silent:
            assert await reader.read() == b""  # to the end, which the bot makes
            writer.close()


@pytest.mark.slow
async def test_a_request_that_comes_after_the_end_was_announced_is_served_once(closed: ServiceHarness) -> None:
    await closed.open(over_http=True)
    body = as_form(command(closed, "hannah", "team"))
    headers = signed(closed, body)
    async with leaving(closed):
        assert [(await posted(closed, body, headers)).status_code for _ in range(2)] == [200, 401]
    assert len(closed.slack.calls("hook")) == 1


async def test_over_sockets_it_ends_at_once(closed: ServiceHarness) -> None:
    await closed.open()
    began = asyncio.get_running_loop().time()
    await closed.service.leave()
    assert asyncio.get_running_loop().time() - began < 1
    assert (await ready(closed)).json() == STOPPING
    await closed.close()
    assert len(closed.slack.sockets) == 0
