"""`python -m bot.sandbox`: the simulated Neo API in the foreground, for trying things by hand."""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from bot.sandbox.neo import PATH, NeoApi
from bot.sandbox.serving import NeoServer
from bot.sandbox.world import World


def real_time() -> datetime:
    """The machine's clock: this module is the sandbox's own composition root."""
    return datetime.now(UTC)  # noqa: TID251 own composition root


def arguments(given: list[str]) -> Namespace:
    """What the command line asks for."""
    parser = ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another history")
    return parser.parse_args(given)


async def serve(port: int, seed: int) -> None:
    """Serve until interrupted or terminated."""
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    api = NeoApi(World(seed, real_time()), real_time)
    async with NeoServer(api, port) as server:
        sys.stdout.write(f"Neo API  {server.url}{PATH}\nkey      {api.key}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    asked = arguments(sys.argv[1:])
    asyncio.run(serve(asked.port, asked.seed))
