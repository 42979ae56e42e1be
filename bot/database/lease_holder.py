"""The process that holds a lease: its name, by which other processes can tell whether it lives."""

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def holder_name(nonce: str) -> str:
    """Return the name of this process as a holder: machine, process id, nonce, process namespace and start time.

    A process id means nothing outside its namespace or after a restart of the machine, and ids are reused. So only a
    process of the same namespace considers a holder dead, if its id is free or belongs to a later process.
    """
    return f"{socket.gethostname()}/{os.getpid()}/{nonce}/{_namespace()}/{_start_time(os.getpid())}"


def is_alive(holder: str) -> bool | None:
    """Return whether the holder's process lives; None if that cannot be told from here."""
    _, process, _, namespace, start_time = [*holder.split("/"), "", "", "", ""][:5]
    if not process.isdigit() or not namespace or namespace != _namespace():
        return None
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:  # another user's
        pass
    start_time_now = _start_time(int(process))
    return not (start_time and start_time_now) or start_time == start_time_now


def _namespace() -> str:
    """Return what identifies the namespace of process ids: the machine's boot and its inode; empty if unknown."""
    if not _PROC.is_dir():
        return socket.gethostname()
    try:
        if str((_PROC / "self").readlink()) != str(os.getpid()):
            return ""  # another namespace's view of the processes
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{(_PROC / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _start_time(process: int) -> str:
    """Return when a process started, as the machine counts; empty if that is unknown."""
    try:
        # its name, in parentheses, may hold anything
        return (_PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()[19].decode()
    except (OSError, IndexError):
        return ""
