"""`python -m bot.sandbox`: serve the simulated Neo API in the foreground, for experiments by hand."""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import PATH, NeoApi
from bot.sandbox.world import World


def real_time() -> datetime:
    """Return the machine's time. This module is the sandbox's own composition root, so it may read the clock."""
    return datetime.now(UTC)  # noqa: TID251 own composition root


def parse_arguments(arguments: list[str]) -> Namespace:
    """Return the port and the seed given on the command line."""
    parser = ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another history")
    return parser.parse_args(arguments)


async def serve(port: int, seed: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    api = NeoApi(World(seed, real_time()), real_time)
    async with NeoServer(api, port) as server:
        sys.stdout.write(f"Neo API  {server.url}{PATH}\nkey      {api.key}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    options = parse_arguments(sys.argv[1:])
    asyncio.run(serve(options.port, options.seed))
