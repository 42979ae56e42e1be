"""The server runs beside a test or inside a loop, and stops at once whoever is waiting."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.sandbox.faults import Body, Fault, Hang
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import KEY, PATH, NeoApi
from bot.settings.environment import load
from bot.settings.model import Settings


def ask(url: str) -> int:
    """One GET with the key, without any client library's ideas."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=10)
    try:
        connection.request("GET", PATH, headers={"X-Api-Key": KEY})
        return connection.getresponse().status
    finally:
        connection.close()


def is_token_known(settings: Settings) -> bool:
    """Whether a Slack knows the bot token that is set."""
    assert settings.slack_bot_token is not None
    place = urlsplit(settings.slack_api_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 80, timeout=10)
    try:
        connection.request(
            "POST", f"{place.path}auth.test", headers={"Authorization": f"Bearer {settings.slack_bot_token.reveal()}"}
        )
        return bool(json.loads(connection.getresponse().read())["ok"])
    finally:
        connection.close()


def test_it_serves_from_a_thread_of_its_own(api: NeoApi) -> None:
    with NeoServer(api) as server:
        assert server.api is api
        assert ask(server.url) == 200
    with pytest.raises(ConnectionRefusedError):
        ask(server.url)


def test_it_leaves_no_thread_behind_and_can_be_opened_again(api: NeoApi) -> None:
    server = NeoServer(api)
    for _ in range(2):
        server.open()
        assert ask(server.url) == 200
        server.close()
        server.close()
    assert not [thread for thread in threading.enumerate() if "sandbox" in thread.name]


@pytest.mark.parametrize("how", ["hanging", "slow", "deaf", "idle"])
def test_closing_cuts_off_whoever_waits(api: NeoApi, how: str) -> None:
    arrived = threading.Event()
    faults: dict[str, Fault] = {"hanging": Hang(), "deaf": Body(b"x" * 30_000_000)}  # more than buffers hold
    api.faults.always = faults.get(how)
    api.latency_s = 3600 if how == "slow" else 0
    api.before_response = lambda _: arrived.set()
    with NeoServer(api) as server:
        place = urlsplit(server.url)
        connection = http.client.HTTPConnection("127.0.0.1", place.port or 80, timeout=10)
        connection.request("GET", PATH, headers={"X-Api-Key": KEY})
        assert arrived.wait(10)
    if how != "idle":
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            connection.getresponse().read()
    connection.close()


def test_a_taken_port_is_an_error(api: NeoApi) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        NeoServer(api, taken.getsockname()[1]).open()


def test_it_does_not_serve_twice_at_once(api: NeoApi) -> None:
    with NeoServer(api) as server:
        with pytest.raises(RuntimeError, match="already serving"):
            server.open()
        assert ask(server.url) == 200


async def test_it_serves_from_the_running_loop(api: NeoApi) -> None:
    server = NeoServer(api)
    await server.start()
    async with aiohttp.ClientSession() as session, session.get(server.url + PATH) as response:
        assert response.status == 401
    await server.stop()
    await server.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(ask, server.url)


@pytest.mark.slow
def test_it_runs_from_the_command_line_until_told_to_stop() -> None:
    command = [sys.executable, "-W", "error", "-m", "bot.sandbox", "--port", "0", "--slack-port", "0", "--seed", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 our own
        assert process.stdout
        lines = [process.stdout.readline().strip().partition("=") for _ in range(8)]
        settings = load({name: value for name, _, value in lines})
        assert ask(settings.neo_api_url) == 200
        assert is_token_known(settings)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0
