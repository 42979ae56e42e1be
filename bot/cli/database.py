"""The command group `db`: the ledger's database."""

from pathlib import Path

import click

from bot.cli.database_copy import COMMAND
from bot.cli.errors import fail, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app

_EXAMPLES = 3  # the most examples of a broken law


@click.group("db", no_args_is_help=True)
def database() -> None:
    """The ledger's database."""


@database.command()
@print_errors
def upgrade() -> None:
    """Bring the schema up to date (every start does it too)."""
    from bot.database.schema import newest_revision

    app = load_app()
    with app.ledger.database():
        click.echo(single_line(f"{app.settings.database} is at schema {newest_revision()}"))


@database.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@print_errors
def backup_ledger(file: Path) -> None:
    """Copy the ledger, also while it is in use."""
    from bot.database.backup import backup

    size = backup(load_app().settings.database, file)
    click.echo(single_line(f"{file}: {size:,} bytes"))


@database.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@print_errors
def restore_ledger(file: Path) -> None:
    """Put a copy in the ledger's place; stop the service first."""
    app = load_app()
    former, messages = app.ledger.restore(file)
    click.echo(single_line(f"{app.settings.database} is {file} now"))
    if former:
        click.echo(single_line(f"the former ledger is kept as {former}"))
    if messages is not None:
        click.echo(f"messages: {messages.waiting:,} pending, to be sent when the service starts")
        click.echo(f"          {messages.looked_for:,} may have been sent: Slack's history is searched first")
        click.echo(f"          {messages.sent_since:,} sent since the copy was made: not sent again")


@database.command("verify")
@print_errors
def verify_ledger() -> None:
    """Check the ledger's laws; exit 1 if one is broken."""
    from bot.ledger.verification import verify

    is_broken = False
    for law, breaches in verify(load_app().settings.database).items():
        is_broken |= bool(breaches)
        click.echo(f"{'FAIL' if breaches else 'ok  '}  {single_line(law + _examples(breaches))}")
    if is_broken:
        fail("the ledger breaks its laws. Restore a backup, or sync into a new database.")


def _examples(breaches: list[str]) -> str:
    if not breaches:
        return ""
    more = f" and {len(breaches) - _EXAMPLES:,} others" if len(breaches) > _EXAMPLES else ""
    return f": {', '.join(breaches[:_EXAMPLES])}{more}"


@database.command("reprice")
@print_errors
def reprice_ledger() -> None:
    """Price everything again in the BYOK_UNIT that is set; nobody is told."""
    from bot.database.place import require_ledger
    from bot.domain.money import show_usd
    from bot.maintenance.reprice import reprice

    app = load_app()
    unit = app.settings.pricing_unit
    require_ledger(app.settings.database)
    with app.ledger.database() as ledger, ledger.transaction() as connection:
        repricing = reprice(connection, app.capabilities(ledger), unit, app.clock())
    click.echo(f"{repricing.tasks:,} tasks priced again in {unit.value}, {show_usd(repricing.difference_nanos)} in all")


database.add_command(COMMAND)

COMMANDS = (database,)
