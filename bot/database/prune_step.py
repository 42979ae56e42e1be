"""One step of pruning: what one transaction deletes of a table, and how far it looks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.sql import compose

if TYPE_CHECKING:
    from sqlalchemy import Connection

AT_ONCE = 1_000  # keys that one transaction looks at: a few milliseconds, in which nobody else can write


@dataclass(frozen=True, slots=True)
class PruneStep:
    """How many rows one transaction deleted, and up to which key it looked; None if there is no more to look at."""

    rows: int
    reached: int | None = None


def key_after(connection: "Connection", table: str, after: int) -> int | None:
    """Return up to which key a transaction looks that begins after another; None if it comes to the table's end."""
    sql = compose("SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?", table=table)
    row = connection.exec_driver_sql(sql, (after, AT_ONCE - 1)).first()
    return None if row is None else int(row[0])
