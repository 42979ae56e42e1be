"""Backups: a consistent copy of a database that is in use."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.database.durable_files import flush, own_name
from bot.database.errors import LedgerError
from bot.database.long_statements import long_statements
from bot.database.private_files import create_private

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace
    from bot.settings.postgres_address import PostgresAddress


_SECONDS = 600.0  # that a server may take for a statement of a backup which somebody may want to stop
_STEP_PAGES = 1000  # that are copied between looks whether to stop
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"


class StoppedError(LedgerError):
    """The backup was stopped before it was finished; nothing is left of it."""

    def __init__(self) -> None:
        super().__init__("the backup was stopped before it was finished.")


def backup(
    source: "DatabasePlace", target: Path, check: Callable[[Path], None] | None = None, stop: Event | None = None
) -> int:
    """Copy a ledger into a file of SQLite while it is in use; return the size of the copy in bytes.

    It keeps its schema, whichever version wrote it. From a server, one of a newer version is copied into plain tables.

    Args:
        source: the ledger.
        target: the new file. It has its name only once it is whole, has as many rows, and is on the disk.
        check: called with the copy before it has its name; raises LedgerError if it is not to be kept.
        stop: once it is set, the copy is given up.

    Raises:
        LedgerError: there is no ledger, or the target exists or cannot be written.
        StoppedError: `stop` was set.
    """
    if target.exists():
        raise LedgerError(f"{target} exists already. Name a new file.")
    unfinished = own_name(target, "part")
    remove_database(unfinished)
    try:
        create_private(unfinished)
        if isinstance(source, Path):
            _copy_file(source, unfinished, stop)
        else:
            _copy_server(source, unfinished, stop)
        flush(unfinished)
        if check is not None:
            check(unfinished)
        unfinished.replace(target)
        flush(target.parent)
    except (OSError, sqlite3.Error) as error:
        remove_database(unfinished)
        reason = error.strerror if isinstance(error, OSError) else error
        raise LedgerError(f"cannot copy to {target}: {reason}.") from error
    except LedgerError:
        remove_database(unfinished)
        raise
    return target.stat().st_size


def _copy_file(source: Path, unfinished: Path, stop: Event | None) -> None:
    with closing(open_read_only(source)) as live, closing(sqlite3.connect(unfinished)) as copy:
        live.isolation_level = None
        live.execute("BEGIN")  # one snapshot for all steps and for the counts, whatever is written meanwhile
        counts = _row_counts(live)
        live.backup(copy, pages=_STEP_PAGES, progress=lambda *_: _check_stop(stop))
        copy.execute("PRAGMA journal_mode = DELETE")
        if _row_counts(copy) != counts:
            raise LedgerError("the copy has other rows than the ledger. Try it again, on another disk.")


def _row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [str(row[0]) for row in connection.execute(_TABLES)]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def _check_stop(stop: Event | None) -> None:
    if stop is not None and stop.is_set():
        raise StoppedError


def _copy_server(source: "PostgresAddress", unfinished: Path, stop: Event | None) -> None:
    from bot.database.copy_into_file import FileTarget
    from bot.database.copy_source import CopySource
    from bot.database.copying import copy_whole
    from bot.database.postgres import open_any_schema

    with (
        closing(open_any_schema(source)) as reader,
        long_statements(reader, None if stop is None else _SECONDS),
        closing(FileTarget(unfinished)) as target,
        target.errors(),
    ):
        copy_whole(CopySource(source, reader), target, lambda _: _check_stop(stop))
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
