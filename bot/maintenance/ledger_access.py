"""The ledger at its place: opened for reading or writing, made or upgraded first, and replaced by a copy."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.database.backup_directory import newest_backup
from bot.database.errors import DamagedError, LedgerError, UnusableError
from bot.database.place import absence, is_upgraded_by_opening
from bot.database.reading import driver_needed, open_reader, translated_errors
from bot.ledger.pricing_unit import check_unit, require_unit

if TYPE_CHECKING:
    from bot.capability import Capability
    from bot.database.engine import Database
    from bot.domain.pricing import ByokUnit
    from bot.outbox.restore import RestoredMessages
    from bot.settings.database_place import DatabasePlace
    from bot.settings.postgres_address import PostgresAddress


OnKept = Callable[[Path], None]
"""Told where a copy of the former ledger is kept."""


def _ignore(_: Path) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class LedgerAccess:
    """The ledger at a place. `clock` gives aware times; `capabilities` are built over the ledger once it is open.

    `backups` is where scheduled backups go: where there are some, no new ledger takes the place of a lost one.
    """

    place: "DatabasePlace"
    unit: "ByokUnit"
    clock: Callable[[], datetime]
    capabilities: "Callable[[Database], Sequence[Capability]]"
    backups: Path | None = None

    @contextmanager
    def reader(self) -> Iterator[Connection]:
        """Open the ledger for reading, upgraded first if an older version wrote it.

        Raises:
            LedgerError: there is none, or it is priced in another unit.
            UnusableError: it cannot be read now.
        """
        with self._naming_newest_backup(), closing(self._open_reader()) as connection, translated_errors(self.place):
            check_unit(connection, self.unit)
            yield connection

    def _open_reader(self) -> Connection:
        try:
            return open_reader(self.place)
        except LedgerError as error:
            if not is_upgraded_by_opening(self.place, error):
                if not isinstance(error, UnusableError):
                    self.require_not_lost()
                raise
        with self.database():
            return open_reader(self.place)

    @contextmanager
    def database(self, *, keeps_former: bool = True, on_kept: OnKept = _ignore) -> "Iterator[Database]":
        """Open the ledger for writing, made or upgraded first; raises LedgerError if it cannot be written.

        Before an upgrade a copy is kept, of a ledger on a server only where there is a directory for backups, unless
        `keeps_former` is False; `on_kept` is told where.
        """
        self.require_not_lost()
        with self._naming_newest_backup():
            database, _ = self._open_database(partial(self._keep_former, on_kept) if keeps_former else None)
            with closing(database):
                yield database

    @property
    def newest_backup(self) -> Path | None:
        """The newest of the scheduled backups; None if there is none, or their directory cannot be read."""
        return None if self.backups is None else newest_backup(self.backups)

    @contextmanager
    def _naming_newest_backup(self) -> Iterator[None]:
        """Name the backup to restore where the ledger turns out to be damaged inside."""
        try:
            yield
        except DamagedError as error:
            if (newest := self.newest_backup) is None:
                raise
            raise DamagedError(error.why, error.place, newest) from error

    def require_not_lost(self) -> None:
        """Check that there is a ledger, or has never been one.

        Raises:
            LedgerError: there is none, but backups of one; or a server cannot be asked.
        """
        newest = self.newest_backup
        if newest is not None and absence(self.place) is not None:
            is_file = isinstance(self.place, Path)
            move = "" if is_file else " To move one here, run `neo-usage db copy FROM DATABASE_URL`."
            raise LedgerError(
                f"there is no ledger at {self.place}, but BACKUP_DIR has backups of one. Put the newest back:"
                f" `neo-usage db restore {quote(str(newest))}`.{move} To begin a new ledger, name another BACKUP_DIR.",
                why="my database is gone. BACKUP_DIR has backups of it",
            )

    def open_for_booking(self, on_kept: OnKept = _ignore) -> "Database":
        """Return the ledger for writing, priced in the unit that is set; the caller closes it.

        `on_kept` is told where a copy is kept if the ledger is upgraded first.

        Raises:
            LedgerError: it cannot be written, or is priced in another unit.
        """
        self.require_not_lost()
        with self._naming_newest_backup():
            database, _ = self._open_database(partial(self._keep_former, on_kept))
            try:
                self._prepare(database)
            except BaseException:
                database.close()
                raise
        return database

    def _prepare(self, database: "Database") -> None:
        with database.transaction() as connection:
            require_unit(connection, self.unit)
            for capability in self.capabilities(database):
                if capability.upkeep.prepare is not None:
                    capability.upkeep.prepare(connection)

    def restore(self, source: Path) -> "tuple[Path | None, RestoredMessages | None]":
        """Put a copy in the ledger's place; return where the former one is kept, and what becomes of messages.

        Raises:
            LedgerError: as `database.restore.restore`.
        """
        if not isinstance(self.place, Path):
            return self._restore_server(source, self.place)
        from bot.database.restore import restore

        kept = restore(source, self.place)
        database, messages = self._open_database(None)  # what was restored is kept as it is
        database.close()
        return kept, messages

    def _restore_server(
        self, source: Path, address: "PostgresAddress"
    ) -> "tuple[Path | None, RestoredMessages | None]":
        """Restore a ledger on a server as `restore` does, and take over what the former one knew, in one step.

        What is there is not opened as a ledger, for it may be of a newer version, or damaged.
        """
        with driver_needed(address):
            from bot.database.postgres import PostgresDatabase
            from bot.database.server_restore import restored_server
        from bot.maintenance.restore import take_over_former

        with (
            closing(PostgresDatabase(address)) as database,
            restored_server(source, address) as (connection, kept),
        ):
            return kept, take_over_former(connection, lambda: self.capabilities(database), self.clock())

    def mark_restored(self) -> "RestoredMessages | None":
        """Treat a ledger that other tools have put back as `restore` treats a copy; return what becomes of messages.

        It gets an id of its own, and what it may have posted since the copy was made is looked for in Slack.

        Raises:
            InUseError: somebody else has it open.
            LedgerError: there is none, or it cannot be written.
        """
        from bot.database.place import require_ledger, require_unused
        from bot.database.restored_ledger import mark_restored
        from bot.maintenance.restore import take_over_former

        require_ledger(self.place)
        require_unused(self.place)
        database, _ = self._open_database(partial(self._keep_former, _ignore))
        with closing(database), database.transaction() as connection:
            mark_restored(connection, "")
            return take_over_former(connection, lambda: self.capabilities(database), self.clock())

    def _keep_former(self, on_kept: OnKept) -> None:
        """Keep a copy of the ledger before it is upgraded, if there is somewhere to keep it."""
        from bot.database.former_copy import former_place, keep_former

        where = former_place(self.place, self.backups)
        if where is not None:
            on_kept(keep_former(self.place, where))

    def _open_database(self, keep_former: Callable[[], None] | None) -> "tuple[Database, RestoredMessages | None]":
        """Return the ledger, and what becomes of messages if it was restored since it was last opened.

        `keep_former` is called before an upgrade, as by `open_database`.
        """
        from bot.database.engine import open_database
        from bot.maintenance.restore import finish_restore

        database = open_database(self.place, keep_former)
        try:
            messages = finish_restore(database, lambda: self.capabilities(database), self.clock())
        except BaseException:
            database.close()
            raise
        return database, messages
