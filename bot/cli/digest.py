"""The command `digest`."""

import click

from bot.cli.errors import WRONG_USE, fail, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app, log_warnings


@click.command()
@click.option("--date", "day", metavar="DATE", help="The morning it is of (today): it tells of the day before.")
@click.option("--dry-run", is_flag=True, help="Show it, and post nothing.")
@print_errors
def digest(*, day: str | None, dry_run: bool) -> None:
    """Show a digest, or post it to DIGEST_CHANNEL."""
    import asyncio

    from bot.digest import cli

    log_warnings()
    app = load_app()
    if not dry_run and not app.settings.digest_channel:
        fail("DIGEST_CHANNEL is not set, so there is nowhere to post. `--dry-run` shows the digest.", code=WRONG_USE)
    if dry_run:
        with app.ledger.reader() as connection:
            click.echo(cli.digest_text(connection, app.settings, day, app.clock()))
        return
    channels = asyncio.run(cli.channels(app.settings))
    with app.ledger.database() as database, app.ledger.reader() as connection:
        for line in cli.DigestRequests(app.settings, database, connection).enqueue(channels, day, app.clock()):
            click.echo(single_line(line))


COMMANDS = (digest,)
