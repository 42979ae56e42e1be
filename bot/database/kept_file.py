"""A database's file that is no ledger in use: read as it is, whatever its schema."""

import sqlite3
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, create_engine

from bot.database import snapshot_dialect

_STEPS = 10_000  # of SQLite's machine between looks whether to stop


def open_kept_file(path: Path, stop: Event | None = None) -> Connection:
    """Open a database's file for reading, in one snapshot from the first statement.

    Once `stop` is set, its statements are broken off with an OperationalError.

    Raises:
        SQLAlchemyError: there is none, or it cannot be opened.
    """
    # its parameters are names and e-mails, and an exception's text reaches logs
    engine = create_engine(
        snapshot_dialect.URL, creator=partial(_open, path, stop), poolclass=NullPool, hide_parameters=True
    )
    return engine.connect()


def _open(path: Path, stop: Event | None) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    if stop is not None:
        connection.set_progress_handler(stop.is_set, _STEPS)
    return connection
