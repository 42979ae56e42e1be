"""Restoring into a database on a server: in one transaction, after what was there was kept as a file."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from bot.database.backup import backup, remove_database
from bot.database.copy_into_server import ServerTarget
from bot.database.copy_source import CopySource
from bot.database.copying import holds_rows
from bot.database.durable_files import own_name
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.database.integrity import damage
from bot.database.kept_file import open_kept_file
from bot.database.restored_ledger import mark_restored
from bot.database.schema import current_revision, newest_revision
from bot.database.upgrade import require_no_strangers
from bot.settings.postgres_address import PostgresAddress

_CONNECTED = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND left(application_name, 10) = 'neo-usage ' AND application_name <> current_setting('application_name')"
)


@contextmanager
def restored_server(source: Path, address: PostgresAddress) -> Iterator[tuple[Connection, Path | None]]:
    """Put a copy in the place of a ledger on a server, in a transaction that is committed after the block.

    The copy becomes a ledger with an id of its own, which has yet to take over what the former one had posted
    (metadata `RESTORED`). The former one may be of any version. Gives the transaction's connection, and the file beside
    the copy in which the former ledger is kept, None if it had no rows.

    Raises:
        InUseError: somebody else is connected to the ledger.
        LedgerError: the copy is damaged, no ledger, or newer than this version, the former one cannot be kept, or the
            database is another program's. Nothing is changed then.
    """
    if (problem := next(damage(source), None)) is not None:
        raise LedgerError(f"{source} cannot be restored: {problem}. The ledger is unchanged.")
    with (
        _upgraded(source.resolve()) as copy,
        closing(open_kept_file(copy)) as reader,
        closing(ServerTarget(address)) as target,
        target.errors(),
    ):
        _check_replaceable(target.connection, address)
        kept = _keep(target.connection, address, source.resolve())
        with target.connection.begin():
            rows = CopySource(source, reader)
            _replace_rows(rows, target)
            mark_restored(target.connection, str(kept or ""))
            yield target.connection, kept
            target.continue_ids(rows.tables)
            target.gather_statistics(rows.tables)


@contextmanager
def _upgraded(source: Path) -> Iterator[Path]:
    """Give a copy of the newest schema: the file itself, or for the time of the block another one beside it."""
    with closing(open_kept_file(source)) as connection:
        is_newest = current_revision(connection) == newest_revision()
    if is_newest:
        yield source
        return
    upgraded = own_name(source, "upgraded")
    remove_database(upgraded)
    try:
        backup(source, upgraded)
        open_database(upgraded).close()
        yield upgraded
    finally:
        remove_database(upgraded)


def _check_replaceable(connection: Connection, address: PostgresAddress) -> None:
    with connection.begin():
        require_unused(connection, address)
        require_no_strangers(connection, address, current_revision(connection))


def require_unused(connection: Connection, address: PostgresAddress) -> None:
    """Raise InUseError if another process of the bot is connected to a database."""
    if connection.execute(_CONNECTED).scalar_one():
        raise InUseError(
            f"{address} is in use: a service, a sync or another command is connected to it. Stop that first, then"
            " run this again. Nothing was changed."
        )


def _keep(connection: Connection, address: PostgresAddress, source: Path) -> Path | None:
    """Keep the ledger as a file beside the copy, and return where; None if it has no rows."""
    with connection.begin():
        if not holds_rows(connection):
            return None
    names = (source.with_name(f"{address.database}.before-restore-{number}") for number in range(1, 10_000))
    kept = next(name for name in names if not name.exists())
    try:
        backup(address, kept)
    except LedgerError as error:
        raise LedgerError(f"the former ledger cannot be kept: {error} The ledger is unchanged.") from error
    return kept


def _replace_rows(source: CopySource, target: ServerTarget) -> None:
    """Put all rows of the copy in the place of those that are there."""
    target.replace_other_schema()
    source.leave_out_tables_of_others(target.connection)
    source.mark_nul()
    tables = [*source.tables, source.notes]
    target.empty(reversed(tables))
    for table in tables:
        for part in source.rows(table):
            target.insert(table, part)
    target.continue_ids(tables)
