"""The former ledger, which a restored copy replaced: open for reading, with its members' keys as they are here."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, Table, text

from bot.database.backup import backup, remove_database
from bot.database.durable_files import own_name
from bot.database.engine import DATABASE_ERRORS, open_database
from bot.database.kept_file import open_kept_file
from bot.database.rows import Row, all_rows, rows_by_column
from bot.database.schema import UnfinishedCopyError, current_revision, is_unfinished, newest_revision
from bot.ledger.members import ensure_members

_TASK_IDS = text("SELECT id, task_id FROM task")
_EMAILS = text("SELECT m.id, coalesce(n.email, m.email) FROM member m LEFT JOIN member n ON n.id = m.merged_into")


@dataclass(frozen=True, slots=True)
class FormerLedger:
    """The former ledger, open for reading; `members` maps its members' keys to their keys here."""

    connection: Connection
    members: Mapping[int, int]

    def rows(self, query: Executable, values: Mapping[str, Any] | None = None) -> list[Row]:
        """Return the rows of a query to the former ledger, by column."""
        return rows_by_column(self.connection, query, values)

    def all_rows(self, table: Table) -> list[Row]:
        """Return all rows that the former ledger has of a table, by column, without columns that it lacks."""
        return all_rows(self.connection, table)

    def task_ids(self) -> dict[int, str]:
        """Return the upstream's ids of the former ledger's tasks, by key."""
        return dict(self.connection.execute(_TASK_IDS).all())


@contextmanager
def open_former(kept: Path | None, connection: Connection) -> Iterator[FormerLedger | None]:
    """Open the former ledger that is kept at a path; give None if there is none, or it cannot be read.

    Its members who are unknown here are added. One that an older version wrote is read from a copy, and left as it is.
    """
    if kept is None:
        yield None
        return
    copy = own_name(kept, "upgraded")
    try:
        former = _open(kept, copy)
    except (OSError, *DATABASE_ERRORS):
        former = None
    try:
        if former is None:
            yield None
            return
        with closing(former):
            yield FormerLedger(former, _members(former, connection))
    finally:
        remove_database(copy)


def _open(kept: Path, copy: Path) -> Connection:
    with closing(open_kept_file(kept)) as former:
        stored = current_revision(former)
    if is_unfinished(stored):
        raise UnfinishedCopyError(kept)
    if stored is not None and stored >= newest_revision():
        return open_kept_file(kept)
    remove_database(copy)
    backup(kept, copy)
    open_database(copy).close()
    return open_kept_file(copy)


def _members(former: Connection, connection: Connection) -> dict[int, int]:
    """Return the former ledger's members by key, as they are here; unknown ones are added."""
    emails: dict[int, str] = dict(former.execute(_EMAILS).all())
    ids = ensure_members(connection, emails.values())
    return {key: ids[email] for key, email in emails.items()}
