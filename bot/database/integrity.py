"""Integrity: whether a database is sound, and whether what is to hold in it does."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import DBAPIError

from bot.database.backup import open_read_only
from bot.database.errors import LedgerError
from bot.database.kept_file import open_kept_file
from bot.database.long_statements import long_statements
from bot.database.reading import open_reader, translated_errors
from bot.database.schema import is_unfinished, newest_revision, require_newest, stored_revision

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace


def damage(path: Path) -> Iterator[str]:
    """Return why a file cannot be used as a database of this version; nothing if it can."""
    try:
        with closing(open_read_only(path)) as connection:
            stored = stored_revision(connection)
            if stored is None:
                yield "it holds no ledger"
            elif is_unfinished(stored):
                yield "it is a copy that was not finished"
            elif stored > newest_revision():
                yield f"a newer neo-usage wrote it (schema {stored})"
            yield from (row[0] for row in connection.execute("PRAGMA quick_check") if row[0] != "ok")
    except sqlite3.DatabaseError as error:
        yield str(error)


_SOUND_FILE = {
    "the file is sound": "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'",
    "every row's neighbors exist": "SELECT \"table\" || ' row ' || rowid FROM pragma_foreign_key_check",
}
_SOUND_SERVER = {
    "every index is valid": """
        SELECT CAST(i.indexrelid AS regclass) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND NOT i.indisvalid""",
    "every row's neighbors exist": """
        SELECT conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
        WHERE n.nspname = current_schema() AND NOT convalidated""",
}
_SOUND = {"sqlite": _SOUND_FILE, "postgresql": _SOUND_SERVER}


def violations(
    place: "DatabasePlace", laws: Mapping[str, TextClause], stop: Event | None = None
) -> dict[str, list[str]]:
    """Check a database and what is to hold in it, in one snapshot.

    Args:
        place: a file of this version or an earlier one, or a database on a server.
        laws: by name a query for the rows that break the law; its first column names the row.
        stop: once it is set, the check of a file is broken off.

    Returns:
        Each law, those of any database first, with what breaks it; nothing where it holds.

    Raises:
        LedgerError: the database cannot be read, or the check was broken off.
    """
    if isinstance(place, Path):
        return _violations_in_file(place, laws, stop)
    with closing(open_reader(place)) as connection, translated_errors(place), long_statements(connection):
        return _all_breaches(connection, laws)


def _violations_in_file(path: Path, laws: Mapping[str, TextClause], stop: Event | None) -> dict[str, list[str]]:
    if not path.is_file():
        raise LedgerError(f"there is no ledger at {path}.")
    _refuse_newer(path)
    try:
        with closing(open_kept_file(path, stop)) as connection:
            return _all_breaches(connection, laws)
    except DBAPIError as error:
        _require_present_schema(path)
        raise LedgerError(f"cannot read {path}: {error.orig}.") from error


def _refuse_newer(path: Path) -> None:
    """Raise LedgerError if a newer version wrote a file: what is to hold in that is not known here."""
    with suppress(sqlite3.Error), closing(open_read_only(path)) as connection:
        stored = stored_revision(connection)
        if stored is not None and not is_unfinished(stored) and stored > newest_revision():
            require_newest(stored, path)


def _require_present_schema(path: Path) -> None:
    """Raise LedgerError if a file that could not be checked was written by another version."""
    with suppress(sqlite3.Error), closing(open_read_only(path)) as connection:
        require_newest(stored_revision(connection), path)


def _all_breaches(connection: Connection, laws: Mapping[str, TextClause]) -> dict[str, list[str]]:
    return breaches(connection, _sound_laws(connection) | dict(laws))


def _sound_laws(connection: Connection) -> dict[str, TextClause]:
    return {law: text(sql) for law, sql in _SOUND[connection.dialect.name].items()}


def breaches(connection: Connection, laws: Mapping[str, TextClause]) -> dict[str, list[str]]:
    """Return each law with what breaks it in an open database, nothing where it holds; `laws` as for `violations`."""
    return {law: [str(row[0]) for row in connection.execute(query)] for law, query in laws.items()}


def unsoundness(connection: Connection) -> list[str]:
    """Return what is damaged in an open database, apart from what is to hold in it; nothing if it is sound."""
    laws = _sound_laws(connection)
    return [each for found in breaches(connection, laws).values() for each in found]
