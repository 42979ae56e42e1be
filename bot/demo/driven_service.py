"""The demo's service, which syncs after each line of input and ends with the input."""

import asyncio
import json
import logging
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import App, build, builders, system_clock
from bot.neo.client import RetryPolicy
from bot.outbox.rules import DeliveryTiming
from bot.sandbox.clock import SimClock
from bot.service.log import configure
from bot.service.service import Service, running_service
from bot.settings.environment import load
from bot.settings.model import LogFormat, LogLevel

PACING = DeliveryTiming(pace=0.02)  # the embedded Slack takes more than one message a second
RETRIES = RetryPolicy(answer=5, connect=2, deadline=2, longest_retry_after=5, first_wait=0.2)  # for a Neo taken down
_LIBRARIES = ("aiohttp", "slack_bolt", "slack_sdk")  # they report what the page's buttons break on purpose
_WAIT_S = 3.0  # for Slack: the connection, and the delivery of messages


async def main() -> None:
    """Serve until the input ends."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    for library in _LIBRARIES:
        logging.getLogger(library).setLevel(logging.CRITICAL)
    requests = await _requests()
    builders()  # loads what is needed besides, while the settings are awaited
    if not (line := await requests.readline()):
        return
    first = json.loads(line)
    clock = SimClock(system_clock, timedelta(seconds=first["ahead"]))
    async with running_service(_app(first, clock)) as service:
        await _wait_connected(service)
        _answer()
        while line := await requests.readline():
            _advance(clock, json.loads(line))
            await _catch_up(service)
            _answer()


def _app(request: dict[str, Any], clock: SimClock) -> App:
    return build(load(request["settings"], Path(request["directory"])), clock, RETRIES, PACING)


def _advance(clock: SimClock, request: dict[str, Any]) -> None:
    clock.advance(timedelta(seconds=request["ahead"]) - clock.ahead)


async def _wait_connected(service: Service) -> None:
    connecting = service.slack.connecting
    if connecting is None:
        raise AssertionError("a service that runs connects")
    finished, _ = await asyncio.wait({connecting}, timeout=_WAIT_S)
    for each in finished:
        each.result()


async def _catch_up(service: Service) -> None:
    """Sync, and wait for the delivery of messages, as simulated hours pass within moments."""
    await service.jobs.sync()
    with suppress(TimeoutError):  # nothing is delivered while Slack is down
        async with asyncio.timeout(_WAIT_S):
            await service.jobs.wait_background()
            await service.wiring.outbox.wait_idle()
            await service.wiring.outbox.tick()  # what came of the background, or found its channel only now
            await service.wiring.outbox.wait_idle()


async def _requests() -> asyncio.StreamReader:
    requests = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    return requests


def _answer() -> None:
    sys.stdout.write("done\n")
    sys.stdout.flush()
