"""Leases: one holder at a time for a thing that only one may do; a dead process of this machine holds none."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.ledger.instants import from_us, to_us
from bot.ledger.schema import LedgerError

SYNC = "sync"
LIFETIME = timedelta(seconds=45)


class LeaseLostError(LedgerError):
    """Somebody else took the lease over; what was not committed is undone."""


@dataclass(frozen=True, slots=True)
class Held:
    """The lease is another's: who, and until when unless they renew it."""

    holder: str
    expires_at: datetime


def holder_name(nonce: str) -> str:
    """This process, told apart from any other: machine, process id, and a nonce."""
    return f"{socket.gethostname()}/{os.getpid()}/{nonce}"


def take(connection: Connection, name: str, holder: str, now: datetime) -> Held | None:
    """Take or renew a lease; None on success, else who holds it."""
    row = connection.exec_driver_sql("SELECT holder, expires_at FROM lease WHERE name = ?", (name,)).first()
    if row and row[0] != holder and row[1] > to_us(now) and not _is_dead(row[0]):
        return Held(row[0], from_us(row[1]))
    connection.exec_driver_sql(
        "INSERT OR REPLACE INTO lease (name, holder, expires_at) VALUES (?,?,?)", (name, holder, to_us(now + LIFETIME))
    )
    return None


def renew(connection: Connection, name: str, holder: str, now: datetime) -> None:
    """Make sure of a lease inside the transaction that rests on it, and renew it once half of it is over.

    Raises:
        LeaseLostError: another took it, for instance while this process was frozen.
    """
    row = connection.exec_driver_sql("SELECT holder, expires_at FROM lease WHERE name = ?", (name,)).first()
    if row is None or row[0] != holder:
        raise LeaseLostError("another sync took over while this one was held up. It goes on there.")
    if row[1] - to_us(now) < LIFETIME // timedelta(microseconds=2):  # a transaction that only reads costs no flush
        connection.exec_driver_sql("UPDATE lease SET expires_at = ? WHERE name = ?", (to_us(now + LIFETIME), name))


def give_back(connection: Connection, name: str, holder: str) -> None:
    """End a lease, if it is still this holder's."""
    connection.exec_driver_sql("DELETE FROM lease WHERE name = ? AND holder = ?", (name, holder))


def _is_dead(holder: str) -> bool:
    machine, _, rest = holder.partition("/")
    process, _, _ = rest.partition("/")
    if machine != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
