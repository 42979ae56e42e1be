"""Every row of a ledger, to compare one with another."""

from contextlib import closing
from typing import Any

from sqlalchemy import MetaData, select

from bot.database.reading import open_reader
from bot.settings.database_place import DatabasePlace

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
