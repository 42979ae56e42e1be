"""Connections to Neo: what stands in the way is called by its name with the mend, and a lying body is bounded."""

import asyncio
import gzip
import json
import os
import ssl
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App
from bot.neo.client import QueryWindow, RetryPolicy, connect
from bot.neo.errors import GarbledError, NeoError, ObstructedError, OversizedError, TooLargeError, UnavailableError
from bot.neo.unavailable import reason
from bot.sandbox.world import START
from tests.support.certificates import server_context
from tests.support.fixtures import HURRIED, Wire

SUMMARIZED = RetryPolicy(summary=0.4)
WINDOW = QueryWindow(START - timedelta(days=7), START)
EMPTY = json.dumps({"data": [], "total": 0, "has_more": False}).encode()

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def saying(*parts: bytes) -> Answer:
    """These bytes, and the end of the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.writelines(parts)
        await writer.drain()

    return answer


async def silence(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


def http(body: bytes, status: str = "200 OK", **headers: str) -> Answer:
    head = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in head.items() if value)]
    return saying("\r\n".join([*lines, "", ""]).encode(), body)


@asynccontextmanager
async def listening(answer: Answer, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A port that gives one answer to whoever says something."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await reader.read(4096):
                await answer(writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
def untrusted(tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path / "server.pem")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def patient(app: App) -> App:
    """The app, waiting long enough for one answer, however busy the machine is."""
    return replace(app, retry_policy=replace(HURRIED, answer=10, connect=10))


async def failure(app: App) -> NeoError:
    """What a sync ends with."""
    with pytest.raises(NeoError) as raised:
        async with asyncio.timeout(20):
            await app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None)
    assert "\n" not in str(raised.value)
    assert app.settings.neo_credential()["X-Api-Key"] not in str(raised.value)
    return raised.value


# --- no connection -------------------------------------------------------------------------------


async def test_a_certificate_that_nobody_trusts_is_called_that(wire: Wire, untrusted: ssl.SSLContext) -> None:
    async with listening(http(EMPTY), untrusted) as port:
        error = await failure(patient(wire(NEO_API_URL=f"https://localhost:{port}")))
    assert isinstance(error, ObstructedError)
    assert "the certificate is not trusted (" in str(error)
    assert "SSL_CERT_FILE" in str(error)


async def test_a_port_without_tls_is_called_that(wire: Wire) -> None:
    async with listening(http(b"", "400 Bad Request")) as port:
        error = await failure(patient(wire(NEO_API_URL=f"https://127.0.0.1:{port}")))
    assert "the port does not speak TLS" in str(error)


async def test_a_name_that_does_not_resolve_is_called_that(wire: Wire) -> None:
    longer_than_a_name_can_be = "n" * 70  # so that nobody is asked
    error = await failure(patient(wire(NEO_API_URL=f"https://{longer_than_a_name_can_be}.invalid")))
    assert isinstance(error, UnavailableError)
    assert "the name does not resolve. Check the address" in str(error)


async def test_a_port_where_nobody_listens_is_called_that(wire: Wire) -> None:
    async with listening(silence) as port:
        pass
    for scheme in ("http", "https"):
        error = await failure(patient(wire(NEO_API_URL=f"{scheme}://127.0.0.1:{port}")))
        assert "nothing answers there (connection refused)" in str(error)


async def test_a_handshake_that_never_ends_is_no_connection_in_time(wire: Wire) -> None:
    async with listening(silence) as port:
        app = replace(
            wire(NEO_API_URL=f"https://127.0.0.1:{port}"), retry_policy=replace(HURRIED, answer=5, connect=0.2)
        )
        error = await failure(app)
    assert "no connection came about in time" in str(error)


@pytest.mark.parametrize(
    ("status", "what"),
    [
        ("407 Proxy Authentication Required", "the proxy wants a user name and password (407)"),
        ("503 Service Unavailable", "the proxy does not connect (503)"),
    ],
)
async def test_a_proxy_that_does_not_let_through_is_called_that(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, status: str, what: str
) -> None:
    async with listening(http(b"", status)) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        error = await failure(patient(wire(NEO_API_URL="https://neo.example")))
    assert what in str(error)
    assert "HTTPS_PROXY" in str(error)


# --- bodies that lie -----------------------------------------------------------------------------

LIES: Mapping[str, tuple[Answer, type[NeoError]]] = {
    "a body that is folded twice": (
        http(gzip.compress(gzip.compress(EMPTY)), Content_Encoding="gzip, gzip"),
        GarbledError,
    ),
    "a compression that was not asked for": (http(EMPTY, Content_Encoding="zstd"), GarbledError),
    "a compression that it is not": (http(EMPTY, Content_Encoding="gzip"), GarbledError),
    "a compressed body that is cut": (http(gzip.compress(EMPTY)[:20], Content_Encoding="gzip"), GarbledError),
    "less than announced": (http(EMPTY, Content_Length="500"), UnavailableError),
    "two lengths": (http(EMPTY, Content_Length=f"{len(EMPTY)}\r\nContent-Length: 7"), UnavailableError),
    "no HTTP": (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), UnavailableError),
    "endless headers": (saying(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 2**20), UnavailableError),
    "a page for people": (http(b"<!doctype html><title>Sign in</title>", Content_Type="text/html"), GarbledError),
    "nothing": (saying(), UnavailableError),
}


@pytest.mark.slow
async def test_a_body_that_lies_is_one_sentence(wire: Wire) -> None:
    for what, (answer, kind) in LIES.items():
        async with listening(answer) as port:
            error = await failure(patient(wire(NEO_API_URL=f"http://127.0.0.1:{port}")))
        assert type(error) is kind, what


@pytest.mark.slow
async def test_a_body_that_unfolds_to_more_than_fits_is_given_up(wire: Wire) -> None:
    bomb = gzip.compress(bytes(66 * 2**20), compresslevel=1)
    async with listening(http(bomb, Content_Encoding="gzip")) as port:
        error = await failure(patient(wire(NEO_API_URL=f"http://127.0.0.1:{port}")))
    assert type(error) is OversizedError
    assert "larger than 64 MB" in str(error)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b" " * 0x1000 + b"\r\n")
        await writer.drain()
        await asyncio.sleep(0.001)


async def test_a_body_without_an_end_is_given_up(wire: Wire) -> None:
    async with listening(endless) as port:
        app = wire(NEO_API_URL=f"http://127.0.0.1:{port}")
        error = await failure(replace(app, retry_policy=replace(HURRIED, answer=0.4)))
    assert type(error) is TooLargeError


async def test_what_was_asked_for_is_understood(wire: Wire) -> None:
    bodies = {"gzip": gzip.compress(EMPTY), "deflate": zlib.compress(EMPTY), "identity": EMPTY, "": EMPTY}
    for encoding, body in bodies.items():
        async with listening(http(body, Content_Encoding=encoding, Connection="close")) as port:
            app = patient(wire(NEO_API_URL=f"http://127.0.0.1:{port}"))
            assert (await app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None)).complete, encoding


# --- the doctor ----------------------------------------------------------------------------------


@pytest.mark.slow
async def test_the_doctor_goes_on_after_each_of_them(tmp_path: Path, untrusted: ssl.SSLContext) -> None:
    async with listening(http(EMPTY), untrusted) as port:
        settings = {
            "NEO_API_URL": f"https://localhost:{port}",
            "NEO_API_KEY": "neo_sk_" + "x" * 32,
            "SLACK_API_URL": f"https://localhost:{port}/api/",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "ADMINS": "U0123ABCD",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
        doctor = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "doctor", cwd=tmp_path, env=kept | settings,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said = (await doctor.communicate())[0].decode()
    assert doctor.returncode == 1
    words = " ".join(said.split())
    for what in ("neo ", "slack bot token", "slack app token"):
        assert what in words
    assert words.count("the certificate is not trusted") == 3
    assert words.count("set SSL_CERT_FILE to its file") == 3
    assert "Traceback" not in said


@pytest.mark.slow
async def test_the_doctor_goes_on_after_a_setting_that_no_client_can_use(tmp_path: Path) -> None:
    async with listening(silence) as port:
        pass
    settings = {
        "NEO_API_URL": "https://neo.invalid",
        "NEO_API_KEY": "neo_sk_" + "x" * 32,
        "SSL_CERT_FILE": str(tmp_path / "missing.pem"),
        "SLACK_API_URL": f"http://127.0.0.1:{port}/api/",
        "SLACK_BOT_TOKEN": "xoxb-1",
        "ADMINS": "U0123ABCD",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
    doctor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", cwd=tmp_path, env=kept | settings,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    words = " ".join((await doctor.communicate())[0].decode().split())
    assert "no connection can be set up" in words
    assert "cannot reach Slack: nothing answers there (connection refused)" in words
    assert "Traceback" not in words


# --- the summary ---------------------------------------------------------------------------------


async def summary_failure(answer: Answer) -> NeoError:
    """What asking for a summary ends with."""
    async with listening(answer) as port, connect(f"http://127.0.0.1:{port}", {}, SUMMARIZED) as client:
        with pytest.raises(NeoError) as raised:
            await client.summary(WINDOW, by_day=True)
    return raised.value


ROW = b'{"email": "p%07d@acme.example", "neo_credits": 0.1, "tasks": 1}'
MANY = b'{"total_neo_credits": 1, "total_tasks": 1, "by_period": [], "by_email": [%s]}'


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_a_summary_that_is_larger_than_any_team_needs_is_not_decoded(encoding: str) -> None:
    body = MANY % b",".join(ROW % number for number in range(70_000))
    sent = gzip.compress(body, compresslevel=1) if encoding else body
    error = await summary_failure(http(sent, Content_Encoding=encoding))
    assert type(error) is OversizedError
    assert reason(error) == "Neo's answer is too large"
    assert "larger than 4 MB" in str(error)


async def test_a_summary_without_an_end_is_given_up() -> None:
    assert type(await summary_failure(endless)) is TooLargeError


# --- what a request costs ------------------------------------------------------------------------


class Searches:
    """The names of the modules that the interpreter searches the disk for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, *_: object) -> None:
        """Note a name, and leave the search to the others."""
        self.names.append(name)


async def test_only_the_first_request_searches_for_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = Searches()
    async with listening(http(EMPTY)) as port, connect(f"http://127.0.0.1:{port}", {"X-Api-Key": "key"}) as client:
        await client.page(WINDOW, limit=200, offset=0)
        monkeypatch.setattr(sys, "meta_path", [searches, *sys.meta_path])
        await client.page(WINDOW, limit=200, offset=0)
    assert searches.names == []
