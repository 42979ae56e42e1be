"""Facts of an open database, whichever engine keeps it: its name and version, its size, its connections."""

from pathlib import Path
from sqlite3 import sqlite_version

from sqlalchemy import Connection, text

from bot.database.read_engine import file_bytes
from bot.database.reader_pool import THREADS

CONNECTIONS = 2 + THREADS  # of a service: one writes, the others read, and one more while it writes a backup
_SERVER_BYTES = text("SELECT pg_database_size(current_database())")
_SERVER_ENGINE = text("SELECT current_setting('server_version'), current_setting('server_encoding')")
_SERVER_FREE = text("""
    SELECT least(
        current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
            - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        (SELECT d.datconnlimit - (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid) FROM pg_database d
            WHERE d.datname = current_database() AND d.datconnlimit >= 0),
        (SELECT r.rolconnlimit - (SELECT count(*) FROM pg_stat_activity a WHERE a.usesysid = r.oid) FROM pg_roles r
            WHERE r.rolname = current_user AND r.rolconnlimit >= 0)
    )::integer
""")
_SERVER_EXPOSED = text("""
    SELECT current_schema() WHERE has_schema_privilege('public', current_schema(), 'CREATE')
        AND has_database_privilege('public', current_database(), 'CONNECT')
        AND EXISTS (SELECT FROM pg_roles WHERE rolcanlogin AND NOT rolsuper AND rolname <> current_user)
""")
_FILES = text("PRAGMA database_list")


def database_bytes(connection: Connection) -> int:
    """Return the size of the open database: its file with the write-ahead log, or what the server counts for it."""
    if connection.dialect.name == "sqlite":
        return file_bytes(Path(next(each.file for each in connection.execute(_FILES) if each.name == "main")))
    size: int = connection.execute(_SERVER_BYTES).scalar_one()
    return size


def engine_name(connection: Connection) -> str:
    """Return what keeps the open database, with its version, and the encoding of texts where that may differ."""
    if connection.dialect.name == "sqlite":
        return f"SQLite {sqlite_version}"
    version, encoding = connection.execute(_SERVER_ENGINE).one()
    return f"PostgreSQL {version.partition(' ')[0]}, {encoding}"


def free_connections(connection: Connection) -> int | None:
    """Return how many connections the server takes beside those there are; None where nobody counts them."""
    if connection.dialect.name == "sqlite":
        return None
    free: int = connection.execute(_SERVER_FREE).scalar_one()
    return free


def exposed_schema(connection: Connection) -> str | None:
    """Return the schema that other users of the server may put functions into, which statements here would call.

    For one whose arguments fit better goes before the server's own. None if nobody else may.
    """
    if connection.dialect.name == "sqlite":
        return None
    name: str | None = connection.execute(_SERVER_EXPOSED).scalar()
    return name
