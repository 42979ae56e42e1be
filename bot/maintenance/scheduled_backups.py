"""Scheduled backups: once a local day a copy of the ledger is written into BACKUP_DIR, and verified."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.database.backup_directory import BackupDirectory, BusyDirectoryError, backups_by_moment
from bot.database.backup_record import BackupRecord, backup_record, found_backups, write_backup_record
from bot.database.engine import Database
from bot.database.errors import LedgerError
from bot.database.facts import database_bytes
from bot.domain.periods import latest_time_of_day
from bot.ledger.task_queries import newest_creation
from bot.ledger.verification import verify

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace
    from bot.settings.model import Settings

log = structlog.get_logger(__name__)

_RETRY = timedelta(hours=1)  # after one that failed
_NIGHTLY = timedelta(hours=1)  # after BACKUP_AT, in which a ledger without tasks is backed up, too


def is_due(record: BackupRecord, at: time, now: datetime, zone: ZoneInfo) -> bool:
    """Return whether there is none since it was last `at`; one that failed is tried again an hour later.

    A recorded time in the future was dated by a clock that ran ahead, and does not count.
    """
    is_recent = record.made_at is not None and latest_time_of_day(at, now, zone) <= record.made_at <= now
    if is_recent and not record.failure:
        return False
    has_failed = record.failure and record.tried_at is not None
    return not (has_failed and timedelta(0) <= now - (record.tried_at or now) < _RETRY)


@dataclass(frozen=True, slots=True)
class ScheduledBackups:
    """The scheduled backups of a ledger; `directory` is None if there are to be none, `clock` gives aware times."""

    directory: BackupDirectory | None
    at: time
    zone: ZoneInfo
    place: "DatabasePlace"
    database: Database
    clock: Callable[[], datetime]

    @classmethod
    def from_settings(
        cls, settings: "Settings", database: Database, clock: Callable[[], datetime]
    ) -> "ScheduledBackups":
        """Return those that the settings ask for."""
        path = settings.backup_dir
        directory = None if path is None else BackupDirectory(path, settings.backup_keep)
        return cls(directory, settings.backup_at, settings.timezone, settings.database, database, clock)

    async def tick(self) -> None:
        """Record which backup is the newest, write one if it is due, and record what became of it.

        A backup that failed is logged, and so is one that is gone.

        Raises:
            LedgerError: the ledger cannot be read or written; or SQLite's errors, where it cannot be used.
        """
        if self.directory is None:
            return
        now = self.clock().replace(microsecond=0)  # as in the names of backups
        former = await self._found(self.directory.path, now)
        if not is_due(former, self.at, now, self.zone) or await self._is_too_early(former, now):
            return
        await self._record(replace(former, tried_at=now))
        size = await self.database.read(database_bytes)
        try:
            path, written = await self._write(self.directory, size, now)
        except BusyDirectoryError as error:
            log.info("the backup waits", why=str(error))
        except LedgerError as error:
            log.warning("the backup failed", why=str(error), directory=str(self.directory.path))
            await self._record(replace(former, tried_at=now, failure=str(error)))
        else:
            log.info("wrote a backup", file=str(path), bytes=written)
            await self._record(BackupRecord(now, now, written))

    async def _found(self, directory: Path, now: datetime) -> BackupRecord:
        """Return the record, brought in line with what is in the directory first."""
        recorded = await self.database.read(backup_record)
        found = found_backups(recorded, await asyncio.to_thread(backups_by_moment, directory), now)
        if found != recorded:
            await self._record(found)
            if recorded.made_at is not None and (found.made_at is None or found.made_at < recorded.made_at):
                log.warning("the last backup is gone", made=recorded.made_at.isoformat(), directory=str(directory))
        return found

    async def _is_too_early(self, former: BackupRecord, now: datetime) -> bool:
        """Return whether the first backup, at a first start, would hold no task, since none was read yet.

        That of the night is made all the same: while Neo can't be read, people set budgets.
        """
        is_night = now - latest_time_of_day(self.at, now, self.zone) < _NIGHTLY
        if former.tried_at is not None or is_night:
            return False
        return await self.database.read(newest_creation) is None

    async def _record(self, record: BackupRecord) -> None:
        await self.database.write(partial(write_backup_record, record=record))

    async def _write(self, directory: BackupDirectory, size: int, now: datetime) -> tuple[Path, int]:
        """Write and verify the backup in a thread, which ends soon if this is cancelled."""
        stop = Event()
        try:
            return await asyncio.to_thread(directory.add, self.place, size, now, partial(_check, stop), stop)
        finally:
            stop.set()


def _check(stop: Event, copy: Path) -> None:
    broken = [law for law, breaches in verify(copy, stop).items() if breaches]
    if broken:
        raise LedgerError(f"the copy doesn't pass its check ({'; '.join(broken)}). Check the database.")
