"""Holds: whoever may write a ledger has a hold on it as long as it is open; a restore has one alone, or does not begin.

It is a lock on a file beside the ledger: SQLite's own locks would be lost if the ledger's file were opened once more.
"""

import fcntl
import os
from pathlib import Path

from bot.database.errors import LedgerError


class InUseError(LedgerError):
    """Somebody else has a hold on the ledger."""


class FileLock:
    """A hold on the ledger at a path, until it is given back; one that is `alone` is the only one there is.

    Raises:
        HeldError: it is held already.
        OSError: the lock's file cannot be made.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        real = path.resolve()
        self._file: int | None = os.open(
            real.with_name(f"{real.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.give_back()
            raise InUseError(_in_use(path) if alone else _being_restored(path)) from None
        except OSError:
            pass  # a file system without such locks

    def give_back(self) -> None:
        """Let others have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _in_use(path: Path) -> str:
    return (
        f"{path} is in use: the service, a sync or another command has it open. Stop that first, then restore."
        " Nothing was changed."
    )


def _being_restored(path: Path) -> str:
    return f"{path} is being restored. Try again in a minute."
