"""A database on a PostgreSQL server: one writer at a time among all who use it, and readers beside it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from bot.database.after_commit import committed
from bot.database.answer_limit import LimitedConnection
from bot.database.engine import Database
from bot.database.errors import ClosedError, UnusableError
from bot.database.long_statements import long_statements
from bot.database.postgres_connections import cut, interrupt, read_engine, write_engine
from bot.database.postgres_errors import ConflictError, LostConnectionError, sqlstate, translated_errors
from bot.database.postgres_schema import WRITER_LOCK, check_schema, check_server, forget_statistics, sort_text_binary
from bot.database.reader_pool import THREADS, ReaderPool
from bot.database.schema import current_revision, require_newest, require_whole
from bot.database.shared_time import shared_time
from bot.database.upgrade import upgrade
from bot.domain.timestamps import from_us
from bot.settings.postgres_address import PostgresAddress

R = TypeVar("R")

BUSY_SECONDS = 30.0  # how long a writer waits for another process's transaction, or for others of its own
FROZEN_SECONDS = 20.0  # a process that does nothing for as long in a transaction loses it, and the lock with it
CLOSE_SECONDS = 3.0  # that the transaction under way has to end
ATTEMPTS = 4  # at a transaction that another program's got in the way of
_LOOK_SECONDS = 0.02
_INTERRUPTED = "57014"

# The lock comes first and the isolation is READ COMMITTED: a snapshot that was taken before the lock would miss what
# the writer before has committed.
_BEGIN = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :frozen, true),"
    f" pg_advisory_xact_lock({WRITER_LOCK})"
)

# a process that writes a backup is not frozen
_WAIT_FOR_COPY = text("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
_SET_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', :wait, false)")
_SERVER_TIME = select(shared_time("own_time"))


class PostgresDatabase(Database):
    """A ledger's database on a server, open for one writer and several readers; made by `open_server`."""

    def __init__(self, address: PostgresAddress, reader_threads: int = THREADS) -> None:
        self.address = address
        self._translated_errors = partial(translated_errors, address)
        self._turn = threading.Lock()
        self._closed = threading.Event()
        self._engine = write_engine(address)
        self._waiting: LimitedConnection | None = None  # for the lock
        self._writing: LimitedConnection | None = None
        self._readers = ReaderPool(
            read_engine(address, reader_threads), interrupt, self._translated_errors, reader_threads, cut=cut
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a transaction in which nobody else writes; what is done inside is committed whole, or not at all.

        Raises:
            ClosedError: the database has been closed.
            UnusableError: the server is not there, full, read-only or busy; nothing was done.
        """
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise UnusableError("the database stays locked by the bot itself", self.address, locked=True)
        try:
            with self._translated_errors(), self._begun() as connection, committed(connection):
                yield connection
        finally:
            self._writing = None
            self._turn.release()

    def overwrite_deleted(self) -> None:
        """Write all tables anew, each locked for as long; raises UnusableError if others use one for too long.

        The planner's statistics, which hold values of columns, are made anew, too.
        """
        with self._turn, self._translated_errors(), self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            driver_connection(connection).answer_seconds = None
            try:
                connection.execute(_SET_LOCK_TIMEOUT, {"wait": _milliseconds(BUSY_SECONDS)})
                for table in inspect(connection).get_table_names():
                    connection.execute(text(f'VACUUM (FULL, ANALYZE) "{table}"'))
                forget_statistics(connection)
            finally:
                plain.invalidate()  # the next transaction has a connection without these options

    def _begun(self) -> Connection:
        """Return a connection that has the lock; one that the server has ended since it was used is replaced."""
        try:
            return self._locked()
        except DBAPIError as error:
            if not error.connection_invalidated or self._closed.is_set():
                raise
        return self._locked()

    def _locked(self) -> Connection:
        if self._closed.is_set():
            raise ClosedError
        connection = self._engine.connect()
        try:
            self._writing = self._waiting = driver_connection(connection)
            connection.execute(_BEGIN, {"wait": _milliseconds(BUSY_SECONDS), "frozen": _milliseconds(FROZEN_SECONDS)})
        except BaseException as error:
            connection.close()
            if self._closed.is_set() and isinstance(error, DBAPIError) and sqlstate(error) == _INTERRUPTED:
                raise ClosedError from error
            raise
        finally:
            self._waiting = None
        return connection

    def _write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in one transaction; again, if another program's transaction was in the way."""
        for _ in range(ATTEMPTS - 1):
            try:
                return super()._write(work)
            except ConflictError:
                continue
        return super()._write(work)

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a thread over one snapshot, and return what it returns; again, if the connection was lost.

        Raises:
            UnusableError: it cannot be read now.
        """
        whole = partial(_whole, work)
        try:
            return await self._readers.read(whole)
        except LostConnectionError:
            if self._closed.is_set():
                raise
        return await self._readers.read(whole)

    async def clock_difference(self, clock: Callable[[], datetime]) -> timedelta:
        """Return how far the server's clock is ahead of this process's clock; never wrong by more than the answer took.

        Raises:
            UnusableError: the server cannot be asked now.
        """
        asked = clock()
        microseconds = await self.read(lambda connection: int(connection.execute(_SERVER_TIME).scalar_one()))
        answered = clock()
        return from_us(microseconds) - asked - (answered - asked) / 2

    async def yield_to_readers(self, seconds: float) -> None:
        """Wait until nothing is being read, for `seconds` at most, so that people go first."""
        await self._readers.wait_until_idle(seconds)

    def close(self) -> None:
        """Interrupt what is being read, finish the transaction under way (CLOSE_SECONDS at most), and disconnect."""
        self._closed.set()
        self._readers.close()
        until = time.monotonic() + CLOSE_SECONDS
        while not self._turn.acquire(timeout=_LOOK_SECONDS):
            if (waiting := self._waiting) is not None:
                interrupt(waiting)
            elif time.monotonic() > until and (writing := self._writing) is not None:
                cut(writing)
        self._turn.release()
        self._engine.dispose()


def _whole(work: Callable[[Connection], R], connection: Connection) -> R:
    """Run `work`, and commit what is no change: at a rollback the driver forgets the statements it has prepared."""
    result = work(connection)
    connection.commit()
    return result


def _milliseconds(seconds: float) -> str:
    return f"{round(1000 * seconds)}ms"


def driver_connection(connection: Connection) -> LimitedConnection:
    """Return the driver's connection that a connection uses."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, LimitedConnection)  # noqa: S101 - for the type
    return driver


def open_server(address: PostgresAddress, keep_former: Callable[[], None] | None = None) -> PostgresDatabase:
    """Open a ledger on a server for writing, made if there is none, and migrated to the newest schema.

    `keep_former` is called before the schema changes; if it raises, it does not.

    Raises:
        LedgerError: the database is another program's or a newer version's.
        UnusableError: it cannot be written now, or its server is too old.
    """
    database = PostgresDatabase(address)
    try:
        with database.transaction() as connection:
            check_server(connection, address)
            _upgrade(connection, address, None if keep_former is None else partial(_keep, keep_former, connection))
    except BaseException:
        database.close()
        raise
    return database


def try_making(address: PostgresAddress) -> None:
    """Check that a ledger can be made in an empty database: it is made in a transaction that is undone.

    Raises:
        LedgerError: the database is another program's.
        UnusableError: it cannot be written now, its user lacks a right, or its server is too old.
    """
    with closing(PostgresDatabase(address)) as database, database.transaction() as connection:
        check_server(connection, address)
        _upgrade(connection, address)
        connection.rollback()


def _keep(keep_former: Callable[[], None], connection: Connection) -> None:
    connection.execute(_WAIT_FOR_COPY)
    keep_former()


def _upgrade(connection: Connection, address: PostgresAddress, keep_former: Callable[[], None] | None = None) -> None:
    """Bring the schema up to date, however long a statement takes: a large table may have to be written anew."""
    with long_statements(connection):
        if upgrade(connection, address, keep_former):
            sort_text_binary(connection)


def open_reader(address: PostgresAddress) -> Connection:
    """Open a ledger for reading, in one snapshot from the first statement until it is closed or rolled back.

    Raises:
        LedgerError: there is none, or its schema is not this code's.
        UnusableError: it cannot be read now.
    """
    return _opened(address, require_newest)


def open_any_schema(address: PostgresAddress) -> Connection:
    """Open a ledger for reading as `open_reader` does, whichever version wrote it.

    Raises:
        LedgerError: there is none, or a copy that is not finished.
        UnusableError: it cannot be read now.
    """
    return _opened(address, require_whole)


def _opened(address: PostgresAddress, require: Callable[[str | None, PostgresAddress], object]) -> Connection:
    with translated_errors(address):
        connection = read_engine(address, 0).connect()
        try:
            revision = current_revision(connection)
            if revision is None:
                check_schema(connection, address)
            require(revision, address)
        except BaseException:
            connection.close()
            raise
    return connection
