"""Runs the demo: the page, an embedded Neo and Slack and the bot, in a temporary directory."""

import asyncio
import webbrowser
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bot.app import App, build, system_clock
from bot.database.scratch import scratch_place
from bot.demo.bot_process import BotProcess
from bot.demo.past import Past, beginning
from bot.demo.stored_bookings import stored_bookings
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer, Server
from bot.sandbox.neo import NeoApi
from bot.sandbox.page.server import Page
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace, place_url
from bot.settings.environment import load, load_place
from bot.settings.model import Settings
from bot.shipped import shipped
from bot.slack.mrkdwn import Trusted
from bot.slack.templates import Templates

OPERATOR = "hannah"
_HISTORY_DAYS = 120  # before the demo
_ISSUED_CREDITS = Decimal(3_000)  # when the history begins; enough for months more


@dataclass(frozen=True, slots=True)
class Demo:
    """The running demo."""

    page: Page
    url: str
    bot: BotProcess
    settings: Settings

    @property
    def app(self) -> App:
        """Another App over the bot's database, to query it."""
        return build(self.settings, self.page.clock)


async def run(port: int, seed: int, console: Console, stop: asyncio.Event, spawned: Process, *, browser: bool) -> None:
    """Serve the page until `stop` is set.

    The bot's database is a file in a temporary directory, or if DATABASE_URL names a PostgreSQL server, a schema of its
    own there. `spawned` is the process of the bot, which waits for its settings.

    Raises:
        SettingsError: DATABASE_URL cannot be used.
        LedgerError: the server cannot be used, or for another demo already.
    """

    def announce(url: str) -> None:
        console.print(Templates(shipped("templates")).render("demo/welcome", url=Trusted(url)))
        if browser:
            opening.append(asyncio.create_task(asyncio.to_thread(webbrowser.open, url)))

    async def serve(place: DatabasePlace, directory: Path) -> None:
        async with demo(port, seed, directory, place=place, spawned=spawned, announce=announce):
            await asyncio.Event().wait()

    opening: list[asyncio.Task[bool]] = []
    with _directory() as directory, scratch_place(load_place(), directory / "demo.db") as place:
        await _run_until(stop, serve(place, directory))


async def _run_until(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    """Do work that never ends until `stop` is set, however far it is. Raises what it raises."""
    working, stopped = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


@contextmanager
def _directory() -> Iterator[Path]:
    with TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        yield Path(directory)


@asynccontextmanager
async def demo(
    port: int,
    seed: int,
    directory: Path,
    ahead: timedelta = timedelta(0),
    place: DatabasePlace | None = None,
    *,
    spawned: Process | None = None,
    announce: Callable[[str], None] | None = None,
) -> AsyncIterator[Demo]:
    """Serve the page at the port, or at a free one if that is taken, with the bot connected to its workspace.

    Simulated time is `ahead` of the machine's, once the demo's past has been lived through: then it is given, and the
    page shows the workspace. `announce` is called with the page's address as soon as it is served. The ledger is at
    `place`, or a new file in the directory.
    """
    end = system_clock() + ahead
    clock = SimClock(system_clock, ahead + beginning(end) - end)
    neo = NeoApi(World(seed=seed, start=clock(), history_days=_HISTORY_DAYS), clock)
    neo.summary = SummaryOptions(balance=Balance(_ISSUED_CREDITS, clock() - timedelta(days=_HISTORY_DAYS)))
    slack = SlackApi(Workspace.default(), clock, system_clock)
    page = Page(slack, neo, clock)
    page.is_ready.clear()
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(NeoServer(neo))
        server = await _start_server(page, port)
        stack.push_async_callback(server.stop)
        slack.url = server.url
        texts = _settings(slack, upstream.url, neo.key, place or directory / "demo.db")
        settings = load(texts, directory)

        def show_end() -> None:
            """Show that the bot's process has ended, and the figures of what it has stored."""
            page.panel.keep_stored(stored_bookings(build(settings, clock)))
            slack.workspace.touch()

        page.actions.bot = bot = BotProcess(texts, directory, clock, show_end, spawned)
        page.on_change.append(bot.catch_up)
        stack.push_async_callback(bot.stop)
        if announce is not None:
            announce(server.url)
        # while the bot loads its modules, its ledger and the history that it will ask for are made
        await asyncio.to_thread(_make_ledger, settings)
        await asyncio.gather(bot.start(), asyncio.to_thread(neo.world.snapshot, clock()))
        past = Past(slack, neo.world, clock, bot, end)
        await past.live()
        page.is_ready.set()
        await past.open_homes()
        yield Demo(page, server.url, bot, settings)


def _make_ledger(settings: Settings) -> None:
    with build(settings).ledger.database():
        pass


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
        "HISTORY_DAYS": "100",
        "HTTP_PORT": "0",
        "POLL_SECONDS": "60",
    }
