"""COPY: the fastest way of new rows into a table of PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.database.postgres import driver_connection


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Add rows, whose values are in the order of the columns.

    Raises:
        DBAPIError: as any other statement does.
    """
    statement = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), SQL(",").join(map(Identifier, columns)))
    driver = driver_connection(connection)
    with _raised_by_sqlalchemy(driver, table), driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def _raised_by_sqlalchemy(driver: "psycopg.Connection[Any]", table: str) -> Iterator[None]:
    """Raise an error of the driver as SQLAlchemy raises it, without the row that the server quotes in it."""
    try:
        yield
    except psycopg.Error as error:
        if error.diag.message_primary is not None:
            error.args = (error.diag.message_primary,)
        raise DBAPIError.instance(
            f"COPY {table}", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=driver.closed
        ) from error
