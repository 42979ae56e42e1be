"""Removed members: keyed hashes of erased addresses, by which later rows are known to be nobody's any more.

The rows of all removed members are one member's. The hash of an address takes the place of the address in the table of
members, merged into that one, and so do hashes of what else identified them; the key is made once and kept with the
ledger.
"""

import hashlib
from collections.abc import Iterable
from secrets import token_hex

from sqlalchemy import Connection

from bot.database import metadata

REMOVED = " removed"
"""The e-mail of the removed member, and what the hashes begin with: no e-mail that is read begins with a space."""

_KEY = "erasure_key"


def erasure_key(connection: Connection) -> str | None:
    """Return the key of the hashes; None if nobody was ever erased."""
    return metadata.read(connection, _KEY)


def hashed_emails(connection: Connection, emails: Iterable[str]) -> dict[str, str]:
    """Return the hashes of e-mails as members are stored once they are removed; empty if nobody ever was."""
    key = erasure_key(connection)
    return {} if key is None else {email: hashed(key, email) for email in emails}


def ensure_key(connection: Connection) -> str:
    """Return the key of the hashes, which is made when first needed."""
    key = erasure_key(connection)
    if key is None:
        key = token_hex(32)
        metadata.write(connection, _KEY, key)
    return key


def adopt_key(connection: Connection, former: Connection) -> str | None:
    """Return a former ledger's key, which becomes this one's unless it has one; None if nobody was erased there."""
    key = metadata.read(former, _KEY)
    if key is not None and metadata.read(connection, _KEY) is None:
        metadata.write(connection, _KEY, key)
    return key


def hashed(key: str, email: str) -> str:
    """Return the hash of an e-mail, as members are stored once they are removed."""
    digest = hashlib.blake2b(email.encode("utf-8", "surrogatepass"), key=bytes.fromhex(key), digest_size=16)
    return f"{REMOVED}:{digest.hexdigest()}"
