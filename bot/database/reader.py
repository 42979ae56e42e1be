"""Readers: read-only connections beside the writer, which they neither block nor wait for."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from bot.database.errors import LedgerError, UnusableError, is_read_only, translated_errors
from bot.database.schema import newest_revision, stored_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection


Parameters = Sequence[Any] | Mapping[str, Any]  # by place (`?`) or by name (`:name`)


class Rows(list[tuple[Any, ...]]):
    """The rows of a query, with the methods of SQLAlchemy's result that are used here."""

    def all(self) -> list[tuple[Any, ...]]:
        """Return every row."""
        return self

    def first(self) -> tuple[Any, ...] | None:
        """Return the first row, None if there is none."""
        return self[0] if self else None


class Reader:
    """A read-only view of a ledger's file; within `with reader:` all queries see one consistent snapshot."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._connection.execute(sql, parameters or {}).fetchall()

    def exec_driver_sql(self, sql: str, parameters: "Parameters" = ()) -> Rows:
        """Return the rows of a query, as a connection of the writing side does."""
        return Rows(self._connection.execute(sql, parameters))

    def one(self, sql: str, parameters: Mapping[str, Any] | None = None) -> tuple[Any, ...] | None:
        """Return the first row of a query, None if there is none."""
        row: tuple[Any, ...] | None = self._connection.execute(sql, parameters or {}).fetchone()
        return row

    def __enter__(self) -> Self:
        self._connection.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()

    def interrupt(self) -> None:
        """Break off the query that another thread runs."""
        self._connection.interrupt()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def plain_rows(connection: "Reads", sql: str, parameters: "Parameters" = ()) -> Sequence[Any]:
    """Return all rows of a query as plain tuples, of a reader or of a transaction.

    It goes past SQLAlchemy, which takes most of the time of a short query, and a third of that of hundreds of rows.
    """
    if isinstance(connection, Reader):
        return connection.exec_driver_sql(sql, parameters)
    return driver_connection(connection).execute(sql, parameters).fetchall()


def driver_connection(connection: "Connection") -> sqlite3.Connection:
    """Return the driver's own connection beneath SQLAlchemy's."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError(f"not a connection of SQLite: {driver!r}")
    return driver


CACHE_KIB = 64_000  # for one question after another in a process of their own


def open_reader(path: Path, cache_kib: int = CACHE_KIB) -> Reader:
    """Open a ledger for reading.

    Raises:
        LedgerError: there is none, or its schema is not this code's.
        UnusableError: it cannot be read now.
    """
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path} yet. Run `neo-usage sync` first.")
    try:
        connection = _opened(path, "mode=ro", cache_kib)
    except UnusableError:
        if not _is_static(path):
            raise
        connection = _opened(path, "mode=ro&immutable=1", cache_kib)
    return Reader(connection)


def _opened(path: Path, how: str, cache_kib: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None, check_same_thread=False, timeout=30
    )
    try:
        with translated_errors(path):
            connection.execute(f"PRAGMA cache_size = -{cache_kib}")
            _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_static(path: Path) -> bool:
    """Return whether the directory is read-only and the log empty: then SQLite needs no file shared with writers."""
    real = path.resolve()
    log = real.with_name(f"{real.name}-wal")
    return is_read_only(real.parent) and not (log.exists() and log.stat().st_size)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    stored = stored_revision(connection)
    if stored is None:
        raise LedgerError(f"{path} holds no ledger yet. Run `neo-usage sync` first.")
    if stored < newest_revision():
        raise LedgerError(f"{path} is at schema {stored} of {newest_revision()}. Run `neo-usage db upgrade`.")
    if stored > newest_revision():
        raise LedgerError(f"{path} was written by a newer neo-usage (schema {stored}). Update this one.")


def file_bytes(path: Path) -> int:
    """Return the bytes of a ledger on disk, with those of its write-ahead log."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(each.stat().st_size for each in files if each.exists())


if TYPE_CHECKING:
    Reads = Connection | Reader  # a query runs on a reader or inside a transaction
