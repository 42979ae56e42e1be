"""What commands share: the app with its settings, the `--json` option, logging, and running until a signal."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from bot.app import App

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON.")


def load_app() -> "App":
    """Return the app with the settings of the environment. Raises SettingsError if they are wrong."""
    from bot.app import build
    from bot.settings.environment import load

    return build(load())


def print_json(document: object) -> None:
    """Write a document as JSON to standard output."""
    from bot.domain.text import json_text

    click.echo(json_text(document))


def log_warnings() -> None:
    """Have what goes wrong on the way logged as a line to standard error, without the values of local variables."""
    from bot.service.log import configure
    from bot.settings.model import LogFormat, LogLevel

    configure(LogLevel.WARNING, LogFormat.CONSOLE)


async def run_until_signal(work: "Callable[[asyncio.Event], Awaitable[None]]") -> None:
    """Do the work until SIGTERM or Ctrl-C, which set its event; a second one ends it at once."""
    import asyncio
    import signal

    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def end(which: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(which)

    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, end, which)
    await work(stop)
