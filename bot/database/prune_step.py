"""One step of pruning: how many rows one transaction deleted, and how far through the table it looked."""

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Select, Table, bindparam, select

AT_ONCE = 1_000  # rows that one transaction looks at: a few milliseconds, in which nobody else can write


@dataclass(frozen=True, slots=True)
class PruneStep:
    """How many rows one transaction deleted, and the last id that it looked at; None at the end of the table."""

    rows: int
    reached: int | None = None


def key_after(connection: Connection, table: Table, after: int) -> int | None:
    """Return the last id of the AT_ONCE rows that follow an id; None if fewer rows are left."""
    id_: int | None = connection.execute(_ids_after(table), {"after": after, "before_it": AT_ONCE - 1}).scalar()
    return id_


@cache
def _ids_after(table: Table) -> Select[int]:
    ids = select(table.c.id).where(table.c.id > bindparam("after")).order_by(table.c.id)
    return ids.limit(1).offset(bindparam("before_it"))
