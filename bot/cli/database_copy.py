"""The command `db copy`."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.errors import print_errors
from bot.cli.output import single_line
from bot.cli.progress_bar import progress_bar

if TYPE_CHECKING:
    from bot.cli.progress_bar import ShowProgress
    from bot.database.copying import CopyProgress
    from bot.maintenance.copy import CopyResult
    from bot.settings.database_place import DatabasePlace

_OF_THE_SETTINGS = "DATABASE_URL"
_NOT_HERE = (
    "an address on the command line can't have a password, because anyone on this machine could read it. Set"
    " DATABASE_URL to the address and type the word DATABASE_URL here, or keep the password in a file:"
    " ...?passfile=FILE."
)


@click.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@print_errors
def copy_database(source: str, target: str) -> None:
    """Copy a database into an empty one, from SQLite to PostgreSQL or back.

    FROM and TO are paths of SQLite files, addresses of databases, or the word DATABASE_URL for the one that is set. An
    address can't have a password, because anyone on this machine could read it. To move, stop the service first: what
    it writes during the copy is not in it. If the copy is interrupted, the same command continues it.

    Example: neo-usage db copy neo-usage.db DATABASE_URL
    """
    from bot.maintenance.copy import copy_ledger

    ledger, copy = _place(source), _place(target)
    with progress_bar("opening") as bar:
        result = copy_ledger(ledger, copy, partial(_show_progress, bar))
    _print_result(result, ledger, copy)


def _place(text: str) -> "DatabasePlace":
    """Return the place of a database. Raises UsageError or SettingsError if the text, or what is set, names none."""
    from bot.settings.environment import load

    if text == _OF_THE_SETTINGS:
        return load().database
    return _address(text) if "://" in text else Path(text)


def _address(text: str) -> "DatabasePlace":
    from bot.settings.database_place import database_place
    from bot.settings.errors import InvalidValueError

    try:
        place = database_place(text)
    except InvalidValueError as error:
        raise click.UsageError(str(error)) from None
    if not isinstance(place, Path) and place.password is not None:
        raise click.UsageError(_NOT_HERE)
    return place


def _show_progress(bar: "ShowProgress", current: "CopyProgress") -> None:
    what = f"{'comparing' if current.is_comparing else 'copying'} {current.table}"
    bar(what, current.rows, current.total)


def _print_result(result: "CopyResult", ledger: "DatabasePlace", copy: "DatabasePlace") -> None:
    from bot.domain.formatting import count
    from bot.domain.money import show_usd

    if result.changed:
        click.echo(f"The database changed during the copy: copied again from {result.changed} on.", err=True)
    for table, number in result.marked.items():
        click.echo(
            f"{table}: replaced NUL by \ufffd in {count(number, 'row')}, because PostgreSQL can't store it.", err=True
        )
    for law in result.broken_laws:
        click.echo(
            f"WARNING: amounts don't add up, in the database and its copy: {law}. See `neo-usage db verify`.", err=True
        )
    for table, number in result.rows.items():
        if number:
            click.echo(f"{table}: {number:,}")
    amount = sum(platform + provider for _, platform, provider in result.charges.values())
    months, members = ({key[part] for key in result.charges} for part in (0, 1))
    click.echo(single_line(f"{copy} is a copy of {ledger}, compared row by row."))
    charged = f"{count(len(members), 'member')} in {count(len(months), 'month')}"
    click.echo(f"Charges of {charged}: {show_usd(amount)}")
    click.echo(f"Keys of notifications: {result.notifications:,}")
    click.echo(
        "Run the service on one of the two only, because both would post the same messages. What was written"
        " after the copy began is not in it."
    )


COMMAND = copy_database
