"""What the demo shows: the page over an embedded Neo and Slack, with the bot, in a directory that is thrown away."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bot.app import App, build, system_clock
from bot.demo.bot import Bot
from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.serving import NeoServer, Server
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import World
from bot.settings import load
from bot.shipped import shipped
from bot.slack.templates import Templates, Trusted

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


@dataclass(frozen=True, slots=True)
class Demo:
    """What runs: the page, and the bot that it shows. `app` is wired like the bot's, to be asked beside it."""

    page: Page
    url: str
    bot: Bot
    app: App


async def run(port: int, seed: int, console: Console, stop: asyncio.Event, *, browser: bool) -> None:
    """Serve the page until `stop` is set."""
    with TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        async with demo(port, seed, Path(directory)) as shown:
            console.print(Templates(shipped("templates")).say("demo/welcome", url=Trusted(shown.url)))
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
        settings = _settings(slack, upstream.url, neo.key, directory)
        page.deeds.bot = bot = Bot(settings, directory, clock, slack.workspace.touch)
        page.on_change.append(bot.look)
        stack.push_async_callback(bot.end)
        await bot.start()
        yield Demo(page, server.url, bot, build(load(settings, directory), clock))


async def _served(page: Page, port: int) -> Server[Page]:
    server = Server(page, port)
    try:
        await server.start()
    except OSError:
        server = Server(page)
        await server.start()
    return server


def _settings(slack: SlackApi, neo_url: str, neo_key: str, directory: Path) -> dict[str, str]:
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
        "DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'demo.db'}",
        "BYOK_UNIT": "credits",
        "HISTORY_DAYS": "120",
        "HTTP_PORT": "0",
        "POLL_SECONDS": "60",
    }
