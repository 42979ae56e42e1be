"""Notes: facts the ledger keeps about itself, such as the unit its amounts were priced in."""

from secrets import token_hex
from typing import TYPE_CHECKING

from bot.domain.pricing import ByokUnit
from bot.ledger.reading import Reader
from bot.ledger.schema import LedgerError
from bot.ledger.scope import Scope

if TYPE_CHECKING:
    from sqlalchemy import Connection

BYOK_UNIT = "byok_unit"
SCOPE_WARNING = "scope_warning"
WRITTEN = "written"  # to find out whether anything can be
LEDGER_ID = "ledger_id"  # stands in the keys of its messages, so that no two ledgers post under one
# a restore is not finished: where the former ledger is kept ("" if it is not) and the copy's id, as JSON
RESTORED = "restored"
LOST_LEDGER = "lost_ledger"  # after a restore without a former ledger: under which id it posted, since when, as JSON


def write(connection: "Connection", key: str, value: str | None) -> None:
    """Keep a note, or (None) drop it."""
    connection.exec_driver_sql("DELETE FROM note WHERE key = ?", (key,))
    if value is not None:
        connection.exec_driver_sql("INSERT INTO note (key, value) VALUES (?,?)", (key, value))


def read(reader: Reader, key: str) -> str | None:
    """A note, if it is kept."""
    row = reader.one("SELECT value FROM note WHERE key = :key", {"key": key})
    return row[0] if row else None


_LESS = "Neo shows me less than it did, so something of yours may be missing here. The operators have been told."


def scope_warning(reader: Reader, scope: Scope) -> str | None:
    """What the key has lost sight of, if it has; outside the whole ledger's scope that it has, without how much."""
    warning = read(reader, SCOPE_WARNING)
    return warning if warning is None or scope.member is None else _LESS


def written(connection: "Connection", key: str) -> str | None:
    """A note, if it is kept, as a transaction sees it."""
    row = connection.exec_driver_sql("SELECT value FROM note WHERE key = ?", (key,)).first()
    return row[0] if row else None


def ledger_id(connection: "Connection") -> str:
    """The ledger's id, made when it is first asked for, and anew by a restore."""
    known = written(connection, LEDGER_ID)
    if known is None:
        known = token_hex(4)
        write(connection, LEDGER_ID, known)
    return known


def check_unit(reader: Reader, unit: ByokUnit) -> None:
    """Refuse to go on with amounts that were priced in another unit.

    Raises:
        LedgerError: with the mend.
    """
    _compare(read(reader, BYOK_UNIT), unit)


def stored_unit(connection: "Connection") -> str | None:
    """The unit that a ledger is priced in; None for a new one."""
    return written(connection, BYOK_UNIT)


def settle_unit(connection: "Connection", unit: ByokUnit) -> None:
    """Note the unit that a new ledger is priced in.

    Raises:
        LedgerError: it is priced in another one.
    """
    stored = stored_unit(connection)
    _compare(stored, unit)
    if stored is None:
        write(connection, BYOK_UNIT, unit.value)


def _compare(stored: str | None, unit: ByokUnit) -> None:
    if stored not in {None, unit.value}:
        raise LedgerError(
            f"the ledger reads BYOK amounts as {stored}, and BYOK_UNIT says {unit.value}."
            " Run `neo-usage db reprice` to change it, or set BYOK_UNIT back."
        )
