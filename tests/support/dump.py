"""Every row of a ledger, to compare one with another."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, MetaData, Table, select, text

from bot.database.reading import open_reader
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from tests.support.engines import rows_of

Dump = dict[str, list[tuple[Any, ...]]]
_REVISION = text("SELECT version_num FROM alembic_version")
_TABLES: dict[tuple[str, str], Sequence[Table]] = {}
"""By engine and revision of the schema the tables of such a ledger: to look for them takes longer than to read them."""


def dump(place: DatabasePlace) -> Dump:
    """Every row of every table."""
    with closing(open_reader(place)) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in _tables(connection)
        }


def _tables(connection: Connection) -> Sequence[Table]:
    schema = connection.dialect.name, connection.execute(_REVISION).scalar_one()
    if schema not in _TABLES:
        found = MetaData()
        found.reflect(connection)
        _TABLES[schema] = found.sorted_tables
    return _TABLES[schema]


def wrong_statistics(place: PostgresAddress) -> dict[str, tuple[int, int]]:
    """The tables of which a server plans for other than the rows that are there: with how many, and how many are.

    What a database notes of itself is left out.
    """
    statement = "SELECT relname, CAST(reltuples AS bigint) FROM pg_class WHERE relkind = 'r'"
    planned = {str(table): int(rows) for table, rows in rows_of(place, statement)}
    rows = {table: len(found) for table, found in dump(place).items() if table not in {"alembic_version", "note"}}
    return {table: (planned[table], number) for table, number in rows.items() if planned[table] != number}
