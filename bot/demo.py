"""The demo: the real bot against an embedded Neo, in a directory that is thrown away."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.console import Console
from rich.text import Text

from bot.app import App, build, system_clock
from bot.domain.access import RefusedError
from bot.domain.parsing import QueryError
from bot.domain.when import WhenError
from bot.sandbox.clock import SimClock
from bot.sandbox.neo import NeoApi
from bot.sandbox.serving import NeoServer
from bot.sandbox.world import World
from bot.settings import Settings, load
from bot.shipped import shipped
from bot.sync.job import Progress
from bot.usage.terminal import show

QUESTIONS = (  # the README's examples; a test compares them
    "",
    "yesterday by:member",
    "@priya 30d by:model status:error,failed",
    "last month by:week byok:no",
    "14d by:day",
    "by:member,model top:8",
    "30d rows top:5",
    "7d by:tool top:8",
    "7d search:marcus -status:completed by:status",
)


def run(port: int, seed: int, console: Console) -> None:
    """Serve the embedded Neo, sync, answer the README's questions, then whatever is typed."""
    clock = SimClock(system_clock)
    api = NeoApi(World(seed=seed, start=clock()), clock)
    with _served(api, port) as server, TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        app = build(_settings(server.url, api.key, Path(directory)), clock)
        _say(console, "welcome", url=f"{server.url}/api/v1/usage/tasks", key=api.key)
        _sync(app, console)
        for question in QUESTIONS:
            _ask(app, console, question)
        _prompt(app, clock, console)


@contextmanager
def _served(api: NeoApi, port: int) -> Iterator[NeoServer]:
    """The embedded Neo at the port, or at any other if that is taken; its address is said in any case."""
    server = NeoServer(api, port)
    try:
        server.open()
    except OSError:
        server = NeoServer(api)
        server.open()
    try:
        yield server
    finally:
        server.close()


def _settings(url: str, key: str, directory: Path) -> Settings:
    environment = {
        "NEO_API_URL": url,
        "NEO_API_KEY": key,
        "DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'demo.db'}",
        "BYOK_UNIT": "credits",
        "HISTORY_DAYS": "120",
    }
    return load(environment, directory)


def _say(console: Console, name: str, **values: object) -> None:
    loader = FileSystemLoader(shipped("templates") / "demo")
    words = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701 - a terminal's text
    console.print(Text(words.get_template(f"{name}.txt").render(values), style="dim"))


def _sync(app: App, console: Console) -> None:
    def show_progress(_: Progress) -> None:
        """The demo's sync is over before a bar could be read."""

    outcome = asyncio.run(app.sync(full=False, progress=show_progress, waiting=lambda _: None))
    tally = outcome.tally
    counts = {name: f"{getattr(tally, name):,}" for name in ("pages", "tasks", "new", "grown")}
    _say(console, "synced", complete=outcome.complete, **counts)


def _ask(app: App, console: Console, question: str) -> None:
    console.print()
    console.print(Text(f"$ neo-usage report {question}".rstrip(), style="bold green"))
    try:
        show(app.report(question), console, app.clock(), timedelta(seconds=2 * app.settings.poll_seconds))
    except (QueryError, RefusedError, WhenError) as error:
        console.print(Text(str(error), style="yellow"))


def _prompt(app: App, clock: SimClock, console: Console) -> None:
    console.print()
    _say(console, "help")
    for line in _lines():
        match line.strip().lower():
            case "quit" | "exit":
                return
            case "help":
                _say(console, "help")
            case "next hour" | "next day" as step:
                clock.advance(timedelta(hours=1) if step == "next hour" else timedelta(days=1))
                console.print(Text(f"It is {clock():%Y-%m-%d %H:%M} UTC now.", style="dim"))
                _sync(app, console)
            case _:
                _ask(app, console, line.strip())


def _lines() -> Iterator[str]:
    """What is typed, until the end of input or Ctrl-C."""
    while True:
        try:
            sys.stdout.write("\nneo-usage> ")
            sys.stdout.flush()
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            return
        if not line:
            return
        yield line
