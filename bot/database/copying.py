"""Copying a database into another, whichever engines keep them, in steps that may be interrupted and gone on with."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table, delete, inspect, select, text
from sqlalchemy import table as table_named

from bot.database import metadata
from bot.database.copy_source import CopySource, Rows, count, stored_rows
from bot.database.copy_target import CopyTarget
from bot.database.errors import LedgerError
from bot.database.schema import (
    current_revision,
    is_unfinished,
    require_newest,
    unfinished_revision,
)

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

_SET_REVISION = text("UPDATE alembic_version SET version_num = :revision")
_ASIDE = {"note", "lease"}  # tables whose rows alone make no ledger, such as those of a service that has read nothing


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How many rows of how many have been copied, or compared afterwards, and of which table the last ones were."""

    table: str
    rows: int
    total: int
    is_comparing: bool


@dataclass(slots=True)
class Copying:
    """The copying of a database, which is read in one snapshot, into another that nobody else writes.

    First `copy`; then, if there are no `differences`, `finish`. Until then nobody can open the copy as a ledger.
    """

    source: CopySource
    target: CopyTarget
    show: Callable[[CopyProgress], None]
    counts: dict[str, int] = field(default_factory=dict)
    """How many rows each table has."""
    changed: str | None = None
    """The first table of which an earlier, interrupted copy held other rows, so that it was copied again."""
    _done: int = 0

    def copy(self) -> None:
        """Copy every table; of an interrupted copy what is there already is compared, and copied again if it differs.

        Raises:
            LedgerError: the target holds something else.
        """
        with self.target.connection.begin():
            _claim(self.target, self.source)
            self.source.leave_out_tables_of_others(self.target.connection)
        if not self.target.holds_nul:
            self.source.mark_nul()
        self.counts = {table.name: self.source.count(table) for table in self.source.tables}
        for number, table in enumerate(self.source.tables):
            if not self._copy_table(table):
                self.changed = self.changed or table.name
                with self.target.connection.begin():
                    self.target.empty(reversed(self.source.tables[number:]))
                self._copy_table(table)

    def _copy_table(self, table: Table) -> bool:
        """Copy what is missing of a table; return whether what was there is equal. If not, nothing is copied."""
        before, parts = self._done, self._counted(table, is_comparing=False)
        with self.target.connection.begin():
            missing = _missing_rows(parts, stored_rows(self.target.connection, table))
        if missing is None:
            self._done = before
            return False
        for part in chain([missing] if missing else [], parts):
            with self.target.connection.begin():
                self.target.insert(table, part)
        return True

    def _counted(self, table: Table, *, is_comparing: bool) -> Iterator[Rows]:
        """Yield the rows of a table some at a time, and show of each part when it has been dealt with."""
        total = sum(self.counts.values())
        for part in self.source.rows(table):
            yield part
            self._done += len(part)
            self.show(CopyProgress(table.name, self._done, total, is_comparing))

    def differences(self) -> list[str]:
        """Compare all rows of both; return the tables of which the copy has others, with how many rows each has."""
        self._done = 0
        with self.target.connection.begin():
            return [self._difference(table) for table in self.source.tables if not self._is_equal(table)]

    def _is_equal(self, table: Table) -> bool:
        parts = self._counted(table, is_comparing=True)
        return _missing_rows(parts, stored_rows(self.target.connection, table)) == [] and next(parts, None) is None

    def _difference(self, table: Table) -> str:
        return f"{table.name} ({self.counts[table.name]:,} rows, {count(self.target.connection, table):,} in the copy)"

    def finish(self) -> None:
        """Make the copy a ledger, with the source's id and what else that records of itself."""
        notes = self.source.notes
        with self.target.connection.begin():
            self.target.connection.execute(delete(notes))
            for part in self.source.rows(notes):
                self.target.insert(notes, part)
            self.target.continue_ids(self.source.tables)
            self.target.gather_statistics(self.source.tables)
            self.target.connection.execute(_SET_REVISION, {"revision": self.source.revision})


def copy_whole(source: CopySource, target: CopyTarget, show: Callable[[CopyProgress], None] = lambda _: None) -> None:
    """Copy a database into an empty one, compare both, and make the copy a ledger; `show` is called on the way.

    Raises:
        LedgerError: the copy differs, or the target holds something.
    """
    copying = Copying(source, target, show)
    copying.copy()
    if wrong := copying.differences():
        raise LedgerError(f"the copy in {target.place} differs from the ledger: {'; '.join(wrong)}.")
    copying.finish()


def _missing_rows(ours: Iterator[Rows], theirs: Iterator[Rows]) -> Rows | None:
    """Compare rows part by part until one side ends, and return those of the last part of ours that theirs lack.

    None if there are others among theirs. The rows of ours after that part are missing too.
    """
    for part in ours:
        others = next(theirs, [])
        if others != part:
            return part[len(others) :] if others == part[: len(others)] else None
    return None if next(theirs, None) else []


def _claim(target: CopyTarget, source: CopySource) -> None:
    """Mark a database as an unfinished copy of a ledger; one that is so marked already may hold a part of it.

    Raises:
        LedgerError: it holds something else.
    """
    stored = current_revision(target.connection)
    ledger = metadata.read(source.connection, metadata.LEDGER_ID) or ""
    unfinished = unfinished_revision(source.revision)
    if is_unfinished(stored):
        _check_origin(target, ledger, is_same_version=stored == unfinished)
        return
    if stored is None:
        target.migrate(source)
    else:
        require_newest(stored, target.place)
        require_empty(target.connection, target.place)
    metadata.write(target.connection, metadata.COPIED_FROM, ledger)
    target.connection.execute(_SET_REVISION, {"revision": unfinished})


def _check_origin(target: CopyTarget, ledger: str, *, is_same_version: bool) -> None:
    if not is_same_version:
        raise LedgerError(f"{target.place} is an unfinished copy that another version began. Name an empty database.")
    if metadata.read(target.connection, metadata.COPIED_FROM) != ledger:
        raise LedgerError(f"{target.place} is an unfinished copy of another ledger. Name an empty database.")


def require_empty(connection: Connection, place: "DatabasePlace") -> None:
    """Check that an open database holds no ledger but one without rows.

    Raises:
        LedgerError: it does.
    """
    if holds_rows(connection):
        raise LedgerError(f"{place} holds a ledger already. Name an empty database.")


def holds_rows(connection: Connection) -> bool:
    """Return whether an open database holds more than what it notes about itself and who may write."""
    names = set(inspect(connection).get_table_names()) - _ASIDE - {"alembic_version"}
    rows = (connection.execute(select(1).select_from(table_named(name)).limit(1)).first() for name in sorted(names))
    return any(row is not None for row in rows)
