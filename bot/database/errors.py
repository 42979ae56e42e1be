"""Errors of the database's file: what SQLite cannot do, in words for the operator."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.database.lock_holder import lock_holder


class LedgerError(Exception):
    """The ledger cannot be used; the message says why and what to do."""


class UnusableError(LedgerError):
    """The database at a place cannot be used now, whatever was asked of it; `why` says so without the place.

    While it is `unreachable` it cannot even be read.
    """

    def __init__(self, why: str, place: object, *, locked: bool = False, unreachable: bool = False) -> None:
        super().__init__(f"{why}. The database is {place}. Run `neo-usage doctor` to check it.")
        self.why, self.locked, self.unreachable = why, locked, unreachable


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Raise UnusableError instead of what SQLite raises inside, where the file is what is wrong."""
    try:
        yield
    except sqlite3.Error as error:
        _reraise(error, error, path)
    except Exception as error:
        if type(error).__module__.startswith("sqlalchemy."):
            _reraise(error, getattr(error, "orig", None), path)
        raise


def _reraise(error: Exception, cause: object, path: Path) -> None:
    translate = _BY_CODE.get(_code(cause))
    if translate is None:
        raise error
    raise translate(path) from error


def is_locked(error: object) -> bool:
    """Return whether SQLite says that another connection has the lock."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: object) -> int:
    """Return SQLite's primary result code of an error; 0 if it has none."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def not_opened(error: OSError, path: Path) -> UnusableError:
    """Return what it means that the system refuses to create a file beside the database."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _full(path)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return _unwritable(path)
    return UnusableError(f"nothing can be written beside the database: {error.strerror or error}", path)


def _is_full(path: Path) -> bool:
    with suppress(OSError):
        filesystem = os.statvfs(path.resolve().parent)
        return filesystem.f_bavail * filesystem.f_frsize < 2**16
    return False


def is_read_only(directory: Path) -> bool:
    """Return whether this process cannot create a file in a directory."""
    return _is_mounted_read_only(directory) or not os.access(directory, os.W_OK)


def _is_mounted_read_only(directory: Path) -> bool:
    with suppress(OSError):
        return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
    return False


def _unwritable(path: Path) -> UnusableError:
    return UnusableError(f"the database cannot be written: {_why_read_only(path)}", path)


def _why_read_only(path: Path) -> str:
    real = path.resolve()
    if _is_mounted_read_only(real.parent):
        return "its disk is mounted read-only"
    if not os.access(real, os.W_OK):
        return "its file is read-only for the bot's user"
    if not os.access(real.parent, os.W_OK):
        return "its directory is read-only for the bot's user"
    return "it is read-only"


def _cannot_open(path: Path) -> UnusableError:
    return UnusableError(f"the database cannot be opened: {_why_not_opened(path)}", path)


def _why_not_opened(path: Path) -> str:
    real = path.resolve()
    if not real.parent.is_dir():
        return "its directory does not exist (any more)"
    if real.is_dir():
        return "it is a directory"
    if real.exists() and not os.access(real, os.R_OK):
        return "the bot's user may not read it"
    if _is_full(path):
        return "the disk is full"
    return _why_read_only(path)


def locked_error(path: Path) -> UnusableError:
    """Return the error to raise when waiting for a lock has taken too long; it names the holder."""
    who = lock_holder(path.resolve())
    return UnusableError(f"the database stays locked by {who}", path, locked=True)


def _full(path: Path) -> UnusableError:
    return UnusableError("the disk of the database is full", path)


def _failed(path: Path) -> UnusableError:
    if _is_full(path):
        return _full(path)
    return UnusableError("the disk of the database failed: it couldn't be read or written (I/O error)", path)


def _damaged(path: Path) -> UnusableError:
    return UnusableError("the database is damaged: restore a backup of it", path)


def _foreign(path: Path) -> UnusableError:
    return UnusableError("the database file isn't a database: something else was put in its place", path)


_BY_CODE: dict[int, Callable[[Path], UnusableError]] = {
    sqlite3.SQLITE_BUSY: locked_error,
    sqlite3.SQLITE_LOCKED: locked_error,
    sqlite3.SQLITE_FULL: _full,
    sqlite3.SQLITE_IOERR: _failed,
    sqlite3.SQLITE_READONLY: _unwritable,
    sqlite3.SQLITE_PERM: _unwritable,
    sqlite3.SQLITE_AUTH: _unwritable,
    sqlite3.SQLITE_CANTOPEN: _cannot_open,
    sqlite3.SQLITE_CORRUPT: _damaged,
    sqlite3.SQLITE_NOTADB: _foreign,
}
