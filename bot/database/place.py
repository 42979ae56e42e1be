"""What is asked of the place of a database, whichever engine it is of: whether it is there, its size, its disk."""

from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from bot.database.errors import LedgerError
from bot.database.read_engine import file_bytes
from bot.database.reading import open_reader
from bot.database.schema import MissingLedgerError, OldSchemaError

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

_SERVER_BYTES = text("SELECT pg_database_size(current_database())")
_FILE = text("PRAGMA database_list")


def database_bytes(connection: Connection) -> int:
    """Return the size of the open database: its file with the write-ahead log, or what the server counts for it."""
    if connection.dialect.name == "sqlite":
        return file_bytes(Path(connection.execute(_FILE).one().file))
    size: int = connection.execute(_SERVER_BYTES).scalar_one()
    return size


def free_bytes(place: "DatabasePlace") -> int | None:
    """Return how much is free on the disk of a database; None if it is on a server, which tells nobody."""
    return disk_usage(place.resolve().parent).free if isinstance(place, Path) else None


def is_absent(place: "DatabasePlace") -> bool:
    """Return whether no ledger is at a place where one can be made.

    Raises:
        LedgerError: that cannot be looked up, or the ledger is not of this schema.
    """
    if isinstance(place, Path):
        return not place.exists() and place.parent.is_dir()
    try:
        open_reader(place).close()
    except MissingLedgerError:
        return True
    except OldSchemaError:
        pass
    return False


def require_ledger(place: "DatabasePlace") -> None:
    """Check that a ledger is at a place, whatever its schema.

    Raises:
        LedgerError: there is none, or a server cannot be asked.
    """
    if place.is_file() if isinstance(place, Path) else not is_absent(place):
        return
    raise MissingLedgerError(f"there is no ledger at {place} yet. Run `neo-usage sync` first.")


def is_upgraded_by_opening(place: "DatabasePlace", error: LedgerError) -> bool:
    """Return whether a ledger that could not be read because of an error may be readable once opened for writing."""
    return place.is_file() if isinstance(place, Path) else isinstance(error, OldSchemaError)


def file_of(place: "DatabasePlace", command: str) -> Path:
    """Return the file of a database, for a command that works on files.

    Raises:
        LedgerError: it is on a server.
    """
    if isinstance(place, Path):
        return place
    raise LedgerError(
        f"`neo-usage {command}` works on a file of SQLite, and {place} is on a server. Use pg_dump there."
    )
