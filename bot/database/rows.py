"""Rows by column: read whole, and inserted into a table that may have other columns or other rows by now."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from bot.database.sql import compose

Row = dict[str, Any]


def insert_row(connection: Connection, table: str, row: Mapping[str, Any]) -> int | None:
    """Insert a row, without columns that the table lacks; return its id, None if a row like it exists already."""
    names = [name for name in row if name in _columns(connection, table)]
    sql = compose(
        "INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",
        table=table,
        names=", ".join(names),
        marks=", ".join("?" * len(names)),
    )
    added = connection.exec_driver_sql(sql, tuple(row[name] for name in names))
    return int(added.lastrowid) if added.rowcount else None


def insert_row_anew(connection: Connection, table: str, row: Mapping[str, Any]) -> int | None:
    """Insert a row as `insert_row` does, with the id that it had if that is free, else with a new one."""
    sql = compose("SELECT 1 FROM {table} WHERE id = ?", table=table)
    taken = connection.exec_driver_sql(sql, (row["id"],)).first()
    return insert_row(connection, table, {name: row[name] for name in row if taken is None or name != "id"})


def _columns(connection: Connection, table: str) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})").all()}


def rows_by_column(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """Return the rows of a query, by column."""
    return [dict(row) for row in connection.exec_driver_sql(sql, tuple(values)).mappings().all()]


def driver_rows_by_column(connection: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """Return the rows of a query to the driver's own connection, by column."""
    cursor = connection.execute(sql, tuple(values))
    names = [each[0] for each in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
