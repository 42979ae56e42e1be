"""Trouble with the database's file: what SQLite cannot do, in words, and which process stands in the way."""

import errno
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.domain.text import one_line

_WRITE_LOCK = 120  # the byte of the -shm file that whoever writes has locked (SQLite's wal.c)
_RESERVED = 0x40000001  # and the byte of the database itself, without a write-ahead log
_LOCK = re.compile(r"^\d+: POSIX +ADVISORY +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$", re.MULTILINE)


class LedgerError(Exception):
    """The ledger cannot be used; the message says why and what to do."""


class UnusableError(LedgerError):
    """The database cannot be used now, through nobody's request. `why` says so without a path, for people."""

    def __init__(self, why: str, path: Path, *, locked: bool = False) -> None:
        super().__init__(f"{why}. It is {path}; `neo-usage doctor` looks.")
        self.why, self.locked = why, locked


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Have what SQLite raises inside, if the file is what is wrong, raised as UnusableError."""
    try:
        yield
    except sqlite3.Error as error:
        _reraise(error, error, path)
    except Exception as error:
        if type(error).__module__.startswith("sqlalchemy."):
            _reraise(error, getattr(error, "orig", None), path)
        raise


def _reraise(error: Exception, cause: object, path: Path) -> None:
    if isinstance(cause, sqlite3.Error):
        found = _found(getattr(cause, "sqlite_errorcode", 0), path)
    else:  # a transaction before ours waits for the lock; ours has waited for that one's connection
        found = _locked(path) if type(error).__name__ == "TimeoutError" else None
    if found is None:
        raise error
    raise found from error


def _found(code: int, path: Path) -> UnusableError | None:  # noqa: PLR0911 - a kind each
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _locked(path)
        case sqlite3.SQLITE_FULL:
            return UnusableError("the disk of the database is full", path)
        case sqlite3.SQLITE_IOERR if _is_full(path):
            return UnusableError("the disk of the database is full", path)
        case sqlite3.SQLITE_IOERR:
            return UnusableError("the disk of the database fails: it could not be read or written (I/O error)", path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return _unwritable(path)
        case sqlite3.SQLITE_CANTOPEN:
            return UnusableError(f"the database cannot be opened: {_unopened(path)}", path)
        case sqlite3.SQLITE_CORRUPT:
            return UnusableError("the database is damaged: restore a backup of it", path)
        case sqlite3.SQLITE_NOTADB:
            return UnusableError("the file of the database is none: something else was put in its place", path)
    return None


def not_opened(error: OSError, path: Path) -> UnusableError:
    """What the system's refusal to make a file beside the database means."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return UnusableError("the disk of the database is full", path)
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return _unwritable(path)
    return UnusableError(f"nothing can be written beside the database: {error.strerror or error}", path)


def _is_full(path: Path) -> bool:
    with suppress(OSError):
        found = os.statvfs(path.resolve().parent)
        return found.f_bavail * found.f_frsize < 2**16
    return False


def is_read_only(directory: Path) -> bool:
    """Whether this process can make no file in a directory."""
    return _is_mounted_read_only(directory) or not os.access(directory, os.W_OK)


def _is_mounted_read_only(directory: Path) -> bool:
    with suppress(OSError):
        return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
    return False


def _unwritable(path: Path) -> UnusableError:
    return UnusableError(f"the database cannot be written: {_read_only(path)}", path)


def _read_only(path: Path) -> str:
    real = path.resolve()
    if _is_mounted_read_only(real.parent):
        return "its disk is mounted read-only"
    if not os.access(real, os.W_OK):
        return "its file is read-only for the bot's user"
    if not os.access(real.parent, os.W_OK):
        return "its directory is read-only for the bot's user"
    return "it is read-only"


def _unopened(path: Path) -> str:
    real = path.resolve()
    if not real.parent.is_dir():
        return "its directory does not exist (any more)"
    if real.is_dir():
        return "it is a directory"
    if real.exists() and not os.access(real, os.R_OK):
        return "the bot's user may not read it"
    if _is_full(path):
        return "the disk is full"
    return _read_only(path)


# --- who holds the lock ----------------------------------------------------------------------------------


def _locked(path: Path) -> UnusableError:
    who = _holder(path.resolve())
    return UnusableError(f"the database is locked by {who}, which does not let go of it", path, locked=True)


def _holder(path: Path) -> str:
    """The process that writes, as far as the system says: a lock of another machine or container is unknown here."""
    for file, byte in ((path.with_name(f"{path.name}-shm"), _WRITE_LOCK), (path, _RESERVED)):
        with suppress(OSError):
            holder = _holder_of(file.stat().st_ino, byte)
            if holder is not None:
                return _named(holder)
    return "another program"


def _holder_of(inode: int, byte: int) -> int | None:
    locks = _LOCK.findall(Path("/proc/locks").read_text(encoding="ascii", errors="replace"))
    found = (
        int(process)
        for process, number, first, last in locks
        if int(number) == inode and int(first) <= byte and (last == "EOF" or byte <= int(last))
    )
    return next(found, None)


def _named(process: int) -> str:
    if process <= 0:
        return "a process outside of this container"
    if process == os.getpid():
        return f"the bot itself (process {process})"
    with suppress(OSError):
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace")
        return f"process {process} ({one_line(name, 40)})"
    return f"process {process}"
