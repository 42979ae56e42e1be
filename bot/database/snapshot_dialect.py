"""SQLite's dialect for reading: a transaction begins with its first statement, so that it sees one snapshot.

The driver by itself begins one at the first change. A listener to the event `begin` would do the same, and cost each
statement of the engine a tenth of its time.
"""

import sqlite3

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

URL = "sqlite+snapshot://"


class SnapshotDialect(SQLiteDialect_pysqlite):
    """Begins transactions itself; its connections are to be opened with an `isolation_level` of None."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: sqlite3.Connection) -> None:  # type: ignore[override] # it is SQLite's
        """Begin a transaction. Raises what the driver raises."""
        dbapi_connection.execute("BEGIN")


registry.register("sqlite.snapshot", __name__, SnapshotDialect.__name__)
