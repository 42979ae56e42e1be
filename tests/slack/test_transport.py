"""The transport: a token and a message go to Slack and nobody else, whatever an answer or the environment says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientTimeout, web

from bot.neo.client import QueryWindow, RetryPolicy, connect
from bot.neo.errors import NeoError
from bot.sandbox.world import START
from bot.slack.account import Account
from bot.slack.blocks import Message
from bot.slack.errors import (
    ForeignAddressError,
    NotConnectedError,
    RateLimitedError,
    SlackError,
    SlackUnavailableError,
)
from bot.slack.responders import ResponseUrlResponder
from bot.slack.transport import slack_session
from bot.slack.workspace import Workspace, connect_workspace

HURRIED = RetryPolicy(answer=1, connect=1, deadline=0.1, first_wait=0.01)
YES = {"ok": True, "ts": "1", "team_id": "T1", "user_id": "U1", "bot_id": "B1"}
TOKEN, SPEND = "xoxb-secret", "spend of ana is $500"


@dataclass
class Listening:
    """A server that gives `answer`, and keeps what it received."""

    url: str = ""
    heard: list[str] = field(default_factory=list)
    answer: Callable[[web.Request], web.Response] = field(default=lambda _: web.json_response({"ok": True, "ts": "1"}))

    async def handle(self, request: web.Request) -> web.Response:
        head = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
        self.heard.append(f"{request.method} {request.path_qs}\n{head}\n{await request.text()}")
        return self.answer(request)


def answering(_: web.Request, **given: Any) -> web.Response:
    return web.Response(**given)


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    made = Listening()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield made
    finally:
        await runner.cleanup()


@asynccontextmanager
async def proxy() -> AsyncIterator[Listening]:
    """A proxy that keeps the first bytes it receives, and opens no tunnel."""
    made = Listening()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.heard.append((await reader.read(8_000)).decode(errors="replace"))
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield made


def requests(workspace: Workspace, base: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """Each kind of request to Slack, by its name."""
    return {
        "post": lambda: workspace.messages.post("C1", Message(SPEND)),
        "deliver": lambda: workspace.messages.post_notification("C1", Message(SPEND), "key"),
        "read": workspace.identify,
        "hook": lambda: ResponseUrlResponder(workspace, f"{base}/hooks/x", "U1").share(Message(SPEND)),
        "upload": lambda: workspace.messages.upload_file("C1", "x.csv", SPEND, "x"),
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed_with_a_token_or_a_message(status: int) -> None:
    async with (
        listening() as elsewhere,
        listening() as slack,
        connect_workspace(TOKEN, f"{slack.url}/api/") as workspace,
    ):
        for place in (f"{elsewhere.url}/x", f"{slack.url}/other", "https://slack.com/x"):
            slack.answer = partial(answering, status=status, headers={"Location": place})
            for what, request in requests(workspace, slack.url).items():
                before = len(slack.heard)
                with pytest.raises(SlackUnavailableError, match="redirect"):
                    await request()
                assert len(slack.heard) == before + 1, what
        assert elsewhere.heard == []


async def test_slack_cannot_name_another_host_for_an_upload() -> None:
    async with (
        listening() as elsewhere,
        listening() as slack,
        connect_workspace(TOKEN, f"{slack.url}/api/") as workspace,
    ):
        named = {"ok": True, "upload_url": f"{elsewhere.url}/upload", "file_id": "F1"}
        slack.answer = lambda _: web.json_response(named)
        with pytest.raises(SlackUnavailableError, match="not its own"):
            await workspace.messages.upload_file("C1", "x.csv", SPEND, "x")
        assert elsewhere.heard == []


@pytest.mark.parametrize(
    "names", [("HTTPS_PROXY",), ("HTTP_PROXY", "ALL_PROXY"), ("https_proxy", "http_proxy", "all_proxy")]
)
async def test_what_stays_on_this_machine_goes_through_no_proxy(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    async with proxy() as between, listening() as slack:
        for name in names:
            monkeypatch.setenv(name, between.url)
        async with connect_workspace(TOKEN, f"{slack.url}/api/") as workspace:
            slack.answer = lambda _: web.json_response(YES)
            for request in list(requests(workspace, slack.url).values())[:4]:
                await request()
        for scheme in ("http", "https"):
            with pytest.raises(NeoError):
                async with connect(f"{scheme}://127.0.0.1:1", {"X-Api-Key": "neo_sk_x"}, HURRIED) as neo:
                    await neo.page(QueryWindow(None, START), limit=20, offset=0)
        assert between.heard == []
        assert len(slack.heard) == 4


async def test_a_proxy_is_asked_for_a_tunnel_and_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with proxy() as between:
        monkeypatch.setenv("HTTPS_PROXY", between.url)
        monkeypatch.setenv("HTTP_PROXY", between.url)
        async with connect_workspace(TOKEN, "https://slack.acme.invalid/api/") as workspace:
            for request in list(requests(workspace, "https://slack.acme.invalid").values())[1:4]:
                with pytest.raises(SlackUnavailableError):
                    await request()
        assert between.heard
        for heard in between.heard:
            assert heard.startswith("CONNECT slack.acme.invalid:443 ")
            assert TOKEN not in heard
            assert SPEND not in heard


# --- answers that make no sense ------------------------------------------------------------------

BODIES: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"[1]", b'"x"', b"3", b"true", b"{}", b'{"ok":tru', b"<html>", b"\xff\xfe\x00", b'{"ok":null}',
    b'{"ok":true}',
    b'{"ok":false}', b'{"ok":false,"error":null}', b'{"ok":false,"error":["x"]}', b'{"ok":"yes","ts":3}',
    b'{"ok":false,"error":{"x":1}}', b'{"ok":false,"error":"","needed":[]}', b"[" * 50_000, b'{"ok":true,"user":[1]}',
    b'{"ok":true,"members":{"id":3},"messages":7,"channels":"x","user":"x","channel":4,"ts":[],"response_metadata":[1]}',
    b'{"ok":true,"members":[null,3,{}],"messages":[null,[]],"channels":[5],"user":{},"channel":{"id":[]},"team_id":7}',
    b'{"ok":true,"response_metadata":{"next_cursor":9},"messages":[{"metadata":[1]}],"members":[{"id":1}],"channels":[]}',
    json.dumps({"ok": False, "error": "x" * 10_000}).encode(), b'{"ok":false,"error":"a\\u001b[2Jb"}',
)  # fmt: skip
KINDS = ("application/json", "text/plain", "text/html", "application/gzip", "")


async def everything(workspace: Workspace, base: str) -> AsyncIterator[Awaitable[object]]:
    """Every method of the workspace that asks Slack."""

    async def all_of(listed: AsyncIterator[Any]) -> list[Any]:
        return [each async for each in listed]

    for request in requests(workspace, base).values():
        yield request()
    yield all_of(workspace.users.everybody())
    yield all_of(workspace.channels.visible())
    yield workspace.users.by_id("U1")
    yield workspace.users.by_email("ana@acme.example")
    yield workspace.channels.by_id("C1")
    yield workspace.channels.find("#x")
    yield workspace.channels.open_dm("U1")
    yield workspace.views.open_form("1.1", {})
    yield workspace.views.publish_home("U1", Message(SPEND))
    yield workspace.messages.post_ephemeral("C1", "U1", Message(SPEND))
    yield workspace.messages.edit("C1", "1", Message(SPEND), "key")
    yield workspace.messages.delete("C1", "1")
    yield workspace.history.messages_with_key("C1", "key", 0)
    yield workspace.history.messages_with_key("C1", "key", 0, "1")
    yield workspace.history.threads("C1", 0)
    yield workspace.history.check_readable("C1")
    yield workspace.users.page()


@pytest.mark.slow
@pytest.mark.parametrize("status", [200, 404, 503])
async def test_whatever_slacks_address_answers_nothing_but_a_slack_error_is_raised(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_: float) -> None:
        """For the SDK's waits between its tries."""

    monkeypatch.setattr("slack_sdk.http_retry.async_handler.asyncio.sleep", at_once)
    said = set()
    async with listening() as slack, connect_workspace(TOKEN, f"{slack.url}/api/") as workspace:
        for kind in KINDS if status == 200 else KINDS[:1]:
            for body in BODIES:
                slack.answer = partial(answering, status=status, body=body, headers={"Content-Type": kind})
                async for call in everything(workspace, slack.url):
                    try:
                        await call
                    except SlackError as error:
                        said.add(str(error))
    assert said
    assert not [each for each in said if "\x1b" in each or len(each) > 300]


