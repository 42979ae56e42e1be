"""A scratch schema on a PostgreSQL server: made empty, used by one process alone, and deleted in the end."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from sqlalchemy import Connection, text

from bot.database.errors import LedgerError
from bot.database.postgres_connections import write_engine
from bot.database.postgres_errors import translated_errors
from bot.settings.postgres_address import PostgresAddress

SCHEMA = "neo_usage_demo"
_CLAIM = text("SELECT pg_try_advisory_lock(7954877705891935)")
_DROP = text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
_CREATE = text(f"CREATE SCHEMA {SCHEMA}")


@contextmanager
def scratch_schema(address: PostgresAddress) -> Iterator[PostgresAddress]:
    """Give the address of an empty schema in a database; nothing outside of it is seen or changed there.

    Raises:
        LedgerError: another process uses it.
        UnusableError: the server cannot be used, or lets the user make no schema.
    """
    with _connected(address) as connection:
        with translated_errors(address):
            _make(connection, address)
        options = f"{address.options.get('options', '')} -c search_path={SCHEMA}".strip()
        try:
            yield replace(address, options={**address.options, "options": options})
        finally:
            with translated_errors(address):
                connection.execute(_DROP)
                connection.commit()


@contextmanager
def _connected(address: PostgresAddress) -> Iterator[Connection]:
    engine = write_engine(address)
    try:
        with translated_errors(address):
            connection = engine.connect()
        with closing(connection):
            yield connection
    finally:
        engine.dispose()


def _make(connection: Connection, address: PostgresAddress) -> None:
    """Make the schema empty; what a demo that was killed has left of it is deleted."""
    if not connection.execute(_CLAIM).scalar_one():
        raise LedgerError(f"another demo uses {address} already. End that first, or name another database.")
    connection.execute(_DROP)
    connection.execute(_CREATE)
    connection.commit()
