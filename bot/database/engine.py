"""The database: one writing connection, migrated before use, and a pool of readers beside it."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL, Connection, create_engine, event, inspect
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from bot.cancellation import cancel_and_wait
from bot.database.errors import LedgerError, is_locked, locked_error, not_opened, translated_errors
from bot.database.file_lock import FileLock
from bot.database.private_files import make_private
from bot.database.reader_pool import THREADS, ReaderPool
from bot.database.schema import current_revision, newest_revision
from bot.shipped import shipped

R = TypeVar("R")

DATABASE_ERRORS = (LedgerError, SQLAlchemyError, sqlite3.Error)
"""What using the database may raise, whoever is to blame."""

BUSY_SECONDS = 30.0  # how long a writer waits for another process's transaction, or for others of its own
FINISH_SECONDS = 1.0  # that a cancellation waits for a transaction which is to be seen through
_LOOK_SECONDS = 0.5  # between looks, while it waits, whether the database is being closed

# neither ANALYZE nor `optimize`, which runs it: with statistics SQLite may choose another plan from one day to the next
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a tenth of the speed, and no acknowledged commit lost to a power cut
    "PRAGMA wal_autocheckpoint = 16000",
    "PRAGMA cache_size = -12000",  # KiB; more gained nothing and grew with the ledger
)


class ReplacedFileError(LedgerError):
    """Another file is where the ledger was, or none: what is written to the open one would be lost."""


class ClosedError(LedgerError):
    """The database has been closed; nothing was done."""

    def __init__(self) -> None:
        super().__init__("the database has been closed: neo-usage is ending. Ask again once it has been started.")


def replaced_file_error(path: Path) -> ReplacedFileError:
    """Return the error to raise, which says what to do."""
    return ReplacedFileError(
        f"{path} is not the file any more that was opened: it was moved, deleted, or another one put in its place."
        " Nothing is written to a file that nobody reads. Start again."
    )


class Database:
    """A ledger's file, open for one writer and several readers; made by `open_database`.

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
        )
        event.listen(self._engine, "connect", self._prepare)
        event.listen(self._engine, "begin", self._begin)
        self._readers = ReaderPool(path, reader_threads)

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
            if self.is_replaced:
                raise replaced_file_error(self.path)
            with translated_errors(self.path), self._engine.begin() as connection:
                yield connection
        finally:
            self._turn.release()

    @property
    def is_replaced(self) -> bool:
        """Whether another file, or none, is where the open one was."""
        return self._file is not None and self._file != _identity(self.path)

    async def write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in one transaction, in a thread, and return what it returns."""

        def in_transaction() -> R:
            with self.transaction() as connection:
                return work(connection)

        return await asyncio.to_thread(in_transaction)

    async def finish_write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` as `write` does; a cancellation waits for it first, FINISH_SECONDS at most."""
        writing = asyncio.ensure_future(self.write(work))
        try:
            return await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing}, timeout=FINISH_SECONDS)
            await cancel_and_wait([writing], 0)
            raise

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

    def _begin(self, connection: Connection) -> None:
        """Begin a transaction once no other process has one, BUSY_SECONDS at most and not while closing."""
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if not is_locked(error.orig) or time.monotonic() >= until:
                    raise
                if self._closed:
                    raise ClosedError from error
            else:
                return


def open_database(path: Path) -> Database:
    """Open a ledger for writing, bringing its schema up to date; its files become their owner's alone.

    Raises:
        LedgerError: the file is not a ledger, or was written by a newer version.
        UnusableError: it cannot be written now.
    """
    if not path.parent.is_dir():
        raise LedgerError(f"there is no directory {path.parent} for the database. Create it, or mend DATABASE_URL.")
    try:
        database = Database(path)
    except OSError as error:
        raise not_opened(error, path) from error
    make_private(path)
    try:
        upgrade(database)
    except BaseException:
        database.close()
        raise
    return database


def upgrade(database: Database) -> None:
    """Apply the migrations that the file lacks.

    Raises:
        LedgerError: the file is another program's, or was written by a newer version.
    """
    with database.transaction() as connection:
        stored = current_revision(connection)
        if stored == newest_revision():
            return
        if stored is None and inspect(connection).get_table_names():
            raise LedgerError(
                f"{database.path} holds another program's tables. Name a file of its own in DATABASE_URL."
            )
        if stored is not None and stored > newest_revision():
            raise LedgerError(f"{database.path} was written by a newer neo-usage (schema {stored}). Update this one.")
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(shipped("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _identity(path: Path) -> tuple[int, int] | None:
    """Return the device and inode of the file at a path; None if there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - before each transaction: half the time of `Path.stat`
    except OSError:
        return None
    return status.st_dev, status.st_ino
