"""Socket Mode on the wire: tickets, one connection for each payload, disconnects, silence."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from tests.support.sandbox import SPEND

Socket = aiohttp.ClientWebSocketResponse
Connect = Callable[..., Awaitable[Socket]]


@pytest.fixture
def ping_interval() -> float:
    """Short, as these tests wait until the client reconnects."""
    return 0.05


@pytest.fixture
async def url(client: AsyncWebClient, workspace: Workspace) -> str:
    answer = await client.apps_connections_open(app_token=workspace.app_token)
    url: str = answer["url"]
    return url


@pytest.fixture
async def connect(client: AsyncWebClient, workspace: Workspace) -> AsyncIterator[Connect]:
    """A bare connection, past its hello."""
    async with aiohttp.ClientSession() as session:

        async def connected(*, autoping: bool = True) -> Socket:
            answer = await client.apps_connections_open(app_token=workspace.app_token)
            socket = await session.ws_connect(answer["url"], autoping=autoping)
            assert (await socket.receive_json())["type"] == "hello"
            return socket

        yield connected


async def test_a_ticket_admits_once(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url)
        hello = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert hello["connection_info"] == {"app_id": "A0NEOUSAGE"}
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)


async def test_an_envelope_is_acknowledged_with_or_without_a_payload(connect: Connect, slack: SlackApi) -> None:
    socket = await connect()
    for payload in (None, {"text": "here"}):
        acting = asyncio.create_task(slack.command("priya", SPEND))
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
        await socket.send_str("no json")
        await socket.send_json({"envelope_id": "another"})
        ack = {"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})}
        await socket.send_json(ack)
        assert (await acting).body == payload


async def test_events_say_that_they_take_no_payload(connect: Connect, slack: SlackApi) -> None:
    socket = await connect()
    acting = asyncio.create_task(slack.say("priya", "D0PRIYA", "x"))
    envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("events_api", False)
    assert (envelope["retry_attempt"], envelope["payload"]["event"]["type"]) == (0, "message")
    await socket.send_json({"envelope_id": envelope["envelope_id"]})
    assert (await acting).ok


async def test_each_payload_goes_to_one_of_several_connections(connect: Connect, slack: SlackApi) -> None:
    got: list[int] = []

    async def acknowledge(number: int, socket: Socket) -> None:
        async for message in socket:
            got.append(number)
            await socket.send_json({"envelope_id": message.json()["envelope_id"]})

    sockets = [await connect() for _ in range(3)]
    listening = [asyncio.create_task(acknowledge(number, socket)) for number, socket in enumerate(sockets)]
    for _ in range(20):
        assert (await slack.command("priya", SPEND)).ok
    assert (len(got), set(got)) == (20, {0, 1, 2})
    for socket in sockets:
        await socket.close()
    await asyncio.gather(*listening)


async def test_an_eleventh_connection_is_one_too_many(connect: Connect, url: str) -> None:
    kept = [await connect() for _ in range(10)]
    async with aiohttp.ClientSession() as session:
        socket = await session.ws_connect(url)
        assert (await socket.receive_json())["reason"] == "too_many_websockets"
    assert not any(socket.closed for socket in kept)


async def test_pings_are_answered_until_the_connection_goes_deaf(connect: Connect, slack: SlackApi) -> None:
    socket = await connect(autoping=False)  # to see pongs
    await socket.ping(b"1")
    assert (await socket.receive()).data == b"1"
    slack.sockets.freeze()
    await asyncio.sleep(0)
    await socket.ping(b"2")
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.05)
    slack.sockets.thaw()
    assert (await socket.receive(timeout=5)).data == b"2"


async def test_without_any_connection_a_command_is_not_dispatched(slack: SlackApi, workspace: Workspace) -> None:
    ack = await slack.command("priya", SPEND)
    assert (ack.ok, ack.error) == (False, "dispatch_failed")
    (line,) = workspace.visible_messages("C0NEOSPEND", "U0PRIYA")
    assert line.text == '/neo-usage failed with the error "dispatch_failed"'


@pytest.fixture
def commands(app: AsyncApp) -> list[Any]:
    texts: list[Any] = []

    @app.command("/neo-usage")
    async def acknowledge(ack: AsyncAck, body: dict[str, Any]) -> None:
        texts.append(body["text"])
        await ack()

    return texts


@pytest.mark.usefixtures("connected")
@pytest.mark.parametrize("how", ["dropped", "asked"])
async def test_a_client_that_loses_its_connection_comes_back(slack: SlackApi, commands: list[Any], how: str) -> None:
    before = len(slack.calls("apps.connections.open"))
    if how == "dropped":
        slack.sockets.drop()
    else:
        await slack.sockets.refresh("warning")
        await slack.sockets.refresh()
    opened = slack.calls
    await slack.workspace.until(lambda: len(opened("apps.connections.open")) > before and len(slack.sockets) == 1)
    await slack.workspace.until(lambda: len(slack.sockets) == 1)
    assert (await slack.command("priya", SPEND, "again")).ok
    assert commands == ["again"]


@pytest.mark.usefixtures("connected")
async def test_while_slack_is_down_nothing_gets_through(
    client: AsyncWebClient, slack: SlackApi, commands: list[Any]
) -> None:
    slack.down = True
    await slack.workspace.until(lambda: len(slack.sockets) == 0)
    with pytest.raises(aiohttp.ClientError):
        await client.auth_test()
    before = slack.workspace.version
    assert (await slack.say("priya", "D0PRIYA", "x")).error == "slack_is_down"
    assert (await slack.command("priya", SPEND)).error == "slack_is_down"
    assert slack.workspace.version == before
    slack.down = False
    await slack.workspace.until(lambda: len(slack.sockets) == 1)
    assert (await slack.command("priya", SPEND, "back")).ok
    assert commands == ["back"]


async def test_it_serves_from_a_thread_and_acts_there(slack: SlackApi) -> None:
    with SlackServer(slack) as server:
        client = AsyncWebClient(slack.workspace.bot_token, base_url=server.api_url)
        app = AsyncApp(signing_secret=slack.workspace.signing_secret, client=client)

        @app.command("/neo-usage")
        async def acknowledge(ack: AsyncAck) -> None:
            await ack("here")

        handler = AsyncSocketModeHandler(app, slack.workspace.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        await slack.workspace.until(lambda: len(slack.sockets) == 1)
        ack = await server.act(slack.command("priya", SPEND))
        assert (ack.ok, ack.body) == (True, {"text": "here"})
        await handler.close_async()  # type: ignore[no-untyped-call]
    with pytest.raises(RuntimeError, match="not serving"):
        await server.act(slack.command("priya", SPEND))
