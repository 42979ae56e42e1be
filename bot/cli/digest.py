"""The command `digest`."""

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app, log_warnings
from bot.terminal import streams


@click.command()
@click.option("--date", "day", metavar="DATE", help="Its morning (default: today). It covers the day before.")
@click.option("--post", is_flag=True, help="Have the service post it to DIGEST_CHANNEL if it was skipped.")
@click.option("--dry-run", is_flag=True, hidden=True, help="Only show it, which is the default.")
@print_errors
def digest(*, day: str | None, post: bool, dry_run: bool) -> None:
    """Show a digest, or post one that was skipped.

    Example: neo-usage digest --date 2026-11-20 --post
    """
    import asyncio

    from bot.digest import cli
    from bot.terminal.layout import print_line

    log_warnings()
    app = load_app()
    if dry_run or not post:
        with app.ledger.reader() as connection:
            text = cli.digest_text(connection, app.settings, day, app.clock())
        for line in text.splitlines():
            print_line(streams.console(), line)
        if not dry_run and app.settings.digest_channel:  # until this version it posted unless it was a dry run
            click.echo("neo-usage: `digest` only shows the digest now. Add `--post` to have it posted.", err=True)
        return
    if not app.settings.digest_channel:
        fail("DIGEST_CHANNEL is not set, so there is nowhere to post.", code=WRONG_USE)
    channels = asyncio.run(cli.channels(app.settings))
    with app.ledger.database() as database, app.ledger.reader() as connection:
        for line in cli.DigestRequests(app.settings, database, connection).enqueue(channels, day, app.clock()):
            click.echo(single_line(line))


COMMANDS = (digest,)
