"""The unit that BYOK amounts were priced in when they were booked: kept with the ledger, which has one unit alone."""

from sqlalchemy import Connection

from bot.database import metadata
from bot.database.errors import LedgerError
from bot.domain.pricing import ByokUnit

_KEY = "byok_unit"


def stored_unit(connection: Connection) -> ByokUnit | None:
    """Return the unit that the ledger is priced in; None for a new one."""
    stored = metadata.read(connection, _KEY)
    return None if stored is None else ByokUnit(stored)


def store_unit(connection: Connection, unit: ByokUnit) -> None:
    """Record the unit that every amount is priced in now."""
    metadata.write(connection, _KEY, unit.value)


def check_unit(connection: Connection, unit: ByokUnit) -> None:
    """Raise LedgerError if the ledger is priced in another unit."""
    stored = stored_unit(connection)
    if stored not in {None, unit}:
        raise LedgerError(
            f"BYOK amounts in the database are counted as {stored}, but BYOK_UNIT is {unit.value}."
            " Run `neo-usage db reprice` to change it, or set BYOK_UNIT back.",
            why=f"BYOK_UNIT is {unit.value}, but amounts in my database are counted as {stored}",
        )


def require_unit(connection: Connection, unit: ByokUnit) -> None:
    """Record the unit of a new ledger; raise LedgerError if the ledger is priced in another one."""
    check_unit(connection, unit)
    if stored_unit(connection) is None:
        store_unit(connection, unit)