@pytest.mark.parametrize("after", ["-1", "x", "1e9", "\u00b2", "", "99999999999999999999"])
async def test_an_odd_wait_that_slack_asks_for_is_a_limit_all_the_same(after: str) -> None:
    async with listening() as slack, connect_workspace(TOKEN, f"{slack.url}/api/") as workspace:
        slack.answer = lambda _: web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": after}
        )
        with pytest.raises(RateLimitedError) as limited:
            await workspace.messages.post_notification("C1", Message(SPEND), "key")
        assert 0 < limited.value.seconds <= 86_400


async def test_the_bots_identity_is_known_once_slack_has_answered() -> None:
    async with listening() as slack, connect_workspace(TOKEN, f"{slack.url}/api/") as workspace:
        with pytest.raises(NotConnectedError, match=r"^Slack has not answered yet$"):
            _ = workspace.identity
        headers = {"X-OAuth-Scopes": "chat:write, im:write", "Date": "Mon, 02 Mar 2026 09:00:00 GMT"}
        slack.answer = lambda _: web.json_response(YES, headers=headers)
        account = Account("T1", None, "U1", "B1", frozenset({"chat:write", "im:write"}), START)
        assert await workspace.identify() == account
        assert workspace.identity == account


async def test_who_has_an_address_is_asked_of_slack() -> None:
    async with listening() as slack, connect_workspace(TOKEN, f"{slack.url}/api/") as workspace:
        slack.answer = lambda _: web.json_response({"ok": True, "user": {"id": "U1"}})
        assert (await workspace.users.by_email("priya+neo@acme.example"))["id"] == "U1"  # type: ignore[index]
    assert "priya" in slack.heard[0]


async def test_a_name_before_a_foreign_host_is_no_address_of_slacks() -> None:
    async with listening() as elsewhere, slack_session("https://slack.com/api/", ClientTimeout(total=2)) as over:
        port = elsewhere.url.rpartition(":")[2]
        for url in (f"http://slack.com@127.0.0.1:{port}/x", f"http://127.0.0.1:{port}/@slack.com?@slack.com"):
            with pytest.raises(ForeignAddressError):
                await over.get(url)
    assert elsewhere.heard == []
