"""After a restore: the digests that the former ledger had decided upon are decided."""

from typing import TYPE_CHECKING

from bot.digest import store
from bot.ledger.former import Former, insert
from bot.outbox.restoring import Names, as_it_is

if TYPE_CHECKING:
    from sqlalchemy import Connection


def adopt(connection: "Connection", former: Former) -> Names:
    """Take them over, as complete: what is read again is no news; returns how the keys that name them read here."""
    newest = store.newest_charge(connection)
    for row in former.rows("SELECT * FROM digest"):
        kept = {name: row[name] for name in row if name != "id"}
        insert(connection, "digest", {**kept, "last_charge": newest, "complete": 1})
    return Names({"digest": as_it_is}, {"digest": as_it_is})
