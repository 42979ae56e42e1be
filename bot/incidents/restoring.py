"""After a restore: the incidents that the former ledger had told are going on here."""

from typing import TYPE_CHECKING

from bot.ledger.former import Former, insert_anew, present
from bot.outbox.restoring import Names, as_it_is

if TYPE_CHECKING:
    from sqlalchemy import Connection


def adopt(connection: "Connection", former: Former) -> Names:
    """Take over what is open; returns how the keys that name incidents read here."""
    for row in former.rows("SELECT * FROM incident WHERE ended_at IS NULL"):
        insert_anew(connection, "incident", row)
    here = {row["id"]: (row["name"], row["began_at"]) for row in present(connection, "SELECT * FROM incident")}
    theirs = {row["id"]: (row["name"], row["began_at"]) for row in former.rows("SELECT * FROM incident")}

    def ops(rest: str) -> str | None:
        """`ops:<name>-<date>`, or `ops:<incident>-recovered`."""
        key, _, _ = rest.partition("-")
        if not key.isdigit():
            return as_it_is(rest)
        return rest if here.get(int(key)) is not None and here.get(int(key)) == theirs.get(int(key)) else None

    return Names({"ops": ops}, {})
