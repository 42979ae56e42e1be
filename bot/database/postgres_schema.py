"""What a PostgreSQL server must be like for a ledger, and what its tables need beside the migrations."""

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.base import PGIdentifierPreparer

from bot.database.errors import LedgerError, UnusableError
from bot.database.postgres_errors import READ_ONLY, REPLICA
from bot.settings.postgres_address import PostgresAddress

OLDEST = 13
_SERVER = text(
    "SELECT current_setting('server_version_num')::integer / 10000 AS version, pg_is_in_recovery() AS is_replica,"
    " current_setting('transaction_read_only') = 'on' AS is_read_only,"
    " current_setting('server_encoding') AS encoding"
)
_UNSORTED = text(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'"
    " ORDER BY table_name, ordinal_position"
)


def check_server(connection: Connection, address: PostgresAddress) -> None:
    """Check that a ledger can be kept on a server.

    Raises:
        LedgerError: it is too old, or its database holds no Unicode.
        UnusableError: it is a read-only replica, or lets nobody write.
    """
    version, is_replica, is_read_only, encoding = connection.execute(_SERVER).one()
    if version < OLDEST:
        raise LedgerError(f"the server of {address} is PostgreSQL {version}. Use {OLDEST} or newer.")
    if encoding != "UTF8":
        raise LedgerError(f"{address} has the encoding {encoding}. Create it with ENCODING 'UTF8' TEMPLATE template0.")
    if is_replica:
        raise UnusableError(REPLICA, address)
    if is_read_only:
        raise UnusableError(READ_ONLY, address)


def sort_text_binary(connection: Connection) -> None:
    """Let text compare and sort by its bytes, as in SQLite, whatever the database's own language is."""
    quoted = PGIdentifierPreparer(connection.dialect).quote
    for table, column in connection.execute(_UNSORTED).all():
        connection.execute(text(f'ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} TYPE varchar COLLATE "C"'))
