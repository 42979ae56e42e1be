"""The command `sync`."""

from functools import partial
from typing import TYPE_CHECKING

import click

from bot.cli.errors import print_errors
from bot.cli.output import single_line
from bot.cli.progress_bar import progress_bar
from bot.cli.startup import load_app, log_warnings

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.cli.progress_bar import ShowProgress
    from bot.database.lease import LeaseHolder
    from bot.sync.outcome import SyncOutcome, SyncProgress


@click.command()
@click.option("--full", is_flag=True, help="Read all history again, not only what is new.")
@print_errors
def sync(*, full: bool) -> None:
    """Read the tasks from Neo once. The running service does this by itself.

    Example: neo-usage sync --full
    """
    import asyncio

    log_warnings()
    app = load_app()
    app.settings.neo_credential()
    with progress_bar("asking Neo") as bar:
        progress = partial(_show_progress, bar, app.settings.timezone)
        outcome = asyncio.run(app.sync(full=full, progress=progress, on_wait=_show_wait))
    _print_outcome(outcome)


def _show_wait(holder: "LeaseHolder") -> None:
    click.echo(f"Another sync is running ({single_line(holder.who)}). Waiting for it to end.", err=True)


def _show_progress(bar: "ShowProgress", zone: "ZoneInfo", current: "SyncProgress") -> None:
    start = current.window.start
    since = "the beginning" if start is None else f"{start.astimezone(zone):%Y-%m-%d}"
    what = f"{current.window.kind} since {since} ({current.number} of {current.windows})"
    bar(what, current.rows, max(current.total, current.rows))


def _print_outcome(outcome: "SyncOutcome") -> None:
    tally = outcome.tally
    for name in ("pages", "tasks", "new", "grown", "restated", "quarantined"):
        click.echo(f"{name}: {getattr(tally, name)}")
    click.echo(f"complete: {'yes' if outcome.complete else 'no'}")
    if not outcome.complete:
        click.echo("Some of the list kept changing while it was read. The next sync reads it again.", err=True)
    if tally.quarantined:
        click.echo("Some rows were rejected. `neo-usage status` lists them.", err=True)
    for warning in outcome.warnings:
        click.echo(f"WARNING: {single_line(warning)}", err=True)


COMMANDS = (sync,)
