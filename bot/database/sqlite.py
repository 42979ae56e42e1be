"""A database in a file of SQLite: one writing connection, migrated before use, and a pool of readers beside it."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, TextClause, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from bot.database.after_commit import committed
from bot.database.compiled_statements import COMPILED
from bot.database.engine import Database
from bot.database.errors import (
    ClosedError,
    LedgerError,
    is_locked,
    locked_error,
    not_opened,
    require_directory,
    translated_errors,
)
from bot.database.file_lock import FileLock
from bot.database.private_files import make_private
from bot.database.read_engine import reader_pool
from bot.database.reader_pool import THREADS
from bot.database.upgrade import upgrade

R = TypeVar("R")

BUSY_SECONDS = 30.0  # how long a writer waits for another process's transaction, or for others of its own
_LOOK_SECONDS = 0.5  # between looks, while it waits, whether the database is being closed

# neither ANALYZE nor `optimize`, which runs it: with statistics SQLite may choose another plan from one day to the next
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a tenth of the speed, and no acknowledged commit lost to a power cut
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA cache_size = -12000",  # KiB; more gained nothing and grew with the ledger
)
_BEGIN = text("BEGIN IMMEDIATE")
_VACUUM = text("VACUUM")
_EMPTY_LOG = text("PRAGMA wal_checkpoint(TRUNCATE)")


class ReplacedFileError(LedgerError):
    """Another file is where the ledger was, or none: what is written to the open one would be lost."""


def replaced_file_error(path: object) -> ReplacedFileError:
    """Return the error to raise, which says what to do."""
    return ReplacedFileError(
        f"{path} is no longer the file that was opened: it was moved, deleted or replaced."
        " Nothing was written. Restart to use the present file."
    )


class SqliteDatabase(Database):
    """A ledger's file, open for one writer and several readers; made by `open_file`.

    Raises:
        InUseError: the ledger is being restored.
        OSError: nothing can be written beside it.
    """

    def __init__(self, path: Path, reader_threads: int = THREADS) -> None:
        self.path = path
        self._lock = FileLock(path)
        self._file: tuple[int, int] | None = None
        self._turn = threading.Lock()  # a waiter for the pool would not hear that the database is being closed
        self._closed = False
        self._engine = create_engine(
            URL.create("sqlite", database=str(path)),
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            hide_parameters=True,  # they are titles, errors and e-mails, and an exception's text reaches logs
            execution_options=COMPILED,
        )
        event.listen(self._engine, "connect", self._prepare)
        self._readers = reader_pool(path, reader_threads)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a transaction in which nobody else writes; what is done inside is committed whole, or not at all.

        Raises:
            ClosedError: the database has been closed.
            ReplacedFileError: the file is not where it was.
            UnusableError: the file is locked, full, read-only or broken; nothing was done.
        """
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise locked_error(self.path)
        try:
            if self._closed:
                raise ClosedError
            if self._is_replaced:
                raise replaced_file_error(self.path)
            with translated_errors(self.path), self._engine.connect() as connection:
                self._begin(connection)
                with committed(connection):
                    yield connection
        finally:
            self._turn.release()

    @property
    def final_error(self) -> LedgerError | None:
        """Why nothing can be written to it any more until neo-usage is started again; None as long as something can."""
        return replaced_file_error(self.path) if self._is_replaced else super().final_error

    @property
    def _is_replaced(self) -> bool:
        """Whether another file, or none, is where the open one was."""
        return self._file is not None and self._file != _identity(self.path)

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a thread over one snapshot, and return what it returns.

        Raises:
            LedgerError: there is no ledger, or not of this schema.
            UnusableError: it cannot be read now.
        """
        return await self._readers.read(work)

    async def yield_to_readers(self, seconds: float) -> None:
        """Wait until nothing is being read, for `seconds` at most, so that people go first."""
        await self._readers.wait_until_idle(seconds)

    def close(self) -> None:
        """Interrupt what is being read, finish the transaction under way, and close the file."""
        self._closed = True
        self._readers.close()
        with self._turn:
            self._engine.dispose()
        self._lock.release()

    def _prepare(self, connection: sqlite3.Connection, _record: object) -> None:
        # the driver's own transactions open too late and without IMMEDIATE: increments were lost
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * min(_LOOK_SECONDS, BUSY_SECONDS))}")
        self._file = self._file or _identity(self.path)

    def overwrite_deleted(self) -> None:
        """Write the file anew, and empty its log; raises UnusableError if others use it for too long, or it is full."""
        with self._turn, translated_errors(self.path), self._engine.connect() as connection:
            # with `secure_delete` and a checkpoint alone, parts of rows stay in the unused space of rearranged pages
            self._execute_alone(connection, _VACUUM)
            until = time.monotonic() + BUSY_SECONDS
            while connection.execute(_EMPTY_LOG).one()[0]:  # somebody reads the old pages
                if self._closed or time.monotonic() >= until:
                    raise locked_error(self.path)

    def _begin(self, connection: Connection) -> None:
        """Begin a transaction once no other process has one, BUSY_SECONDS at most and not while closing."""
        self._execute_alone(connection, _BEGIN)

    def _execute_alone(self, connection: Connection, statement: TextClause) -> None:
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.execute(statement)
            except OperationalError as error:
                if not is_locked(error.orig) or time.monotonic() >= until:
                    raise
                if self._closed:
                    raise ClosedError from error
            else:
                return


def open_file(path: Path, keep_former: Callable[[], None] | None = None) -> SqliteDatabase:
    """Open a ledger's file for writing, bringing its schema up to date; its files become their owner's alone.

    `keep_former` is called before the schema changes; if it raises, it does not.

    Raises:
        LedgerError: the file is not a ledger, or was written by a newer version.
        UnusableError: it cannot be written now.
    """
    require_directory(path)
    try:
        database = SqliteDatabase(path)
    except OSError as error:
        raise not_opened(error, path) from error
    make_private(path)
    try:
        with database.transaction() as connection:
            upgrade(connection, path, keep_former)
    except BaseException:
        database.close()
        raise
    return database


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at a path; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - before each transaction: half the time of `Path.stat`
    except OSError:
        return None
    return status.st_dev, status.st_ino
