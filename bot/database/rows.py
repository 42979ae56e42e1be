"""Rows by column: read whole, and inserted into a table that may have other columns or other rows by now."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, Insert, Select, Table, bindparam, inspect, select

from bot.database.statements import insert

Row = dict[str, Any]


def rows_by_column(connection: Connection, query: Executable, values: Mapping[str, Any] | None = None) -> list[Row]:
    """Return the rows of a query, by column."""
    return [dict(row) for row in connection.execute(query, values).mappings()]


def all_rows(connection: Connection, table: Table) -> list[Row]:
    """Return all rows of a table in the order of its key, by column, without columns that are not in the database."""
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    columns = [column for column in table.c if column.name in there]
    return rows_by_column(connection, select(*columns).order_by(*table.primary_key))


def insert_row(connection: Connection, table: Table, row: Mapping[str, Any]) -> int | None:
    """Insert a row, without columns that the table lacks; return its id, None if a row like it exists already.

    Of a table without ids it returns what the row's key begins with.
    """
    values = {name: value for name, value in row.items() if name in table.c}
    id_: int | None = connection.execute(_insertion(table), values).scalar()
    return id_


def insert_row_anew(connection: Connection, table: Table, row: Mapping[str, Any]) -> int | None:
    """Insert a row as `insert_row` does, with the id that it had if that is free, else with a new one."""
    is_taken = connection.execute(_of_id(table), {"which": row["id"]}).first() is not None
    return insert_row(connection, table, {name: row[name] for name in row if not is_taken or name != "id"})


@cache
def _insertion(table: Table) -> Insert:
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)


@cache
def _of_id(table: Table) -> Select[int]:
    return select(table.c.id).where(table.c.id == bindparam("which"))
