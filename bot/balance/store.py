"""The store of the balance: what Neo said last, in the metadata."""

from dataclasses import replace

import msgspec
from sqlalchemy import Connection

from bot.balance.rules import Balance
from bot.database import metadata

_KEY = "credit_balance"
_EXTENSIONS = '"extensions":'
_decode = msgspec.json.Decoder(Balance).decode  # made here: two threads that meet a type first crash the process


def stored_balance(connection: Connection) -> Balance:
    """Return what Neo said last; nothing of all that before it was asked."""
    stored = metadata.read(connection, _KEY)
    if stored is None:
        return Balance()
    balance = _decode(stored)
    if _EXTENSIONS in stored:
        return balance
    return replace(balance, extensions=balance.fillings)  # earlier versions counted both as one


def write_balance(connection: Connection, balance: Balance) -> None:
    """Keep what Neo said in the place of what it said before."""
    metadata.write(connection, _KEY, msgspec.json.encode(balance).decode())
