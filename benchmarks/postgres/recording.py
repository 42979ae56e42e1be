"""Recording on PostgreSQL: the statements that the app sends, to be sent again through the driver alone."""

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import psycopg
from psycopg import IsolationLevel
from sqlalchemy import Connection, event

from benchmarks.postgres.server import Plain, Server
from bot.database.postgres import open_reader
from bot.settings.postgres_address import PostgresAddress

Statement = tuple[str, Any]


def recorded_statements(address: PostgresAddress, work: Callable[[Connection], object]) -> list[Statement]:
    """The statements, with their parameters, that some work sends to a ledger."""
    statements: list[Statement] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        statements.append((statement, parameters))

    with closing(open_reader(address)) as reader:
        event.listen(reader, "before_cursor_execute", keep)
        work(reader)
    return statements


def plain_reader(server: Server, address: PostgresAddress) -> Plain:
    """A bare connection that reads a ledger, set as the app's."""
    connection = server.connect(address.database, autocommit=False)
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    connection.execute("SET plan_cache_mode = force_custom_plan; SET jit = off")
    connection.commit()
    return connection


def rows_of(connection: Plain, statements: Sequence[Statement]) -> list[list[tuple[Any, ...]]]:
    """The rows of recorded statements, sent again in one snapshot."""
    rows = [connection.execute(psycopg.sql.SQL(sql), values).fetchall() for sql, values in statements]
    connection.commit()
    return rows
