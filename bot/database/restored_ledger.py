"""A ledger that is a restored copy: what is recorded of that in it, until what the former one had posted is known."""

import json
from secrets import token_hex

from sqlalchemy import Connection

from bot.database import metadata
from bot.database.lease import release_all


def mark_restored(connection: Connection, kept: str) -> None:
    """Give a ledger that is a restored copy an id of its own, and release what leases were held when it was made.

    Whoever opens it next takes over what the former ledger had posted, which is kept in the file `kept`, "" if it is
    lost (metadata `RESTORED`).
    """
    former = {"kept": kept, "id": metadata.read(connection, metadata.LEDGER_ID) or ""}
    release_all(connection)
    metadata.write(connection, metadata.LEDGER_ID, token_hex(4))
    metadata.write(connection, metadata.RESTORED, json.dumps(former))
