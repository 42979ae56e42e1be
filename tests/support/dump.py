"""Every row of a ledger, to compare one with another."""

from contextlib import closing
from typing import Any

from sqlalchemy import MetaData, select

from bot.database.reading import open_reader
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from tests.support.engines import rows_of

Dump = dict[str, list[tuple[Any, ...]]]


def dump(place: DatabasePlace) -> Dump:
    """Every row of every table."""
    with closing(open_reader(place)) as connection:
        tables = MetaData()
        tables.reflect(connection)
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in tables.sorted_tables
        }


def wrong_statistics(place: PostgresAddress) -> dict[str, tuple[int, int]]:
    """The tables of which a server plans for other than the rows that are there: with how many, and how many are.

    What a database notes of itself is left out.
    """
    statement = "SELECT relname, CAST(reltuples AS bigint) FROM pg_class WHERE relkind = 'r'"
    planned = {str(table): int(rows) for table, rows in rows_of(place, statement)}
    rows = {table: len(found) for table, found in dump(place).items() if table not in {"alembic_version", "note"}}
    return {table: (planned[table], number) for table, number in rows.items() if planned[table] != number}
