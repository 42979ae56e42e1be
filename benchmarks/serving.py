"""The service as `neo-usage run` starts it, but at the benchmarks' moment: the upstream's tasks are of that time."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta
from time import monotonic

from benchmarks.workplace import NOW
from bot.app import build
from bot.service.log import configure
from bot.service.service import serve
from bot.settings.environment import load

_BEGAN = monotonic()


def _clock() -> datetime:
    return (NOW + timedelta(seconds=monotonic() - _BEGAN)).astimezone(UTC)


async def _main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = load()
    configure(settings.log_level, settings.log_format)
    await serve(build(settings, _clock), stop)


if __name__ == "__main__":
    asyncio.run(_main())
