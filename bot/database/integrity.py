"""Integrity: whether a file holds a sound database, and what is to hold in it."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from bot.database.backup import open_read_only
from bot.database.errors import LedgerError
from bot.database.schema import newest_revision, stored_revision


def damage(path: Path) -> Iterator[str]:
    """Return why a file cannot be used as a database of this version; nothing if it can."""
    try:
        with closing(open_read_only(path)) as connection:
            stored = stored_revision(connection)
            if stored is None:
                yield "it holds no ledger"
            elif stored > newest_revision():
                yield f"a newer neo-usage wrote it (schema {stored})"
            yield from (row[0] for row in connection.execute("PRAGMA quick_check") if row[0] != "ok")
    except sqlite3.DatabaseError as error:
        yield str(error)


_SOUND = {
    "the file is sound": "SELECT quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'",
    "every row's neighbours exist": "SELECT \"table\" || ' row ' || rowid FROM pragma_foreign_key_check",
}


def violations(path: Path, laws: Mapping[str, str]) -> dict[str, list[str]]:
    """Check a database file and what is to hold in it, in one snapshot.

    Args:
        path: the file.
        laws: by name a query for the rows that break the law; its first column names the row.

    Returns:
        Each law, those of any file first, with what breaks it; nothing where it holds.

    Raises:
        LedgerError: the file cannot be read.
    """
    try:
        with closing(open_read_only(path)) as connection:
            connection.execute("BEGIN")
            return {law: [str(row[0]) for row in connection.execute(sql)] for law, sql in (_SOUND | dict(laws)).items()}
    except sqlite3.DatabaseError as error:
        raise LedgerError(f"cannot read {path}: {error}.") from error
