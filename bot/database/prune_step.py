"""One step of pruning: how many rows one transaction deleted, and how far through the table it looked."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.database.sql import compose

AT_ONCE = 1_000  # rows that one transaction looks at: a few milliseconds, in which nobody else can write


@dataclass(frozen=True, slots=True)
class PruneStep:
    """How many rows one transaction deleted, and the last id that it looked at; None at the end of the table."""

    rows: int
    reached: int | None = None


def key_after(connection: Connection, table: str, after: int) -> int | None:
    """Return the last id of the AT_ONCE rows that follow an id; None if fewer rows are left."""
    sql = compose("SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?", table=table)
    row = connection.exec_driver_sql(sql, (after, AT_ONCE - 1)).first()
    return None if row is None else int(row[0])
