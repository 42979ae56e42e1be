"""Reading: plain read-only connections beside the writer; they never block it nor wait for it."""

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
    """What a query found, as the writing side's connections give it."""

    def all(self) -> list[tuple[Any, ...]]:
        """Every row."""
        return self

    def first(self) -> tuple[Any, ...] | None:
        """The first row, if any."""
        return self[0] if self else None


class Reader:
    """A read-only view of a ledger's file; each answer is one consistent snapshot within `snapshot`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters or {}).fetchall()

    def exec_driver_sql(self, sql: str, parameters: "Parameters" = ()) -> Rows:
        """A query that the writing side asks too, within its transactions."""
        return Rows(self._connection.execute(sql, parameters))

    def one(self, sql: str, parameters: Mapping[str, Any] | None = None) -> tuple[Any, ...] | None:
        """The first row of a query, if any."""
        row: tuple[Any, ...] | None = self._connection.execute(sql, parameters or {}).fetchone()
        return row

    def __enter__(self) -> Self:
        self._connection.execute("BEGIN")
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.rollback()

    def interrupt(self) -> None:
        """Break off the query that another thread is at."""
        self._connection.interrupt()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


def plain_rows(connection: "Reads", sql: str, parameters: "Parameters" = ()) -> Sequence[Any]:
    """All rows of a query as plain tuples, on either side; a transaction's own, without what SQLAlchemy adds to it.

    Of a short query that is most of the time, and of hundreds of rows a third.
    """
    if isinstance(connection, Reader):
        return connection.exec_driver_sql(sql, parameters)
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the only one there is
    return driver.execute(sql, parameters).fetchall()


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
        if not _lies_still(path):
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


def _lies_still(path: Path) -> bool:
    """Whether nobody can write beside it, nor has, so that SQLite needs no file to share with writers."""
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
    """What a ledger takes on disk, with what was written and not yet folded in."""
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(each.stat().st_size for each in files if each.exists())


if TYPE_CHECKING:
    Reads = Connection | Reader  # what only reads does so on either side
