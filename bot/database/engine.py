"""The database: one writer and readers beside it, whichever engine keeps it."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.cancellation import cancel_and_wait
from bot.database.errors import LedgerError, UnusableError
from bot.database.fence import check_fence
from bot.database.reading import driver_needed
from bot.database.schema import OutgrownError, check_revision

if TYPE_CHECKING:
    from bot.database.postgres import PostgresDatabase
    from bot.database.sqlite import SqliteDatabase
    from bot.settings.database_place import DatabasePlace
    from bot.settings.postgres_address import PostgresAddress

R = TypeVar("R")

DATABASE_ERRORS = (LedgerError, SQLAlchemyError, sqlite3.Error)
"""What using the database may raise, whoever is to blame."""
DATABASE_FAILURES = (UnusableError, SQLAlchemyError, sqlite3.Error)
"""Those of them after which the same may succeed: not that another process has taken over, or a newer version."""

FINISH_SECONDS = 1.0  # that a cancellation waits for a transaction which is to be seen through


class Database(ABC):
    """A ledger's database, open for one writer and several readers."""

    _outgrown: OutgrownError | None = None

    @abstractmethod
    def overwrite_deleted(self) -> None:
        """Write anew what is stored, so that nothing deleted or replaced is left in the database's own files.

        Raises:
            UnusableError: somebody else uses the database for too long, or there is too little space.
        """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """Give a transaction in which nobody else writes; what is done inside is committed whole, or not at all.

        Raises:
            ClosedError: the database has been closed.
            UnusableError: the database cannot be written now; nothing was done.
        """

    async def write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in one transaction, in a thread, and return what it returns; inside of a fence, if that holds.

        Raises:
            OutgrownError: a newer version has changed the schema meanwhile; nothing was done.
        """
        return await asyncio.to_thread(self._write, work)

    def _write(self, work: Callable[[Connection], R]) -> R:
        with self.transaction() as connection:
            self._check(connection)
            return work(connection)

    def _check(self, connection: Connection) -> None:
        """Check that this process may write; the check of a fence looks at the schema, too, in one statement."""
        try:
            if not check_fence(connection):
                check_revision(connection)
        except OutgrownError as error:
            self._outgrown = error
            raise

    async def finish_write(self, work: Callable[[Connection], R]) -> R:
        """Run `work` as `write` does; a cancellation waits for it first, FINISH_SECONDS at most."""
        return await _finished(self.write(work))

    async def finish_release(self, work: Callable[[Connection], R]) -> R:
        """Run `work`, which only ends what this process has begun, such as a lease, as `finish_write` does.

        Neither a fence nor a newer schema keeps it from that. If the newer one knows no such thing, that raises an
        error of SQLAlchemy, and nothing is done.
        """
        return await _finished(asyncio.to_thread(self._release, work))

    def _release(self, work: Callable[[Connection], R]) -> R:
        with self.transaction() as connection:
            return work(connection)

    @abstractmethod
    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a thread over one snapshot, and return what it returns.

        Raises:
            LedgerError: there is no ledger, or not of this schema.
            UnusableError: it cannot be read now.
        """

    @abstractmethod
    async def yield_to_readers(self, seconds: float) -> None:
        """Wait until nothing is being read, for `seconds` at most, so that people go first."""

    async def clock_difference(self, clock: Callable[[], datetime]) -> timedelta:
        """Return how far the clock that all users of the database share is ahead of this process's clock.

        Raises:
            LedgerError: the database cannot be read.
        """
        del clock
        return timedelta(0)  # whoever uses a file is on its machine

    @property
    def final_error(self) -> LedgerError | None:
        """Why nothing can be written to it any more until neo-usage is started again; None as long as something can."""
        return self._outgrown

    @abstractmethod
    def close(self) -> None:
        """Interrupt what is being read, finish the transaction under way, and let go of the database."""


async def _finished(work: Coroutine[Any, Any, R]) -> R:
    """Return what a coroutine returns; a cancellation waits for it first, FINISH_SECONDS at most."""
    writing = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait({writing}, timeout=FINISH_SECONDS)
        await cancel_and_wait([writing], 0)
        raise


@overload
def open_database(place: Path, keep_former: Callable[[], None] | None = None) -> "SqliteDatabase": ...
@overload
def open_database(place: "PostgresAddress", keep_former: Callable[[], None] | None = None) -> "PostgresDatabase": ...
@overload
def open_database(place: "DatabasePlace", keep_former: Callable[[], None] | None = None) -> "Database": ...
def open_database(place: "DatabasePlace", keep_former: Callable[[], None] | None = None) -> "Database":
    """Open a ledger for writing, made if there is none, and migrated to the newest schema.

    `keep_former` is called before a ledger is migrated, while nobody else can write; if it raises, nothing is.

    Raises:
        LedgerError: it is no ledger, cannot be written, is being restored, or was written by a newer version.
    """
    if isinstance(place, Path):
        from bot.database.sqlite import open_file

        return open_file(place, keep_former)
    with driver_needed(place):
        from bot.database.postgres import open_server
    return open_server(place, keep_former)
