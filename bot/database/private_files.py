"""Private files: only their owner may read what holds the ledger, whatever the umask says."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from glob import escape
from grp import getgrgid
from pathlib import Path

MODE = 0o600
_SUFFIXES = ("", "-wal", "-shm", "-journal", ".lock", ".neo-usage-*", ".before-*")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def create_private(path: Path) -> None:
    """Create an empty private file, in place of any of that name.

    SQLite gives the files beside a database the database's own mode, so this one's mode decides for all of them.

    Raises:
        OSError: it cannot be made.
    """
    path.unlink(missing_ok=True)
    _make(path)


def make_private(path: Path) -> None:
    """Create the database's file if there is none, and take from others the right to read it and those beside it.

    A file of somebody else's is left as it is: `neo-usage doctor` warns of it.
    """
    with suppress(OSError):  # SQLite reports what cannot be made
        if not path.exists():
            _make(path.resolve())
    for each in exposed_files(path):
        with suppress(OSError):
            each.chmod(stat.S_IMODE(each.stat().st_mode) & ~_OTHERS)  # what is read-only stays so


def _make(path: Path) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, MODE)
    try:
        os.fchmod(descriptor, MODE)
    finally:
        os.close(descriptor)


def exposed_files(path: Path) -> Iterator[Path]:
    """Return the files of a database that others may read or write: itself, SQLite's beside it, copies kept there."""
    real = path.resolve()
    return (each for suffix in _SUFFIXES for each in _beside(real, suffix) if is_exposed(each))


def _beside(real: Path, suffix: str) -> Iterator[Path]:
    if not suffix.endswith("*"):
        yield real.with_name(real.name + suffix)
    elif real.parent.is_dir():
        yield from sorted(real.parent.glob(escape(real.name) + suffix))


def is_exposed(path: Path) -> bool:
    """Return whether a path is a file that others than its owner may read or write."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & _OTHERS)


def is_exposed_to_all(path: Path) -> bool:
    """Return whether a path is a file that users outside its group may read or write.

    Of files with secrets the group may be the bot's own, as on Kubernetes.
    """
    return is_exposed(path) and bool(path.stat().st_mode & stat.S_IRWXO)


def is_open_to_others(directory: Path) -> bool:
    """Return whether others than its owner may put files into a directory.

    In a container its group often may, which is root's or has no name: nobody else is in it.
    """
    try:
        status = directory.stat()
    except OSError:
        return False
    of_others = stat.S_IWOTH if _is_nobodys(status.st_gid) else _OTHERS_WRITE
    return bool(status.st_mode & of_others)


def _is_nobodys(group: int) -> bool:
    """Return whether no user but root is in a group, as far as this machine knows."""
    if group == 0:
        return True
    try:
        getgrgid(group)
    except KeyError:
        return True
    return False
