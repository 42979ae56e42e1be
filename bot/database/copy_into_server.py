"""A database on a PostgreSQL server that a ledger is copied into."""

from collections.abc import Iterable

import psycopg
from psycopg import sql
from sqlalchemy import Connection, MetaData, Table, func, select, text
from sqlalchemy.dialects.postgresql.base import PGIdentifierPreparer
from sqlalchemy.exc import DBAPIError

from bot.database.compiled_statements import UNSHARED
from bot.database.copy_source import CopySource, Rows
from bot.database.copy_target import CopyTarget
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.database.postgres import driver_connection
from bot.database.postgres_connections import write_engine
from bot.database.postgres_schema import WRITER_LOCK, check_server, sort_text_binary
from bot.database.schema import current_revision, newest_revision, require_whole
from bot.database.upgrade import upgrade
from bot.settings.postgres_address import PostgresAddress

# the lock that every transaction which writes waits for; nothing ends the copy while it reads, or lets it wait for ever
_LOCK = text(
    f"SELECT pg_try_advisory_lock({WRITER_LOCK}), set_config('lock_timeout', '30s', false),"
    " set_config('idle_in_transaction_session_timeout', '0', false)"
)
_CONTINUE_IDS = text(
    "SELECT setval(s.name, greatest(:largest, (SELECT last_value FROM pg_sequences"
    " WHERE CAST(format('%I.%I', schemaname, sequencename) AS regclass) = s.name)))"
    " FROM (SELECT CAST(pg_get_serial_sequence(:of_table, :of_column) AS regclass) AS name) s WHERE s.name IS NOT NULL"
)


class ServerTarget(CopyTarget):
    """A database that nobody else writes until it is closed."""

    holds_nul = False

    def __init__(self, address: PostgresAddress) -> None:
        self.place = address
        self._address = address
        self._engine = write_engine(address)
        with self.errors():
            self.connection = self._engine.connect().execution_options(**UNSHARED)
            try:
                self._take()
            except BaseException:
                self.close()
                raise

    def _take(self) -> None:
        check_server(self.connection, self._address)
        driver_connection(self.connection).answer_seconds = None  # each statement goes through a whole ledger
        is_free, *_ = self.connection.execute(_LOCK).one()
        self.connection.commit()
        if not is_free:
            raise InUseError(f"{self.place} is in use: another command or a service writes there. Stop that first.")

    def migrate(self, source: CopySource | None = None) -> None:  # noqa: ARG002 - a copy is of this version's schema
        """Make the tables of the newest schema, in the transaction under way."""
        if upgrade(self.connection, self.place):
            sort_text_binary(self.connection)

    def replace_other_schema(self) -> None:
        """Make the tables of the newest schema in the place of a ledger's of another one, in the transaction under way.

        Raises:
            LedgerError: the database is another program's, or an unfinished copy.
        """
        stored = current_revision(self.connection)
        if stored == newest_revision():
            return
        if stored is not None:
            require_whole(stored, self.place)
            found = MetaData()
            found.reflect(self.connection)
            found.drop_all(self.connection)
        self.migrate()

    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows, each with all columns of the table, in the transaction under way."""
        columns = sql.SQL(",").join(map(sql.Identifier, table.c.keys()))
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), columns)
        with driver_connection(self.connection).cursor() as cursor:
            try:
                with cursor.copy(statement) as copy:
                    for row in rows:
                        copy.write_row(row)
            except psycopg.IntegrityError as error:
                raise LedgerError(
                    f"{table.name} cannot be copied: {error.diag.message_primary}. Run `neo-usage db verify` to find"
                    " what is wrong with the ledger."
                ) from error
            except psycopg.Error as error:
                raise _translatable(error, self.connection) from error

    def empty(self, tables: Iterable[Table]) -> None:
        """Delete all rows of tables, of which no other table's row refers to one, in the transaction under way."""
        self.connection.execute(text(f"TRUNCATE {self._names(tables)}"))

    def continue_ids(self, tables: Iterable[Table]) -> None:
        """Let the database number new rows from beyond those that are there; never from before where it was.

        For a change of a sequence stays even if the transaction is rolled back.
        """
        for table in tables:
            if "id" in table.c:
                largest = self.connection.execute(select(func.max(table.c.id))).scalar()
                name = {"of_table": _quoted(self.connection, table), "of_column": "id"}
                if largest is not None:
                    self.connection.execute(_CONTINUE_IDS, {"largest": largest, **name})

    def gather_statistics(self, tables: Iterable[Table]) -> None:
        """Let the server plan statements for as many rows as there are, which it would else find out minutes later."""
        self.connection.execute(text(f"ANALYZE {self._names(tables)}"))

    def _names(self, tables: Iterable[Table]) -> str:
        return ", ".join(_quoted(self.connection, table) for table in tables)

    def close(self) -> None:
        """Let others write the database."""
        self.connection.close()
        self._engine.dispose()


def _quoted(connection: Connection, table: Table) -> str:
    return PGIdentifierPreparer(connection.dialect).quote(table.name)


def _translatable(error: psycopg.Error, connection: Connection) -> DBAPIError:
    """Return an error of the driver as SQLAlchemy raises it, without what the server quotes of a row."""
    if error.diag.message_primary is not None:
        error.args = (error.diag.message_primary,)
    is_lost = driver_connection(connection).closed
    return DBAPIError("COPY", None, error, hide_parameters=True, connection_invalidated=is_lost)
