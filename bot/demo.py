"""The demo: the real bot against an embedded Neo and an embedded Slack, in a directory that is thrown away."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bot.app import App, build, system_clock
from bot.neo.client import Patience
from bot.outbox.rules import Times
from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.serving import NeoServer, Server
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from bot.service.run import Service, running
from bot.settings import Settings, load
from bot.shipped import shipped
from bot.slack.rendering import Trusted, Words

QUESTIONS = (  # the README's examples; a test compares them
    "",
    "team yesterday by:member",
    "@priya 30d by:model status:error,failed",
    "team last month by:week byok:no",
    "team 14d by:day",
    "by:member,model top:8",
    "team 30d rows top:5",
    "team 7d by:tool top:8",
    "team 7d search:marcus -status:completed by:status",
)
OPERATOR = "hannah"
_ARRIVING = 3.0  # seconds
_BRISK = Times(pace=0.05)  # the embedded Slack takes more than one message a second
_QUICK = Patience(answer=5, connect=2, deadline=2, longest_retry_after=5, first_wait=0.2)  # for a Neo taken down


@dataclass(frozen=True, slots=True)
class Demo:
    """What runs: the page, and the service that it shows."""

    page: Page
    url: str
    service: Service


async def run(port: int, seed: int, console: Console, stop: asyncio.Event, *, browser: bool) -> None:
    """Serve the page until `stop` is set."""
    with TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        async with demo(port, seed, Path(directory)) as shown:
            console.print(Words(shipped("templates")).say("demo/welcome", url=Trusted(shown.url)))
            if browser:
                await asyncio.to_thread(webbrowser.open, shown.url)
            await stop.wait()


@asynccontextmanager
async def demo(port: int, seed: int, directory: Path, ahead: timedelta = timedelta(0)) -> AsyncIterator[Demo]:
    """The page at the port (or at any other, if that is taken), with the service connected to its workspace.

    Its time begins so far `ahead` of the machine's.
    """
    clock = SimClock(system_clock)
    clock.advance(ahead)
    neo = NeoApi(World(seed=seed, start=clock()), clock)
    slack = SlackApi(Workspace.default(), clock, system_clock)
    page = Page(slack, neo, clock)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(NeoServer(neo))
        server = await _served(page, port)
        stack.push_async_callback(server.stop)
        slack.url = server.url
        app = _app(slack, upstream.url, neo.key, directory, clock)
        service = await stack.enter_async_context(running(app))
        page.on_change.append(lambda: _look(service))
        if service.connecting is not None:
            await service.connecting
        yield Demo(page, server.url, service)


async def _look(service: Service) -> None:
    """Let the bot look, and what it has to say arrive before time goes on: simulated hours pass in a moment."""
    await service.look()
    if service.rooms is not None:
        with suppress(TimeoutError):  # while Slack is down nothing arrives
            async with asyncio.timeout(_ARRIVING):
                await service.rooms.outbox.settled()


async def _served(page: Page, port: int) -> Server[Page]:
    server = Server(page, port)
    try:
        await server.start()
    except OSError:
        server = Server(page)
        await server.start()
    return server


def _app(slack: SlackApi, neo_url: str, neo_key: str, directory: Path, clock: SimClock) -> App:
    return build(_settings(slack, neo_url, neo_key, directory), clock, _QUICK, _BRISK)


def _settings(slack: SlackApi, neo_url: str, neo_key: str, directory: Path) -> Settings:
    workspace = slack.workspace
    environment = {
        "NEO_API_URL": neo_url,
        "NEO_API_KEY": neo_key,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": f"{slack.url}/api/",
        "ADMINS": workspace.user(OPERATOR).id,
        "ALERT_CHANNEL": "#neo-spend",
        "DIGEST_CHANNEL": "#neo-spend",
        "DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'demo.db'}",
        "BYOK_UNIT": "credits",
        "HISTORY_DAYS": "120",
        "HTTP_PORT": "0",
        "POLL_SECONDS": "60",
    }
    return load(environment, directory)
