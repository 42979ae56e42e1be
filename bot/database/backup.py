"""Backups: a consistent copy of a database that is in use."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.database.durable_files import flush
from bot.database.errors import LedgerError
from bot.database.private_files import create_private
from bot.database.reading import open_reader

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace
    from bot.settings.postgres_address import PostgresAddress


def backup(source: "DatabasePlace", target: Path) -> int:
    """Copy a ledger into a file of SQLite while it is in use; return the size of the copy in bytes.

    Raises:
        LedgerError: there is no ledger, or the target exists or cannot be written.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already. Name a new file.")
    unfinished = target.with_name(f"{target.name}.part")
    remove_database(unfinished)
    try:
        create_private(unfinished)
        if isinstance(source, Path):
            _copy_file(source, unfinished)
        else:
            _copy_server(source, unfinished)
        flush(unfinished)
        unfinished.replace(target)
    except (OSError, sqlite3.Error) as error:
        remove_database(unfinished)
        raise LedgerError(f"cannot copy to {target}: {error}.") from error
    except LedgerError:
        remove_database(unfinished)
        raise
    return target.stat().st_size


def _copy_file(source: Path, unfinished: Path) -> None:
    with closing(open_read_only(source)) as live, closing(sqlite3.connect(unfinished)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")


def _copy_server(source: "PostgresAddress", unfinished: Path) -> None:
    from bot.database.copy_into_file import FileTarget
    from bot.database.copy_source import CopySource
    from bot.database.copying import copy_whole

    with closing(open_reader(source)) as reader, closing(FileTarget(unfinished)) as target, target.errors():
        copy_whole(CopySource(source, reader), target)
    with closing(sqlite3.connect(unfinished)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
    unfinished.with_name(f"{unfinished.name}.lock").unlink(missing_ok=True)


def remove_database(path: Path) -> None:
    """Delete a database's file, with those that SQLite and this program keep beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database's file for reading.

    Raises:
        LedgerError: there is none.
    """
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}.")
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=30)
