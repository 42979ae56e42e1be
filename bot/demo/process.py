"""`python -m bot.demo.process`: the demo's service; a line on its input has it look, the end of the input ends it."""

import asyncio
import json
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.app import App, build, system_clock
from bot.neo.client import RetryPolicy
from bot.outbox.rules import DeliveryTiming
from bot.sandbox.clock import SimClock
from bot.service.log import configure
from bot.service.service import Service, running
from bot.settings import LogFormat, LogLevel, load

BRISK = DeliveryTiming(pace=0.05)  # the embedded Slack takes more than one message a second
QUICK = RetryPolicy(answer=5, connect=2, deadline=2, longest_retry_after=5, first_wait=0.2)  # for a Neo taken down
_ARRIVING = 3.0  # seconds


async def main() -> None:
    """Serve until the input ends."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    orders = await _orders()
    order = json.loads(await orders.readline())
    clock = SimClock(system_clock)
    _go_on(clock, order)
    async with running(_app(order, clock)) as service:
        await _connected(service)
        _answer()
        while line := await orders.readline():
            _go_on(clock, json.loads(line))
            await _look(service)
            _answer()


def _app(order: dict[str, Any], clock: SimClock) -> App:
    return build(load(order["settings"], Path(order["directory"])), clock, QUICK, BRISK)


def _go_on(clock: SimClock, order: dict[str, Any]) -> None:
    clock.advance(timedelta(seconds=order["ahead"]) - clock.ahead)


async def _connected(service: Service) -> None:
    assert service.slack.connecting is not None  # noqa: S101 - it is while it runs
    done, _ = await asyncio.wait({service.slack.connecting}, timeout=_ARRIVING)
    for each in done:
        each.result()


async def _look(service: Service) -> None:
    """Let the bot look, and what it has to say arrive before time goes on: simulated hours pass in a moment."""
    await service.jobs.sync()
    with suppress(TimeoutError):  # while Slack is down nothing arrives
        async with asyncio.timeout(_ARRIVING):
            await service.wiring.outbox.wait_idle()


async def _orders() -> asyncio.StreamReader:
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    return orders


def _answer() -> None:
    sys.stdout.write("looked\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main())
