"""What a PostgreSQL server must be like for a ledger, and what its tables need beside the migrations."""

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.dialects.postgresql.base import PGIdentifierPreparer

from bot.database.errors import LedgerError, UnusableError
from bot.database.postgres_errors import READ_ONLY, REPLICA
from bot.settings.postgres_address import PostgresAddress

WRITER_LOCK = "hashtextextended(coalesce(current_schema(), ''), 7954877705891934)"
"""The number, in SQL, of the lock of whoever writes: one for each schema, as each may hold a ledger."""

_SERVER = text(
    "SELECT pg_is_in_recovery() AS is_replica, current_setting('transaction_read_only') = 'on' AS is_read_only,"
    " current_setting('server_encoding') AS encoding"
)
_SCHEMA = text("SELECT current_schema()")
# where a statement would find a ledger, although a new table would be made elsewhere
_ELSEWHERE = text(
    "SELECT n.nspname AS found, current_schema() AS own FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = to_regclass('alembic_version') AND n.nspname <> current_schema()"
)
_UNSORTED = text(
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    " AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'"
    " ORDER BY table_name, ordinal_position"
)

_WITHOUT_ROWS = text(
    "SELECT s.tablename, s.attname FROM pg_stats s"
    " JOIN pg_class c ON c.oid = to_regclass(quote_ident(s.schemaname) || '.' || quote_ident(s.tablename))"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname"
    " WHERE s.schemaname = current_schema() AND c.relpages = 0 AND a.atttypid = 'varchar'::regtype"
)


def check_server(connection: Connection, address: PostgresAddress) -> None:
    """Check that a ledger can be kept on a server.

    Raises:
        LedgerError: its database holds no Unicode, or it is open which schema is meant.
        UnusableError: it is a read-only replica, or lets nobody write.
    """
    is_replica, is_read_only, encoding = connection.execute(_SERVER).one()
    if encoding != "UTF8":
        raise LedgerError(f"{address} has the encoding {encoding}. Create it with ENCODING 'UTF8' TEMPLATE template0.")
    if is_replica:
        raise UnusableError(REPLICA, address)
    if is_read_only:
        raise UnusableError(READ_ONLY, address)
    if elsewhere := connection.execute(_ELSEWHERE).first():
        raise LedgerError(
            f"{address} has tables in the schema {elsewhere.found}, and new ones would be made in {elsewhere.own}. Name"
            " one of them alone in DATABASE_URL: ?options=-csearch_path%3DSCHEMA."
        )


def check_schema(connection: Connection, address: PostgresAddress) -> None:
    """Raise UnusableError if no schema is in sight, as without the right to use one: a ledger may be there unseen."""
    if connection.execute(_SCHEMA).scalar() is None:
        why = "the database's user lacks a right (no schema that it may use): make it the owner of the database"
        raise UnusableError(why, address)


def sort_text_binary(connection: Connection) -> None:
    """Let text compare and sort by its bytes, as in SQLite, whatever the database's own language is."""
    _set_type(connection, _UNSORTED)


def forget_statistics(connection: Connection) -> None:
    """Delete the texts in the planner's statistics of tables without rows, which ANALYZE leaves as they were."""
    _set_type(connection, _WITHOUT_ROWS)  # with a type, be it the same one, a column gets new statistics


def _set_type(connection: Connection, columns: TextClause) -> None:
    """Set the type of columns of text, which a statement gives with their tables."""
    quoted = PGIdentifierPreparer(connection.dialect).quote
    for table, column in connection.execute(columns).all():
        connection.execute(text(f'ALTER TABLE {quoted(table)} ALTER COLUMN {quoted(column)} TYPE varchar COLLATE "C"'))
