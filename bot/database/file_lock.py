"""The file lock: whoever may write a database shares it while it is open; a restore needs it exclusively.

It is a lock on a file beside the database: SQLite's own locks would be lost if the database's file were opened again.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from bot.database.errors import LedgerError


class InUseError(LedgerError):
    """Somebody else has the database open, or restores it."""


class FileLock:
    """A lock on the database at a path, until it is released; nobody else has it while it is `exclusive`.

    Raises:
        InUseError: somebody else has a lock that excludes this one.
        OSError: the lock's file cannot be made.
    """

    def __init__(self, path: Path, *, exclusive: bool = False) -> None:
        real = path.resolve()
        self._file: int | None = os.open(
            real.with_name(f"{real.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        _give_to_owner(self._file, real)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise InUseError(_in_use(path) if exclusive else _being_restored(path)) from None
        except OSError:
            pass  # a file system without such locks

    def release(self) -> None:
        """Let others have the lock."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _give_to_owner(descriptor: int, path: Path) -> None:
    """Give a file that root has made to the owner of the database, as SQLite does with its own beside it."""
    if os.geteuid() == 0:
        with suppress(OSError):
            status = (path if path.exists() else path.parent).stat()
            os.fchown(descriptor, status.st_uid, status.st_gid)


def _in_use(path: Path) -> str:
    return (
        f"{path} is in use: the service, a sync or another command has it open. Stop that first, then run"
        " this again. Nothing was changed."
    )


def _being_restored(path: Path) -> str:
    return f"{path} is being restored. Try again in a minute."
