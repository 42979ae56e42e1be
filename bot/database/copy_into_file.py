"""A file of SQLite that a ledger is copied into."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, Table, create_engine, delete, event, text

from bot.database import sqlite
from bot.database.bulk import BulkInsert
from bot.database.copy_source import CopySource, Rows
from bot.database.copy_target import CopyTarget
from bot.database.errors import LedgerError, not_opened
from bot.database.file_lock import FileLock, InUseError
from bot.database.plain_tables import make_plain_tables
from bot.database.private_files import make_private
from bot.database.schema import newest_revision
from bot.database.upgrade import upgrade

_BEGIN = text("BEGIN IMMEDIATE")


class FileTarget(CopyTarget):
    """A file that nobody else opens for writing until it is closed; made, and its owner's alone, if there is none."""

    holds_nul = True

    def __init__(self, path: Path) -> None:
        self.place = path
        if not path.parent.is_dir():
            raise LedgerError(f"there is no directory {path.parent}. Create it, or name another file.")
        self._lock = _exclusive_lock(path)
        try:
            make_private(path)
            with self.errors():
                self.connection = _connection(path)
        except BaseException:
            self._lock.release()
            raise

    def migrate(self, source: CopySource) -> None:
        """Make the tables of what is copied, in the transaction under way; of a newer schema plain ones."""
        if source.revision > newest_revision():
            make_plain_tables(self.connection, [*source.tables, source.notes])
        else:
            upgrade(self.connection, self.place, revision=source.revision)

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows, each with all columns of the table, in the transaction under way."""
        BulkInsert(table, *table.c.keys()).execute(self.connection, rows)

    def empty(self, tables: Iterable[Table]) -> None:
        """Delete all rows of tables in the transaction under way."""
        for table in tables:
            self.connection.execute(delete(table))

    def continue_ids(self, tables: Iterable[Table]) -> None:
        """Do nothing: a new row's id follows the largest one that is there."""

    def gather_statistics(self, tables: Iterable[Table]) -> None:
        """Do nothing: the plans of SQLite are to stay as they are, for which it has no statistics."""

    def close(self) -> None:
        """Let others write the file."""
        self.connection.close()
        self._lock.release()


def _exclusive_lock(path: Path) -> FileLock:
    try:
        return FileLock(path, exclusive=True)
    except InUseError:
        raise InUseError(f"{path} is in use: another command or the service has it open. Name another file.") from None
    except OSError as error:
        raise not_opened(error, path) from error


def _connection(path: Path) -> Connection:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=NullPool,
        connect_args={"timeout": sqlite.BUSY_SECONDS},
        hide_parameters=True,  # they are titles, errors and e-mails, and an exception's text reaches logs
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine.connect()


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    for pragma in sqlite.PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    connection.execute(_BEGIN)
