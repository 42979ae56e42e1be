"""The lock's holder: which process keeps others from writing to a database, as far as the system says."""

import os
import re
from contextlib import suppress
from pathlib import Path

from bot.domain.text import one_line

_WRITE_LOCK = 120  # the byte of the -shm file that whoever writes has locked (SQLite's wal.c)
_RESERVED = 0x40000001  # and the byte of the database itself, without a write-ahead log
_LOCK = re.compile(r"^\d+: POSIX +ADVISORY +WRITE +(\d+) [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$", re.MULTILINE)


def lock_holder(path: Path) -> str:
    """Return the process that writes, in words; a lock of another machine or container is unknown here."""
    for file, byte in ((path.with_name(f"{path.name}-shm"), _WRITE_LOCK), (path, _RESERVED)):
        with suppress(OSError):
            holder = _process_locking(file.stat().st_ino, byte)
            if holder is not None:
                return _name_of(holder)
    return "another program"


def _process_locking(inode: int, byte: int) -> int | None:
    locks = _LOCK.findall(Path("/proc/locks").read_text(encoding="ascii", errors="replace"))
    holders = (
        int(process)
        for process, number, first, last in locks
        if int(number) == inode and int(first) <= byte and (last == "EOF" or byte <= int(last))
    )
    return next(holders, None)


def _name_of(process: int) -> str:
    if process <= 0:
        return "a process outside of this container"
    if process == os.getpid():
        return f"the bot itself (process {process})"
    with suppress(OSError):
        name = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace")
        return f"process {process} ({one_line(name, 40)})"
    return f"process {process}"
