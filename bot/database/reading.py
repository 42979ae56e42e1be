"""Reading a ledger at its place, a file of SQLite or a database on a PostgreSQL server, without opening it to write."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.database.errors import LedgerError

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace
    from bot.settings.postgres_address import PostgresAddress


def open_reader(place: "DatabasePlace") -> Connection:
    """Open a ledger for reading, in one snapshot from the first statement until it is closed or rolled back.

    Raises:
        LedgerError: there is none, or its schema is not this code's.
        UnusableError: it cannot be read now.
    """
    if isinstance(place, Path):
        from bot.database import read_engine

        return read_engine.open_reader(place)
    with driver_needed(place):
        from bot.database import postgres
    return postgres.open_reader(place)


def translated_errors(place: "DatabasePlace") -> AbstractContextManager[None]:
    """Return a context that raises UnusableError instead of what a driver raises inside, if the database is wrong."""
    if isinstance(place, Path):
        from bot.database import errors

        return errors.translated_errors(place)
    with driver_needed(place):
        from bot.database import postgres_errors
    return postgres_errors.translated_errors(place)


@contextmanager
def driver_needed(place: "PostgresAddress") -> Iterator[None]:
    """Raise LedgerError if what is imported inside is not installed, or the driver has no library of PostgreSQL's."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise LedgerError(f"{place} needs {error.name}. Install neo-usage with its extra `postgres`.") from error
    except ImportError as error:
        if error.name is not None:
            raise
        raise LedgerError(
            f"{place} needs psycopg with PostgreSQL's library libpq, which psycopg does not find."
            " Install neo-usage with its extra `postgres`, which brings it along."
        ) from error
