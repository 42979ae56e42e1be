"""The schema's revision: which one a file is at, and which one this code needs."""

import sqlite3
from functools import cache

from sqlalchemy import Connection, String, inspect, literal_column, text

from bot.database.errors import LedgerError
from bot.shipped import shipped

_REVISION = text("SELECT version_num FROM alembic_version")
REVISION = literal_column("(SELECT version_num FROM alembic_version)", String)
"""The schema's revision, as a column of a statement that selects something else as well."""

_UNFINISHED = "copy of "


class MissingLedgerError(LedgerError):
    """There is no ledger where one is to be read."""


class OldSchemaError(LedgerError):
    """The ledger is of an earlier schema, and is upgraded when it is opened for writing."""


class UnfinishedCopyError(LedgerError):
    """The database holds a part of a ledger that is being copied into it, or whose copying was interrupted."""

    def __init__(self, place: object) -> None:
        super().__init__(
            f"{place} is a copy of a ledger that is not finished. Run the same `neo-usage db copy` again, or name"
            " another database."
        )


class NewerLedgerError(LedgerError):
    """The ledger is of a later schema than this code knows."""

    def __init__(self, place: object, stored: str) -> None:
        message = f"{place} was written by a newer neo-usage (schema {stored}). Update this one."
        super().__init__(message, why="my database was written by a newer version of me")


class OutgrownError(LedgerError):
    """A newer version has upgraded the ledger that this one has open: it must not write what it does not know."""

    def __init__(self, stored: str | None) -> None:
        super().__init__(
            f"the ledger is at schema {stored} now, and this neo-usage knows {newest_revision()}: a newer version has"
            " upgraded it meanwhile. Nothing was written by this one. Update it, and start it again."
        )


@cache
def newest_revision() -> str:
    """Return the last migration's revision, which is the number its file name begins with."""
    return max(path.name.partition("_")[0] for path in (shipped("migrations") / "versions").glob("*_*.py"))


def stored_revision(connection: sqlite3.Connection) -> str | None:
    """Return the revision a file is at; None for a file without a ledger.

    Raises:
        sqlite3.DatabaseError: it is not a database.
    """
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return str(row[0]) if row else None


def current_revision(connection: Connection) -> str | None:
    """Return the revision that an open database is at; None if it is without a ledger."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_REVISION).scalar()


def present_revision(connection: Connection) -> str:
    """Return the revision that an open ledger is at."""
    revision: str = connection.execute(_REVISION).scalar_one()
    return revision


def unfinished_revision(revision: str) -> str:
    """Return the revision of a database while a ledger of a revision is copied into it: one that no version opens."""
    return f"{_UNFINISHED}{revision}"


def is_unfinished(stored: str | None) -> bool:
    """Return whether a revision is that of an unfinished copy, begun by whichever version."""
    return stored is not None and stored.startswith(_UNFINISHED)


def require_whole(stored: str | None, place: object) -> str:
    """Return a database's revision, whichever version wrote it.

    Raises:
        LedgerError: it holds no ledger, or an unfinished copy of one.
    """
    if is_unfinished(stored):
        raise UnfinishedCopyError(place)
    if stored is None:
        raise MissingLedgerError(f"{place} holds no ledger yet. Run `neo-usage sync` first.")
    return stored


def require_newest(stored: str | None, place: object) -> None:
    """Check that a database's revision is the one this code reads.

    Raises:
        LedgerError: it is not; the message says what to do.
    """
    stored = require_whole(stored, place)
    if stored < newest_revision():
        raise OldSchemaError(f"{place} is at schema {stored} of {newest_revision()}. Run `neo-usage db upgrade`.")
    if stored > newest_revision():
        raise NewerLedgerError(place, stored)


def check_revision(connection: Connection) -> None:
    """Check in a transaction, before it writes, that the schema is still the one this code knows.

    Raises:
        OutgrownError: it is not.
    """
    require_known(connection.execute(_REVISION).scalar())


def require_known(stored: str | None) -> None:
    """Check that the revision which a transaction has read is the one this code knows, as `check_revision` does."""
    if stored != newest_revision():
        raise OutgrownError(stored)
