"""The former ledger, which a restored copy replaced: open for reading, with its members' keys as they are here."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from bot.database.backup import backup, remove_database
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.rows import Row, driver_rows_by_column
from bot.database.schema import newest_revision, stored_revision
from bot.ledger.members import ensure_members


@dataclass(frozen=True, slots=True)
class FormerLedger:
    """The former ledger, open for reading; `members` maps its members' keys to their keys here."""

    connection: sqlite3.Connection
    members: Mapping[int, int]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return the rows of a query to the former ledger, by column."""
        return driver_rows_by_column(self.connection, sql, values)

    def task_ids(self) -> dict[int, str]:
        """Return the upstream's ids of the former ledger's tasks, by key."""
        return dict(self.connection.execute("SELECT id, task_id FROM task").fetchall())


@contextmanager
def open_former(kept: Path | None, connection: Connection) -> Iterator[FormerLedger | None]:
    """Open the former ledger that is kept at a path; give None if there is none, or it cannot be read.

    Its members who are unknown here are added. One that an older version wrote is read from a copy, and left as it is.
    """
    if kept is None:
        yield None
        return
    copy = kept.with_name(f"{kept.name}.upgraded")
    try:
        former = _open(kept, copy)
    except (OSError, sqlite3.Error, LedgerError):
        former = None
    try:
        if former is None:
            yield None
            return
        with closing(former):
            yield FormerLedger(former, _members(former, connection))
    finally:
        remove_database(copy)


def _open(kept: Path, copy: Path) -> sqlite3.Connection:
    connection = _open_read_only(kept)
    stored = stored_revision(connection)
    if stored is not None and stored >= newest_revision():
        return connection
    connection.close()
    remove_database(copy)
    backup(kept, copy)
    open_database(copy).close()
    return _open_read_only(copy)


def _open_read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    connection.execute("SELECT count(*) FROM sqlite_master")  # it is a database
    return connection


def _members(former: sqlite3.Connection, connection: Connection) -> dict[int, int]:
    """Return the former ledger's members by key, as they are here; unknown ones are added."""
    sql = "SELECT m.id, coalesce(n.email, m.email) FROM member m LEFT JOIN member n ON n.id = m.merged_into"
    emails: dict[int, str] = dict(former.execute(sql).fetchall())
    ids = ensure_members(connection, emails.values())
    return {key: ids[email] for key, email in emails.items()}
