"""Leases: each lets one process at a time do something, until it expires or its process on this machine has died.

A lease has a token, which grows whenever another holder takes it. Whoever works under a lease checks holder and token
in each transaction that it writes in (`renew`), and by the same statement that the schema is still the one it knows. As
there is one writer at a time, the check is exact: a process that was frozen past the end of its lease, while another
took it, writes nothing any more.

Whether a lease has expired is judged by one clock for all: the server's on PostgreSQL, the machine's on SQLite. So it
does not matter by how much the clocks of several machines differ.

How soon another process takes over from one that
- ends: at once, as it releases its leases;
- dies: at once on the same machine (in the same process namespace); otherwise after LEASE_LIFETIME;
- is frozen, or cut off from the database: after LEASE_LIFETIME.

A process that waits for the jobs looks every second. A minute is thus the most that syncs, and what follows from them,
come late. It is less than a poll, and far less than the ten minutes within which each message is there once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select, update

from bot.database.errors import LedgerError
from bot.database.lease_holder import is_alive
from bot.database.schema import REVISION, require_known
from bot.database.shared_time import shared_time
from bot.database.statements import insert
from bot.database.tables import lease
from bot.database.timing import LEASE_LIFETIME
from bot.domain.timestamps import from_us, to_us

SYNC = "sync"  # of one run of the sync, whoever has asked for it
JOBS = "jobs"  # of the service whose timers run
_MICROSECOND = timedelta(microseconds=1)
_LOST = {
    SYNC: "another sync took over while this one was held up. It goes on there.",
    JOBS: "another process took over the jobs while this one was held up. They go on there.",
}

_NAMED = lease.c.name == bindparam("lease")
_clock = select(shared_time("own_time").label("now")).subquery("clock")
_CURRENT = select(
    _clock.c.now, lease.c.holder, lease.c.expires_at, lease.c.token, REVISION.label("revision")
).select_from(_clock.outerjoin(lease, _NAMED))
_INSERT = insert(lease)
_ACQUIRE = _INSERT.on_conflict_do_update(
    index_elements=[lease.c.name],
    set_={name: _INSERT.excluded[name] for name in ("holder", "expires_at", "token")},
)
_RENEW = update(lease).where(_NAMED)
_RELEASE = update(lease).where(_NAMED, lease.c.holder == bindparam("of_holder")).values(holder="", expires_at=0)
_RELEASE_ALL = update(lease).values(holder="", expires_at=0)


class LeaseLostError(LedgerError):
    """Somebody else took the lease of that name over; what was not committed is undone."""

    def __init__(self, name: str) -> None:
        super().__init__(_LOST[name])
        self.name = name


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease as it was acquired. Whoever held it before had a lower `token`."""

    name: str
    holder: str
    token: int
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who else holds a lease, and until when unless they renew it."""

    holder: str
    expires_at: datetime

    @property
    def who(self) -> str:
        """The holder's machine and process id."""
        return "/".join(self.holder.split("/")[:2])


@dataclass(frozen=True, slots=True)
class _Current:
    """The row of a lease, and the time; "" as the holder of one that nobody has acquired yet, or that was released.

    `revision` is the schema's.
    """

    now: int
    holder: str
    expires_at: int
    token: int
    revision: str | None


def _current(connection: Connection, name: str, now: datetime) -> _Current:
    row = connection.execute(_CURRENT, {"lease": name, "own_time": to_us(now)}).one()
    return _Current(row.now, row.holder or "", row.expires_at or 0, row.token or 0, row.revision)


def acquire(
    connection: Connection, name: str, holder: str, now: datetime, lifetime: timedelta = LEASE_LIFETIME
) -> HeldLease | LeaseHolder:
    """Take or renew a lease; return it, or who else holds it. `now` is the time by this process's clock.

    One that expires later than any can was dated by a clock that ran ahead; it counts only if its process is alive.
    """
    current = _current(connection, name, now)
    if current.holder != holder and _is_held(current, lifetime):
        return LeaseHolder(current.holder, from_us(current.expires_at))
    token = current.token + (current.holder != holder)
    expires_at = current.now + lifetime // _MICROSECOND
    connection.execute(_ACQUIRE, {"name": name, "holder": holder, "expires_at": expires_at, "token": token})
    return HeldLease(name, holder, token, lifetime)


def is_free(
    connection: Connection, name: str, holder: str, now: datetime, lifetime: timedelta = LEASE_LIFETIME
) -> bool:
    """Return whether `acquire` would give a lease to this holder; it writes nothing."""
    current = _current(connection, name, now)
    return current.holder == holder or not _is_held(current, lifetime)


def is_held(connection: Connection, name: str, now: datetime, lifetime: timedelta = LEASE_LIFETIME) -> bool:
    """Return whether any process holds a lease, as `acquire` would see it; it writes nothing."""
    return _is_held(_current(connection, name, now), lifetime)


def _is_held(current: _Current, lifetime: timedelta) -> bool:
    if not current.holder:
        return False
    left = current.expires_at - current.now
    alive = is_alive(current.holder)
    if alive is None:
        return 0 < left <= lifetime // _MICROSECOND
    return alive and left > 0


def renew(connection: Connection, held: HeldLease, now: datetime) -> None:
    """Check a lease inside the transaction that depends on it, and renew it once half of it is over.

    Raises:
        LeaseLostError: another process took it, for instance while this one was frozen.
        OutgrownError: a newer version has changed the schema meanwhile.
    """
    current = _current(connection, held.name, now)
    require_known(current.revision)
    if (current.holder, current.token) != (held.holder, held.token):
        raise LeaseLostError(held.name)
    lifetime = held.lifetime // _MICROSECOND
    if not lifetime // 2 <= current.expires_at - current.now <= lifetime:  # one that only reads costs no flush
        connection.execute(_RENEW, {"lease": held.name, "expires_at": current.now + lifetime})


def release(connection: Connection, name: str, holder: str) -> None:
    """End a lease, if it is still this holder's."""
    connection.execute(_RELEASE, {"lease": name, "of_holder": holder})


def release_all(connection: Connection) -> None:
    """End every lease of a copy: who held them when it was made does not hold them there."""
    connection.execute(_RELEASE_ALL)
