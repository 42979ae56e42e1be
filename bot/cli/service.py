"""The commands `run` and `demo`."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from bot.cli.errors import FAILED, Debug, error_text, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app
from bot.terminal import streams
from bot.unused_modules import leave_out_what_prints
from bot.unused_objects import begin_the_search


@click.command()
@print_errors
def run() -> None:
    """Run the service: it answers in Slack, keeps the data fresh, and sends alerts and digests.

    Example: neo-usage run
    """
    leave_out_what_prints()
    import asyncio

    from bot.cli.signals import run_until_signal
    from bot.service.log import configure
    from bot.service.service import check_settings, serve
    from bot.service.start_report import warn_of_settings
    from bot.settings.secret_texts import secret_texts

    with _error_in_json_log():
        app = load_app()
        configure(app.settings.log_level, app.settings.log_format, secret_texts(app.settings))
        warn_of_settings(app.settings)
        check_settings(app.settings)
        asyncio.run(run_until_signal(lambda stop: serve(app, stop)))


@contextmanager
def _error_in_json_log() -> Iterator[None]:
    """Where the log is JSON, make what ends the service its last line, instead of a line of another form."""
    from bot.service.log import configure
    from bot.settings.environment import load_log_format
    from bot.settings.model import LogFormat, LogLevel

    if load_log_format() is not LogFormat.JSON:
        yield
        return
    configure(LogLevel.INFO, LogFormat.JSON)
    try:
        yield
    except Exception as error:
        if Debug.is_on:
            raise
        import structlog

        structlog.get_logger(__name__).error("ended by an error", why=single_line(error_text(error)))
        raise click.exceptions.Exit(FAILED) from None


@click.command()
@click.option("--port", default=8811, show_default=True, help="The page's port. If it is in use, another one is taken.")
@click.option("--seed", default=7, show_default=True, help="Another number gives another team.")
@click.option("--no-browser", is_flag=True, help="Print the page's address instead of opening it.")
@print_errors
def demo(*, port: int, seed: int, no_browser: bool) -> None:
    """Open a Slack-like page with the real bot in it. It needs no credentials and no network.

    Its data is temporary. If DATABASE_URL names a PostgreSQL server, the demo uses a schema of its own there and
    deletes it at the end.

    Example: neo-usage demo --port 8811
    """
    import asyncio

    from bot.cli.signals import run_until_signal
    from bot.demo.bot_process import end, spawn

    async def serve(stop: asyncio.Event) -> None:
        spawned = await spawn()  # it loads its modules while this process loads its own
        from bot.demo import runner
        from bot.service.log import configure
        from bot.settings.model import LogFormat, LogLevel

        configure(LogLevel.ERROR, LogFormat.CONSOLE)
        begin_the_search()
        try:
            await runner.run(port, seed, streams.console(), stop, spawned, browser=not no_browser)
        finally:
            await end(spawned)

    asyncio.run(run_until_signal(serve))


COMMANDS = (run, demo)
