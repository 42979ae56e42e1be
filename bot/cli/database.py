"""The command group `db`: the ledger's database."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.database_copy import COMMAND
from bot.cli.errors import fail, print_errors
from bot.cli.output import single_line
from bot.cli.startup import load_app, load_app_for_writing

if TYPE_CHECKING:
    from bot.outbox.restore import RestoredMessages

_EXAMPLES = 3  # the most examples of a broken law


@click.group("db", no_args_is_help=True)
def database() -> None:
    """Back up, restore, check and move the database."""


@database.command()
@click.option("--no-backup", is_flag=True, help="Don't keep a copy of the database before it changes.")
@print_errors
def upgrade(*, no_backup: bool) -> None:
    """Bring the database's schema up to date. Every start does this too.

    Before that a copy is kept: of a SQLite file beside it, of a database on a server in BACKUP_DIR if that is set.

    Example: neo-usage db upgrade
    """
    from bot.database.schema import newest_revision

    app = load_app_for_writing()
    with app.ledger.database(keeps_former=not no_backup, on_kept=_say_kept):
        click.echo(single_line(f"{app.settings.database} is at schema {newest_revision()}."))


def _say_kept(copy: Path) -> None:
    click.echo(single_line(f"Kept a copy of the former database as {copy}."))


@database.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@print_errors
def backup_ledger(file: Path) -> None:
    """Write a consistent copy of the database to FILE. The service may be running.

    Example: neo-usage db backup neo-usage-backup.db
    """
    from bot.database.backup import backup

    size = backup(load_app().settings.database, file)
    click.echo(single_line(f"Wrote {file} ({size:,} bytes)."))


@database.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@print_errors
def restore_ledger(file: Path) -> None:
    """Replace the database by the copy in FILE. Stop the service first.

    Example: neo-usage db restore neo-usage-backup.db
    """
    app = load_app_for_writing()
    former, messages = app.ledger.restore(file)
    click.echo(single_line(f"Restored {file} to {app.settings.database}."))
    if former:
        click.echo(single_line(f"The former database is kept as {former}."))
    _say_messages(messages)


def _say_messages(messages: "RestoredMessages | None") -> None:
    if messages is not None:
        click.echo(f"Messages: {messages.waiting:,} pending; the service sends them when it starts")
        click.echo(f"          {messages.looked_for:,} possibly sent; the service looks in Slack's history first")
        click.echo(f"          {messages.sent_since:,} sent after the copy was made; not sent again")


@database.command("mark-restored")
@print_errors
def mark_restored() -> None:
    """Say that other tools have put back an older state of the database. Stop the service first.

    Run it once after pg_restore, a point-in-time recovery or a snapshot, before the service starts. `db restore` needs
    no such step. New messages then never look like earlier ones, and what may have been sent is looked for in Slack.

    Example: neo-usage db mark-restored
    """
    app = load_app_for_writing()
    messages = app.ledger.mark_restored()
    click.echo(single_line(f"{app.settings.database} has a new identity. Start the service."))
    _say_messages(messages)


@database.command("verify")
@print_errors
def verify_ledger() -> None:
    """Check that the amounts in the database add up. Exits with 1 if they don't.

    Example: neo-usage db verify
    """
    from bot.ledger.verification import verify

    is_broken = False
    for law, breaches in verify(load_app().settings.database).items():
        is_broken |= bool(breaches)
        click.echo(f"{'FAIL' if breaches else 'ok  '}  {single_line(law + _examples(breaches))}")
    if is_broken:
        fail("the amounts in the database don't add up. Restore a backup, or sync into a new database.")


def _examples(breaches: list[str]) -> str:
    if not breaches:
        return ""
    more = f" and {len(breaches) - _EXAMPLES:,} more" if len(breaches) > _EXAMPLES else ""
    return f": {', '.join(breaches[:_EXAMPLES])}{more}"


@database.command("reprice")
@print_errors
def reprice_ledger() -> None:
    """Price all tasks again after BYOK_UNIT was changed. Nobody gets a message about it.

    Example: neo-usage db reprice
    """
    from bot.database.long_statements import long_statements
    from bot.database.place import require_ledger
    from bot.domain.formatting import count
    from bot.domain.money import show_usd
    from bot.maintenance.reprice import reprice

    app = load_app_for_writing()
    unit = app.settings.pricing_unit
    require_ledger(app.settings.database)
    with app.ledger.database() as ledger, ledger.transaction() as connection, long_statements(connection):
        repricing = reprice(connection, app.capabilities(ledger), unit, app.clock())
    changed = show_usd(repricing.difference_nanos)
    click.echo(f"Priced {count(repricing.tasks, 'task')} again in {unit.value}. Spend changed by {changed}.")


database.add_command(COMMAND)

COMMANDS = (database,)
