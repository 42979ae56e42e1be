"""Running until SIGTERM or Ctrl-C."""

import asyncio
import signal
from collections.abc import Awaitable, Callable


async def run_until_signal(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Do the work, whose event is set by the first SIGTERM or Ctrl-C; a second one ends the process at once."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def handle(which: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(which)

    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, handle, which)
    await work(stop)
