"""Errors of the database on either engine, and what SQLite cannot do with a file, in words for the operator."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

from bot.database.lock_holder import lock_holder

UNNAMED = "my database can't be used"
"""Why nothing can be done with it, in Slack, where more cannot be said."""


class LedgerError(Exception):
    """The ledger cannot be used; the message says why and what to do, and `why` says the former in Slack."""

    def __init__(self, message: str, *, why: str = UNNAMED) -> None:
        super().__init__(message)
        self.why = why


class ClosedError(LedgerError):
    """The database has been closed; nothing was done."""

    def __init__(self) -> None:
        super().__init__("the database has been closed: neo-usage is ending. Ask again once it has been started.")


class UnusableError(LedgerError):
    """The database at a place cannot be used now, whatever was asked of it; `why` says so without the place.

    `remedy` is what to do, "" if `why` says that too. While it is `unreachable` it cannot even be read.
    """

    def __init__(
        self, why: str, place: object, remedy: str = "", *, locked: bool = False, unreachable: bool = False
    ) -> None:
        message = f"{why}. The database is {place}. {remedy or 'Run `neo-usage doctor` to check it.'}"
        super().__init__(message, why=why)
        self.place, self.remedy = place, remedy
        self.locked, self.unreachable = locked, unreachable


class DamagedError(UnusableError):
    """The database at a place is lost: a backup has to take its place, the `newest` one if it is known."""

    def __init__(self, why: str, place: object, newest: Path | None = None) -> None:
        restored = "FILE` with a backup" if newest is None else f"{quote(str(newest))}`, the newest backup"
        super().__init__(why, place, f"Stop the bot, and run `neo-usage db restore {restored}.")


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


def engine_message(error: Exception) -> str | None:
    """Return what an engine or its driver says in an error of theirs; None of any other error."""
    if type(error).__module__.partition(".")[0] in {"sqlalchemy", "sqlite3"}:
        return str(getattr(error, "orig", None) or error)
    return None


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


def require_directory(path: Path) -> None:
    """Raise LedgerError if a database has no directory to be in."""
    if not path.parent.is_dir():
        raise LedgerError(f"there is no directory {path.parent} for the database. Create it, or correct DATABASE_URL.")


def require_writable_directory(path: Path) -> None:
    """Raise UnusableError if a database cannot be made where its directory is."""
    if is_read_only(path.resolve().parent):
        raise _unwritable(path)


def _unwritable(path: Path) -> UnusableError:
    why, remedy = _read_only_reason(path.resolve())
    return UnusableError(f"the database cannot be written: {why}", path, remedy)


def _read_only_reason(real: Path) -> tuple[str, str]:
    """Return why nothing can be written to a database, and what to do."""
    if _is_mounted_read_only(real.parent):
        return "its disk is mounted read-only", "Mount it for writing."
    for suffix in ("", "-wal", "-shm", ".lock"):
        each = real.with_name(real.name + suffix)
        if each.exists() and not os.access(each, os.W_OK):
            what = f"its file {each.name}" if suffix else "its file"
            return f"{what} is read-only for the bot's user", _access_remedy(each)
    if not os.access(real.parent, os.W_OK):
        why = "its directory is read-only for the bot's user"
        return why, f"SQLite keeps files beside the database: {_access_remedy(real.parent)}"
    return "it is read-only", ""


def _access_remedy(path: Path) -> str:
    """Return the command that lets this process's user read and write a file or directory."""
    user = os.geteuid()
    command = "chmod u+rw" if path.stat().st_uid == user else f"chown {user}"
    return f"`{command} {quote(str(path))}`"


def _cannot_open(path: Path) -> UnusableError:
    why, remedy = _not_opened_reason(path)
    return UnusableError(f"the database cannot be opened: {why}", path, remedy)


def _not_opened_reason(path: Path) -> tuple[str, str]:
    real = path.resolve()
    if not real.parent.is_dir():
        return "its directory does not exist (any more)", "Create it, or mount its disk."
    if real.is_dir():
        return "it is a directory", "Correct DATABASE_URL."
    if real.exists() and not os.access(real, os.R_OK):
        return "the bot's user may not read it", _access_remedy(real)
    if _is_full(path):
        return "the disk is full", _FREE_SPACE
    return _read_only_reason(real)


def locked_error(path: Path) -> UnusableError:
    """Return the error to raise when waiting for a lock has taken too long; it names the holder."""
    who = lock_holder(path.resolve())
    return UnusableError(f"the database stays locked by {who}", path, "Wait until it is done, or stop it.", locked=True)


def _full(path: Path) -> UnusableError:
    return UnusableError("the disk of the database is full", path, _FREE_SPACE)


_FREE_SPACE = "Free some space."


def _failed(path: Path) -> UnusableError:
    if _is_full(path):
        return _full(path)
    why = "the disk of the database failed: it couldn't be read or written (I/O error)"
    return UnusableError(why, path, "Check the disk and the system's log.")


def _damaged(path: Path) -> UnusableError:
    return DamagedError("the database is damaged: restore a backup of it", path)


def _foreign(path: Path) -> UnusableError:
    return DamagedError("the database file isn't a database: something else was put in its place", path)


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
