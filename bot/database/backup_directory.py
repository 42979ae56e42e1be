"""The directory of scheduled backups: a file each, named once it is verified; then the oldest are removed."""

import re
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import disk_usage
from threading import Event
from typing import TYPE_CHECKING

from bot.database.backup import backup, remove_database
from bot.database.errors import LedgerError
from bot.database.file_lock import FileLock, InUseError

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

_DATE, _TIME = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", r"(?:[01]\d|2[0-3])[0-5]\d[0-5]\d"
_NAME = rf"neo-usage-{_DATE}T{_TIME}Z\.db"  # its moment is UTC, so that names sort by age
_MOMENT = "neo-usage-%Y-%m-%dT%H%M%SZ.db"
_UNFINISHED = rf"({_NAME}\.(?:neo-usage-)?part)(?:-wal|-shm|-journal|\.lock)?"
_HEADER = struct.Struct(">16s H 10x I")  # its first words, the bytes of a page (1: 65,536), how many pages there are
_SQLITE = b"SQLite format 3\0"
_LARGEST_PAGE = 65_536
_LOCK = "neo-usage-backups"
_SPARE_BYTES = 200 * 2**20  # that a backup leaves free on the disk of the database: less is an incident


def backups_in(directory: Path) -> list[Path]:
    """Return the backups in a directory of scheduled backups, oldest first; none if there is no directory.

    Raises:
        OSError: it cannot be read.
    """
    return _files(directory, _NAME) if directory.is_dir() else []


def newest_backup(directory: Path) -> Path | None:
    """Return the newest backup in a directory of scheduled backups; None if there is none, or it cannot be read.

    One that is empty, cut off, something else or can't be read is returned only where there is no other.
    """
    try:
        newest_first = backups_in(directory)[::-1]
    except OSError:
        return None  # the next backup says what is wrong with it
    return next(filter(_is_whole_database, newest_first), next(iter(newest_first), None))


def _is_whole_database(path: Path) -> bool:
    with suppress(OSError, struct.error), path.open("rb") as file:
        words, page_bytes, pages = _HEADER.unpack(file.read(_HEADER.size))
        size = pages * (_LARGEST_PAGE if page_bytes == 1 else page_bytes)
        return bool(words == _SQLITE and 0 < size <= path.stat().st_size)
    return False


def backups_by_moment(directory: Path) -> dict[datetime, int] | None:
    """Return how many bytes each backup in a directory of scheduled backups has, by when it was made, oldest first.

    None of a directory that is gone, as its disk may be for a while, or that cannot be read.
    """
    found = {}
    try:
        for each in _files(directory, _NAME):
            with suppress(ValueError):  # no such date
                found[datetime.strptime(each.name, _MOMENT).replace(tzinfo=UTC)] = each.stat().st_size
    except OSError:  # the next backup says what is wrong with it
        return None
    return found


class BusyDirectoryError(LedgerError):
    """Another process writes a backup into the directory."""


@dataclass(frozen=True, slots=True)
class BackupDirectory:
    """A directory for the last `keep` backups of a ledger; other files in it are left alone.

    What it raises names the setting BACKUP_DIR instead of a path, so that operators can be told in Slack.
    """

    path: Path
    keep: int

    def add(
        self, source: "DatabasePlace", size: int, now: datetime, check: Callable[[Path], None], stop: Event
    ) -> tuple[Path, int]:
        """Write a backup of a ledger of `size` bytes, and remove the oldest; return where it is, and its size.

        Raises:
            BusyDirectoryError: another process is writing one; nothing was done.
            LedgerError: it could not be written, or did not pass the check; earlier ones are kept.
        """
        with self._locked():
            try:
                target = self._prepare(source, size, now)
                written = backup(source, target, check, stop)
            except LedgerError as error:
                raise LedgerError(_reason(error)) from error
            except OSError as error:
                raise _unusable(error) from error
            self._remove_oldest(source, target)
        return target, written

    def _prepare(self, source: "DatabasePlace", size: int, now: datetime) -> Path:
        """Make room for a backup of `now`, and return where it goes."""
        self._remove_unfinished()
        self._check_room(source, size)
        target = self.path / now.astimezone(UTC).strftime(_MOMENT)
        if target.exists():
            raise LedgerError(f"BACKUP_DIR already has a file {target.name}. Move it away.")
        return target

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self.path.is_file():
            raise LedgerError("BACKUP_DIR is a file. Name a directory.")
        if not self.path.is_dir():
            raise LedgerError("BACKUP_DIR doesn't exist. Create it, or mount its disk.")
        try:
            lock = FileLock(self.path / _LOCK, exclusive=True)
        except InUseError as error:
            raise BusyDirectoryError("another process is writing a backup into BACKUP_DIR.") from error
        except OSError as error:
            raise _unusable(error) from error
        try:
            yield
        finally:
            lock.release()

    def _check_room(self, source: "DatabasePlace", size: int) -> None:
        """Raise LedgerError if the copy does not fit, or would leave too little to a database on the same disk."""
        shared = isinstance(source, Path) and source.stat().st_dev == self.path.stat().st_dev
        needed, free = size + _SPARE_BYTES * shared, disk_usage(self.path).free
        if free < needed:
            reserve = " and keeps 200 MB free for the database" if shared else ""
            raise LedgerError(
                f"the disk of BACKUP_DIR has too little space: {_megabytes(free)} are free, and a backup needs"
                f" {_megabytes(size)}{reserve}. Free some, or lower BACKUP_KEEP."
            )

    def _remove_unfinished(self) -> None:
        """Remove what interrupted backups have left."""
        for each in _files(self.path, _UNFINISHED):
            remove_database(self.path / str(re.fullmatch(_UNFINISHED, each.name)[1]))  # type: ignore[index]

    def _remove_oldest(self, source: "DatabasePlace", written: Path) -> None:
        """Remove the oldest, but not what was just written: a clock that ran ahead may have dated others later.

        What can't be removed stays: there is a backup, and the next one says if there is too little space.
        """
        with suppress(OSError):
            for each in _files(self.path, _NAME)[: -self.keep]:
                if each != written and not (isinstance(source, Path) and each.samefile(source)):
                    each.unlink(missing_ok=True)


def _files(directory: Path, pattern: str) -> list[Path]:
    """Return the files that this program named so, oldest first; never a link or a directory."""
    files = (each for each in directory.iterdir() if re.fullmatch(pattern, each.name))
    return sorted(each for each in files if each.is_file() and not each.is_symlink())


def _unusable(error: OSError) -> LedgerError:
    return LedgerError(f"I can't read or write BACKUP_DIR ({error.strerror}).")


def _reason(error: LedgerError) -> str:
    """Return why a backup failed, without the path that the error names."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
        return "the disk of BACKUP_DIR is full. Free some space, or lower BACKUP_KEEP."
    if isinstance(cause, OSError):
        return str(_unusable(cause))
    return f"it couldn't be written ({cause})." if isinstance(cause, sqlite3.Error) else str(error)


def _megabytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MB"
