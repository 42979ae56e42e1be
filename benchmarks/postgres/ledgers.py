"""Ledgers on a PostgreSQL server: copies of those that `benchmarks.ledgers` makes, kept for the next run."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from psycopg.sql import SQL, Composed, Identifier
from sqlmodel import SQLModel

from benchmarks.ledgers import Size, ledger
from benchmarks.postgres.server import Plain, Server
from bot.database.engine import open_database
from bot.settings.postgres_address import PostgresAddress

_INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname LIKE 'ix\\_%'"


def postgres_ledger(server: Server, size: Size) -> PostgresAddress:
    """The address of such a ledger, copied now unless it is there."""
    name = size.path.stem.replace("-", "_")
    if name not in server.databases():
        unfinished = copy_ledger(server, ledger(size), f"{name}_unfinished")
        server.rename(unfinished.database, name)
    return server.address(name)


def copy_ledger(server: Server, source: Path, name: str) -> PostgresAddress:
    """Make a database of that name, a copy of a ledger's file, and return its address."""
    address = server.create(name)
    open_database(address).close()
    with server.connect(name, autocommit=False) as connection:
        _copy_all(connection, source)
    with server.connect(name) as connection:
        connection.execute("VACUUM (ANALYZE, FREEZE)")  # as autovacuum does of itself in an hour
        connection.execute("CHECKPOINT")
    return address


def _copy_all(connection: Plain, source: Path) -> None:
    connection.execute("SET LOCAL session_replication_role = replica")  # no look at each row's foreign keys
    with closing(sqlite3.connect(source)) as reader, _indexes_last(connection):
        for table in SQLModel.metadata.sorted_tables:
            columns = [column.name for column in table.columns]
            rows = reader.execute(f"SELECT {','.join(columns)} FROM {table.name}")
            copy_rows(connection, table.name, columns, rows)
            if "id" in columns:
                connection.execute(_next_id(table.name))


def copy_rows(connection: Plain, table: str, columns: Sequence[str] | None, rows: Iterable[Any]) -> None:
    """Write rows to a table by COPY; without names they hold all its columns."""
    names = SQL("({})").format(SQL(",").join(map(Identifier, columns))) if columns else SQL("")
    with connection.cursor().copy(SQL("COPY {} {} FROM STDIN").format(Identifier(table), names)) as copy:
        for row in rows:
            copy.write_row(row)


def _next_id(table: str) -> Composed:
    """What lets a table count on from its largest id."""
    statement = (
        "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {})) WHERE EXISTS (SELECT FROM {})"
    )
    return SQL(statement).format(table, Identifier(table), Identifier(table))


@contextmanager
def _indexes_last(connection: Plain) -> Iterator[None]:
    """An index over rows that are there is made several times as fast as it grows with them."""
    indexes = connection.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(SQL("DROP INDEX {}").format(Identifier(name)))
    yield
    for _, statement in indexes:
        connection.execute(statement)
