"""Runs the demo: the page, an embedded Neo and Slack and the bot, in a temporary directory."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bot.app import App, build, system_clock
from bot.database.scratch import scratch_place
from bot.demo.bot_process import BotProcess
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer, Server
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace, place_url
from bot.settings.environment import load, load_place
from bot.shipped import shipped
from bot.slack.mrkdwn import Trusted
from bot.slack.templates import Templates

OPERATOR = "hannah"


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo. `app` is another App over the bot's database, for tests to query."""

    page: Page
    url: str
    bot: BotProcess
    app: App


async def run(port: int, seed: int, console: Console, stop: asyncio.Event, *, browser: bool) -> None:
    """Serve the page until `stop` is set.

    The bot's database is a file in a temporary directory, or if DATABASE_URL names a PostgreSQL server, a schema of its
    own there.

    Raises:
        SettingsError: DATABASE_URL cannot be used.
        LedgerError: the server cannot be used, or for another demo already.
    """
    with _directory() as directory, scratch_place(load_place(), directory / "demo.db") as place:
        async with demo(port, seed, directory, place=place) as running_demo:
            console.print(Templates(shipped("templates")).render("demo/welcome", url=Trusted(running_demo.url)))
            if browser:
                await asyncio.to_thread(webbrowser.open, running_demo.url)
            await stop.wait()


@contextmanager
def _directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        yield Path(directory)


@asynccontextmanager
async def demo(
    port: int, seed: int, directory: Path, ahead: timedelta = timedelta(0), place: DatabasePlace | None = None
) -> AsyncIterator[Demo]:
    """Serve the page at the port, or at a free one if that is taken, with the bot connected to its workspace.

    Simulated time starts `ahead` of the machine's. The ledger is at `place`, or a new file in the directory.
    """
    clock = SimClock(system_clock)
    clock.advance(ahead)
    neo = NeoApi(World(seed=seed, start=clock()), clock)
    slack = SlackApi(Workspace.default(), clock, system_clock)
    page = Page(slack, neo, clock)
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(NeoServer(neo))
        server = await _start_server(page, port)
        stack.push_async_callback(server.stop)
        slack.url = server.url
        settings = _settings(slack, upstream.url, neo.key, place or directory / "demo.db")
        page.actions.bot = bot = BotProcess(settings, directory, clock, slack.workspace.touch)
        page.on_change.append(bot.catch_up)
        stack.push_async_callback(bot.stop)
        await bot.start()
        yield Demo(page, server.url, bot, build(load(settings, directory), clock))


async def _start_server(page: Page, port: int) -> Server[Page]:
    server = Server(page, port)
    try:
        await server.start()
    except OSError:
        server = Server(page)
        await server.start()
    return server


def _settings(slack: SlackApi, neo_url: str, neo_key: str, place: DatabasePlace) -> dict[str, str]:
    workspace = slack.workspace
    return {
        "NEO_API_URL": neo_url,
        "NEO_API_KEY": neo_key,
        "SLACK_BOT_TOKEN": workspace.bot_token,
        "SLACK_APP_TOKEN": workspace.app_token,
        "SLACK_API_URL": f"{slack.url}/api/",
        "ADMINS": workspace.user(OPERATOR).id,
        "ALERT_CHANNEL": "#neo-spend",
        "DIGEST_CHANNEL": "#neo-spend",
        "DATABASE_URL": place_url(place),
        "BYOK_UNIT": "credits",
        "HISTORY_DAYS": "120",
        "HTTP_PORT": "0",
        "POLL_SECONDS": "60",
    }
