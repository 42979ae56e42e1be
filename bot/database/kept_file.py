"""A database's file that is no ledger in use: read as it is, whatever its schema."""

import sqlite3
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, NullPool, create_engine

from bot.database import snapshot_dialect


def open_kept_file(path: Path) -> Connection:
    """Open a database's file for reading, in one snapshot from the first statement.

    Raises:
        SQLAlchemyError: there is none, or it cannot be opened.
    """
    opened = partial(sqlite3.connect, f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
    # its parameters are names and e-mails, and an exception's text reaches logs
    engine = create_engine(snapshot_dialect.URL, creator=opened, poolclass=NullPool, hide_parameters=True)
    return engine.connect()
