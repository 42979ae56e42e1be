"""The service as a process of its own, over HTTP, with Slack's side and a ledger of the benchmarks'."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.slackside import OPERATOR, SECRET, TOKEN, Side
from benchmarks.wiring import environment
from benchmarks.workplace import WORK
from bot.settings.database_place import DatabasePlace

RUN = (str(Path(sys.executable).with_name("neo-usage")), "run")
SERVING = (sys.executable, "-m", "benchmarks.serving")  # the same at the benchmarks' moment


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """A service that runs; Slack's requests go to `url`, a scraper to `metrics_port`."""

    id: int
    port: int
    metrics_port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def wait_ready(self) -> None:
        """Wait until it says that it is ready."""
        async with aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:  # noqa: PLR2004 - HTTP's OK
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.01)


@asynccontextmanager
async def service_process(
    command: Sequence[str], ledger: DatabasePlace, side: Side, neo: str, **settings: str
) -> AsyncIterator[ServiceProcess]:
    """Start it over a ledger, Slack's side and an upstream, with more settings by name; it must end well."""
    port, metrics_port = _free_port(), _free_port()
    variables = {
        **os.environ,
        **environment(ledger, neo),
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{side.url}/api/",
        "ADMINS": OPERATOR,
        "HTTP_PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "LOG_LEVEL": "error",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(*command, env=variables, cwd=WORK)
    try:
        yield ServiceProcess(process.pid, port, metrics_port)
    finally:
        process.terminate()
        assert await process.wait() == 0


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
