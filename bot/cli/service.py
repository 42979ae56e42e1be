"""The commands `run` and `demo`."""

import click

from bot import terminal
from bot.cli.errors import print_errors
from bot.cli.startup import load_app
from bot.cli.unused_objects import begin_the_search


@click.command()
@print_errors
def run() -> None:
    """The service: answers in Slack, and keeps the ledger fresh."""
    import asyncio

    from bot.cli.signals import run_until_signal
    from bot.service.log import configure
    from bot.service.service import check_settings, serve

    app = load_app()
    check_settings(app.settings)
    configure(app.settings.log_level, app.settings.log_format)
    asyncio.run(run_until_signal(lambda stop: serve(app, stop)))


@click.command()
@click.option("--port", default=8811, show_default=True, help="Where the page is; another is taken if it is in use.")
@click.option("--seed", default=7, show_default=True, help="Another seed, another team.")
@click.option("--no-browser", is_flag=True, help="Print the page's address, and open nothing.")
@print_errors
def demo(*, port: int, seed: int, no_browser: bool) -> None:
    """A Slack-like page with the real bot in it; no credentials, no network, a database of its own.

    If DATABASE_URL names a PostgreSQL server, that is a schema of its own there, deleted in the end.
    """
    import asyncio

    from bot.cli.signals import run_until_signal
    from bot.demo import runner
    from bot.service.log import configure
    from bot.settings.model import LogFormat, LogLevel

    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    begin_the_search()
    console = terminal.console()
    asyncio.run(run_until_signal(lambda stop: runner.run(port, seed, console, stop, browser=not no_browser)))


COMMANDS = (run, demo)
