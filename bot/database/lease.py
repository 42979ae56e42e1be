"""Leases: each lets one process at a time do something, until it expires or its process on this machine has died."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, select, update

from bot.database.errors import LedgerError
from bot.database.statements import insert
from bot.database.tables import lease
from bot.domain.timestamps import from_us, to_us

SYNC = "sync"
LIFETIME = timedelta(seconds=45)
_LIFETIME_US = LIFETIME // timedelta(microseconds=1)
_PROC = Path("/proc")

_NAMED = lease.c.name == bindparam("lease")
_HOLDER = select(lease.c.holder, lease.c.expires_at).where(_NAMED)
_INSERT = insert(lease)
_ACQUIRE = _INSERT.on_conflict_do_update(
    index_elements=[lease.c.name],
    set_={"holder": _INSERT.excluded.holder, "expires_at": _INSERT.excluded.expires_at},
)
_RENEW = update(lease).where(_NAMED)
_RELEASE = delete(lease).where(_NAMED, lease.c.holder == bindparam("holder"))


class LeaseLostError(LedgerError):
    """Somebody else took the lease over; what was not committed is undone."""


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who else holds a lease, and until when unless they renew it."""

    holder: str
    expires_at: datetime

    @property
    def who(self) -> str:
        """The holder's machine and process id."""
        return "/".join(self.holder.split("/")[:2])


def holder_name(nonce: str) -> str:
    """Return the name of this process as a holder: machine, process id, nonce, process namespace and start time.

    A process id means nothing outside its namespace or after a restart of the machine, and ids are reused. So only a
    process of the same namespace considers a holder dead, if its id is free or belongs to a later process.
    """
    return f"{socket.gethostname()}/{os.getpid()}/{nonce}/{_namespace()}/{_start_time(os.getpid())}"


def acquire(connection: Connection, name: str, holder: str, now: datetime) -> LeaseHolder | None:
    """Take or renew a lease; return None on success, else who holds it.

    One that expires later than any can was dated by a clock that ran ahead; it counts only if its process is alive.
    """
    row = connection.execute(_HOLDER, {"lease": name}).first()
    if row and row.holder != holder and _is_held(row.holder, row.expires_at - to_us(now)):
        return LeaseHolder(row.holder, from_us(row.expires_at))
    connection.execute(_ACQUIRE, {"name": name, "holder": holder, "expires_at": to_us(now + LIFETIME)})
    return None


def _is_held(holder: str, left_us: int) -> bool:
    alive = _is_alive(holder)
    if alive is None:
        return 0 < left_us <= _LIFETIME_US
    return alive and left_us > 0


def renew(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Check a lease inside the transaction that depends on it, and renew it once half of it is over.

    Raises:
        LeaseLostError: another process took it, for instance while this one was frozen.
    """
    row = connection.execute(_HOLDER, {"lease": name}).first()
    if row is None or row.holder != holder:
        raise LeaseLostError("another sync took over while this one was held up. It goes on there.")
    left = row.expires_at - to_us(now)
    if not _LIFETIME_US // 2 <= left <= _LIFETIME_US:  # a transaction that only reads costs no flush
        connection.execute(_RENEW, {"lease": name, "expires_at": to_us(now + LIFETIME)})


def release(connection: Connection, name: str, holder: str) -> None:
    """End a lease, if it is still this holder's."""
    connection.execute(_RELEASE, {"lease": name, "holder": holder})


def _is_alive(holder: str) -> bool | None:
    """Return whether the holder's process lives; None if that cannot be told from here."""
    _, process, _, namespace, start_time = [*holder.split("/"), "", "", ""][:5]
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
