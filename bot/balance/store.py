"""The store of the balance: what Neo said last, in the metadata."""

import msgspec
from sqlalchemy import Connection

from bot.balance.rules import Balance
from bot.database import metadata

_KEY = "credit_balance"


def stored_balance(connection: Connection) -> Balance:
    """Return what Neo said last; nothing of all that before it was asked."""
    stored = metadata.read(connection, _KEY)
    return Balance() if stored is None else msgspec.json.decode(stored, type=Balance)


def write_balance(connection: Connection, balance: Balance) -> None:
    """Keep what Neo said in the place of what it said before."""
    metadata.write(connection, _KEY, msgspec.json.encode(balance).decode())
