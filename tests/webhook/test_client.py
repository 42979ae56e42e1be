"""The request of an event: encrypted, through a proxy where there is one, and never for long."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.outbox.receiver import Answer, Reply
from bot.sandbox.webhook import WebhookApi, WebhookFault, WebhookServer
from bot.webhook.client import WebhookClient
from tests.support.certificates import server_context

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def post(url: str, seconds: float = 10) -> Answer:
    return await WebhookClient(url, b"a secret of twenty-four b").post("evt_1", b"{}", NOW, seconds)


@asynccontextmanager
async def listening(context: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A port that takes whatever comes, and what came."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(65_536))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], came
    finally:
        server.close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_a_certificate_that_nobody_signed_gets_no_event_until_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "server.pem"
    async with listening(server_context(path)) as (port, came):
        answer = await post(f"https://localhost:{port}/in")
        assert answer.reply is Reply.UNAVAILABLE
        assert answer.why.startswith("the certificate is not trusted (self")
        assert b"".join(came) == b""
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        assert (await post(f"https://localhost:{port}/in")).reply is Reply.TAKEN
        assert came[-1].startswith(b"POST /in HTTP/1.1")


async def test_a_proxy_is_asked_for_other_machines_and_never_for_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as (proxy, came), listening() as (port, direct):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        await post("https://hooks.example.com/in?token=abc")
        assert came[0].startswith(b"CONNECT hooks.example.com:443 HTTP/1.1")
        assert b"abc" not in came[0]
        assert (await post(f"http://127.0.0.1:{port}/in")).reply is Reply.TAKEN
        assert (len(came), len(direct)) == (1, 1)


async def test_whoever_does_not_answer_in_time_is_left() -> None:
    async with WebhookServer(WebhookApi(lasting=WebhookFault(200, seconds=30))) as server:
        began = time.monotonic()
        assert await post(server.hook_url, 0.3) == Answer(Reply.UNAVAILABLE, "no answer in time")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://nobody.invalid/secret-token", "the name does not resolve"),
        ("http://127.0.0.1:9/secret-token", "nothing answers there (connection refused)"),
    ],
)
async def test_what_stands_in_the_way_is_named_without_the_address(url: str, why: str) -> None:
    assert await post(url) == Answer(Reply.UNAVAILABLE, why)


@pytest.mark.parametrize(
    ("status", "reply"),
    [
        (200, Reply.TAKEN), (202, Reply.TAKEN), (410, Reply.GONE), (400, Reply.REFUSED), (401, Reply.REFUSED),
        (404, Reply.REFUSED), (301, Reply.REFUSED), (408, Reply.UNAVAILABLE), (425, Reply.UNAVAILABLE),
        (429, Reply.UNAVAILABLE), (500, Reply.UNAVAILABLE), (503, Reply.UNAVAILABLE),
    ],
)  # fmt: skip
async def test_a_status_decides(status: int, reply: Reply) -> None:
    async with WebhookServer(WebhookApi(lasting=WebhookFault(status, {"Retry-After": "7"}))) as server:
        answer = await post(server.hook_url)
    assert answer.reply is reply
    assert answer.retry_after == (None if reply in {Reply.TAKEN, Reply.GONE} else 7.0)
