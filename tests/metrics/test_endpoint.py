"""The metrics' port: for this machine alone unless it is opened, and whatever is sent there harms nothing else."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.metrics import ON, address, scrape

GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01", b"GET /\x1b[2J HTTP/9.9\r\n\r\n", b"GET " + b"a" * 20_000,
    b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
)  # fmt: skip


@pytest.fixture
async def measured(closed: ServiceHarness) -> ServiceHarness:
    """A service with metrics."""
    closed.settings = dict(ON)
    await closed.open()
    return closed


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/metrics", {}, 200),
        ("HEAD", "/metrics", {}, 200),
        ("GET", "/metrics?name[]=up", {}, 200),
        ("POST", "/metrics", {}, 405),
        ("GET", "/", {}, 404),
        ("GET", "/healthz", {}, 404),
        ("POST", "/slack/events", {}, 404),
        ("GET", "/metrics", {"Host": "rebound.evil.example"}, 403),
        ("GET", "/metrics", {"Origin": "https://evil.example"}, 403),
        ("GET", "/metrics", {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
async def test_only_programs_of_this_machine_read_them(
    measured: ServiceHarness, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.request(method, address(measured).removesuffix("/metrics") + path, headers=headers)
    assert answer.status_code == status
    assert ("neo_usage_spend_usd" in answer.text) is (status == 200 and method == "GET")
    if status == 200:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_it_listens_on_the_loopback_alone_whatever_the_health_endpoints_do(closed: ServiceHarness) -> None:
    closed.settings = {**ON, "HTTP_HOST": "0.0.0.0"}  # noqa: S104 - that is what is tried
    await closed.open()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.2", closed.service.metrics_port)
    _, writer = await asyncio.open_connection("127.0.0.2", closed.service.port)
    writer.close()


async def test_with_a_host_it_listens_there_and_answers_to_addresses_but_to_no_name(closed: ServiceHarness) -> None:
    closed.settings = {**ON, "METRICS_HOST": "0.0.0.0"}  # noqa: S104 - that is what is tried
    await closed.open()
    statuses = {"10.2.3.4:9464": 200, "localhost": 200, "0.0.0.0:9464": 200, "neo-usage:9464": 403, "evil.example": 403}
    async with httpx.AsyncClient(trust_env=False) as client:
        for host, status in statuses.items():
            url = f"http://127.0.0.2:{closed.service.metrics_port}/metrics"
            assert (await client.get(url, headers={"Host": host})).status_code == status, host


@pytest.mark.slow
async def test_those_who_scrape_at_once_share_one_look_at_the_ledger(
    measured: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured.hold_jobs()  # which look at the ledger, too
    looks = 0
    read = measured.service.database.read

    async def counted(*arguments: object) -> object:
        nonlocal looks
        looks += 1
        return await read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(measured.service.database, "read", counted)
    await asyncio.gather(*(scrape(measured) for _ in range(30)))
    assert looks < 15


async def test_what_is_slow_huge_or_no_http_harms_nobody_else(measured: ServiceHarness) -> None:
    port = measured.service.metrics_port
    slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
    for _, writer in slow:
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-A: ")
    for each in GARBAGE:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(each)
        writer.close()
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.request("GET", address(measured), content=_endless())
    async with asyncio.timeout(15):
        assert "neo_usage_build_info" in (await scrape(measured)).text
        assert visible_text(await measured.ask("hannah", "team today")).startswith("The whole team")
    for _, writer in slow:
        writer.close()


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield b"x" * 10_000


async def test_half_a_request_is_not_waited_for(closed: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.http_server.TIMEOUT_SECONDS", 0.3)
    closed.settings = dict(ON)
    await closed.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", closed.service.metrics_port)
    writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-A: ")
    async with asyncio.timeout(8):
        assert await reader.read() == b""  # to the end, which the bot makes
    writer.close()


async def test_a_database_that_does_not_answer_keeps_no_scrape_waiting(
    measured: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("bot.metrics.exporter.READ_SECONDS", 0.1)
    monkeypatch.setattr(measured.service.database, "read", never)
    async with asyncio.timeout(10):
        assert (await scrape(measured))("database_readable") == 0
