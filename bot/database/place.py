"""The place of a database: whether a ledger is there, and how much its disk has left."""

from contextlib import closing
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

from bot.database.errors import LedgerError, not_opened, require_directory, require_writable_directory
from bot.database.reading import open_reader, translated_errors
from bot.database.schema import MissingLedgerError, OldSchemaError

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace


def free_bytes(place: "DatabasePlace") -> int | None:
    """Return how much is free on the disk of a database; None if it is on a server, which tells nobody."""
    return disk_usage(place.resolve().parent).free if isinstance(place, Path) else None


def absence(place: "DatabasePlace") -> str | None:
    """Return in words that no ledger is yet at a place; None if there is one.

    Raises:
        LedgerError: that cannot be looked up, or the ledger is not of this schema.
    """
    if isinstance(place, Path):
        return None if place.exists() else f"{place} does not exist yet"
    try:
        open_reader(place).close()
    except MissingLedgerError:
        return f"{place} holds no ledger yet"
    except OldSchemaError:
        pass
    return None


def pending_upgrade(place: "DatabasePlace") -> str | None:
    """Return in words that an older version wrote the ledger at a place; None if this one did.

    Raises:
        LedgerError: it cannot be read.
    """
    try:
        open_reader(place).close()
    except OldSchemaError as error:
        return str(error).partition(". ")[0]
    return None


def try_making_ledger(place: "DatabasePlace") -> None:
    """Check that a ledger can be made at a place that has none; what is made on a server is undone.

    Raises:
        LedgerError: it cannot; the message says what to do.
    """
    if isinstance(place, Path):
        require_directory(place)
        require_writable_directory(place)
    else:
        from bot.database.postgres import try_making

        try_making(place)


def require_ledger(place: "DatabasePlace") -> None:
    """Check that a ledger is at a place, whatever its schema.

    Raises:
        LedgerError: there is none, or a server cannot be asked.
    """
    if place.is_file() if isinstance(place, Path) else absence(place) is None:
        return
    raise MissingLedgerError(f"there is no ledger at {place} yet. Run `neo-usage sync` first.")


def require_unused(place: "DatabasePlace") -> None:
    """Check that no other process has the ledger at a place open.

    Raises:
        InUseError: one has.
        LedgerError: that cannot be found out.
    """
    if isinstance(place, Path):
        from bot.database.file_lock import FileLock

        try:
            FileLock(place, exclusive=True).release()
        except OSError as error:
            raise not_opened(error, place) from error
        return
    from bot.database import server_restore
    from bot.database.postgres import open_any_schema

    with closing(open_any_schema(place)) as connection, translated_errors(place):
        server_restore.require_unused(connection, place)


def is_upgraded_by_opening(place: "DatabasePlace", error: LedgerError) -> bool:
    """Return whether a ledger that could not be read because of an error may be readable once opened for writing."""
    return place.is_file() if isinstance(place, Path) else isinstance(error, OldSchemaError)
