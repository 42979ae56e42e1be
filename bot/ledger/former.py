"""The former ledger of one that was restored: what it knew that the copy does not, and whom its keys mean here."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.database.backup import backup, remove_database
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.schema import newest_revision, stored_revision

if TYPE_CHECKING:
    from sqlalchemy import Connection

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FormerLedger:
    """The former ledger, for reading, and its members' keys as they are here."""

    connection: sqlite3.Connection
    members: Mapping[int, int]

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query, by column."""
        return _rows(self.connection, sql, values)

    def task_ids(self) -> dict[int, str]:
        """Return the upstream's ids of the former ledger's tasks, by key."""
        return dict(self.connection.execute("SELECT id, task_id FROM task").fetchall())


@contextmanager
def open_former(kept: Path | None, connection: "Connection") -> Iterator[FormerLedger | None]:
    """The former ledger that is kept there; None if there is none, or it cannot be read.

    Its members who are unknown here are added. One that an older version wrote is read from a copy, and left as it is.
    """
    if kept is None:
        yield None
        return
    copy = kept.with_name(f"{kept.name}.upgraded")
    try:
        found = _open(kept, copy)
    except (OSError, sqlite3.Error, LedgerError):
        found = None
    try:
        if found is None:
            yield None
            return
        with closing(found):
            yield FormerLedger(found, _members(found, connection))
    finally:
        remove_database(copy)


def _open(kept: Path, copy: Path) -> sqlite3.Connection:
    opened = _reading(kept)
    stored = stored_revision(opened)
    if stored is not None and stored >= newest_revision():
        return opened
    opened.close()
    remove_database(copy)
    backup(kept, copy)
    open_database(copy).close()
    return _reading(copy)


def _reading(path: Path) -> sqlite3.Connection:
    found = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    found.execute("SELECT count(*) FROM sqlite_master")  # it is a database
    return found


def _members(found: sqlite3.Connection, connection: "Connection") -> dict[int, int]:
    sql = "SELECT m.id, coalesce(n.email, m.email) FROM member m LEFT JOIN member n ON n.id = m.merged_into"
    emails = dict(found.execute(sql).fetchall())
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO member (email) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM member WHERE email = ?)",
        [(email, email) for email in emails.values()],
    ) if emails else None
    known = dict(
        tuple(row) for row in connection.exec_driver_sql("SELECT email, coalesce(merged_into, id) FROM member").all()
    )
    return {key: known[email] for key, email in emails.items()}


def insert(connection: "Connection", table: str, row: Mapping[str, Any]) -> int | None:
    """Add a former row as it was, but for columns that are unknown here; returns its key, None if it is there."""
    names = [name for name in row if name in _columns(connection, table)]
    marks = ", ".join("?" * len(names))
    added = connection.exec_driver_sql(
        f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - our own names
        tuple(row[name] for name in names),
    )
    return int(added.lastrowid) if added.rowcount else None


def insert_anew(connection: "Connection", table: str, row: Mapping[str, Any]) -> int | None:
    """As `insert`, under the key that it had if that is free, else under another."""
    taken = connection.exec_driver_sql(f"SELECT 1 FROM {table} WHERE id = ?", (row["id"],)).first()  # noqa: S608 - our own names
    return insert(connection, table, {name: row[name] for name in row if taken is None or name != "id"})


def _columns(connection: "Connection", table: str) -> set[str]:
    return {row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})").all()}


def rows_by_column(connection: "Connection", sql: str, values: Sequence[Any] = ()) -> list[Row]:
    """The rows of a query here, by column."""
    found = connection.exec_driver_sql(sql, tuple(values))
    return [dict(row) for row in found.mappings().all()]


def _rows(connection: sqlite3.Connection, sql: str, values: Sequence[Any]) -> list[Row]:
    found = connection.execute(sql, tuple(values))
    names = [each[0] for each in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
