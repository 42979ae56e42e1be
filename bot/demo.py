"""The demo: the real bot against an embedded Neo, in a directory that is thrown away."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

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
from bot.sync.job import Progress
from bot.usage.terminal import show

QUESTIONS = (  # the README's, which a test compares
    "",
    "yesterday by:member",
    "@priya 7d by:model status:error,failed",
    "last month by:week byok:no",
    "4w by:day",
    "by:member,model top:8",
    "30d rows top:5",
    "7d by:tool top:8",
    "24h search:marcus -status:completed",
)
_HELP = (
    "Ask as you would in Slack, for instance `7d by:member`, `last month by:model`, `30d rows top:5`, `modle:opus`.\n"
    "`next hour` and `next day` let simulated time go on, `quit` ends."
)


def run(port: int, seed: int, console: Console) -> None:
    """Serve the embedded Neo, sync, answer the README's questions, then whatever is typed."""
    clock = SimClock(system_clock)
    api = NeoApi(World(seed=seed, start=clock()), clock)
    with NeoServer(api, port) as server, TemporaryDirectory(prefix="neo-usage-demo-") as directory:
        app = build(_settings(server.url, api.key, Path(directory)), clock)
        _say(console, f"An embedded Neo serves a simulated team at {server.url}/api/v1/usage/tasks (key {api.key}).")
        _sync(app, console)
        for question in QUESTIONS:
            _ask(app, console, question)
        _prompt(app, clock, console)


def _settings(url: str, key: str, directory: Path) -> Settings:
    environment = {
        "NEO_API_URL": url,
        "NEO_API_KEY": key,
        "DATABASE_URL": f"sqlite+aiosqlite:///{directory / 'demo.db'}",
        "BYOK_UNIT": "credits",
        "HISTORY_DAYS": "120",
    }
    return load(environment, directory)


def _say(console: Console, text: str) -> None:
    console.print(Text(text, style="dim"))


def _sync(app: App, console: Console) -> None:
    def show_progress(_: Progress) -> None:
        """The demo's sync is over before a bar could be read."""

    outcome = asyncio.run(app.sync(full=False, progress=show_progress, waiting=lambda _: None))
    tally = outcome.tally
    _say(
        console,
        f"Synced over HTTP: {tally.pages} pages, {tally.tasks:,} tasks, {tally.new:,} new, {tally.grown:,} grown,"
        f" {'complete' if outcome.complete else 'not complete'}.",
    )


def _ask(app: App, console: Console, question: str) -> None:
    console.print()
    console.print(Text(f"$ neo-usage report {question}".rstrip(), style="bold green"))
    try:
        show(app.report(question), console, app.clock(), timedelta(seconds=2 * app.settings.poll_seconds))
    except (QueryError, RefusedError, WhenError) as error:
        console.print(Text(str(error), style="yellow"))


def _prompt(app: App, clock: SimClock, console: Console) -> None:
    console.print()
    _say(console, _HELP)
    for line in _lines():
        match line.strip().lower():
            case "quit" | "exit":
                return
            case "help":
                _say(console, _HELP)
            case "next hour" | "next day" as step:
                clock.advance(timedelta(hours=1) if step == "next hour" else timedelta(days=1))
                _say(console, f"It is {clock():%Y-%m-%d %H:%M} UTC now.")
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
