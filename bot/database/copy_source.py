"""What is copied: the tables of a database, and their rows as another engine can hold them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Connection, MetaData, String, Table, func, inspect, or_, select

from bot.database.compiled_statements import UNSHARED
from bot.database.reading import translated_errors
from bot.database.schema import present_revision

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace

Rows: TypeAlias = list[tuple[Any, ...]]

STEP = 20_000  # rows that are read, compared and written at once
_OF_THE_DATABASE = {"alembic_version", "note"}  # what says which ledger it is: copied last
_MARK = "\ufffd"  # in place of a NUL, as wherever PostgreSQL is written


@dataclass(slots=True)
class CopySource:
    """A database that is open for reading in one snapshot."""

    place: "DatabasePlace"
    connection: Connection
    tables: Sequence[Table] = field(init=False)
    notes: Table = field(init=False)
    revision: str = field(init=False)
    """The revision of its schema, which need not be this version's."""
    marked: dict[str, int] = field(default_factory=dict)
    """By table how many rows have a NUL in a text, for which the copy gets a mark."""

    def __post_init__(self) -> None:
        self.connection.execution_options(**UNSHARED)
        found = MetaData()
        with translated_errors(self.place):
            found.reflect(self.connection)
            self.revision = present_revision(self.connection)
        self.notes = found.tables["note"]
        self.tables = [table for table in found.sorted_tables if table.name not in _OF_THE_DATABASE]

    def leave_out_tables_of_others(self, copy: Connection) -> None:
        """Copy only tables that a copy of the same schema has: what else is there, Litestream made or somebody else."""
        there = set(inspect(copy).get_table_names())
        self.tables = [table for table in self.tables if table.name in there]

    def mark_nul(self) -> None:
        """Give a mark for each NUL in a text from now on, as for an engine that holds none."""
        if self.connection.dialect.name == "sqlite":
            counts = {table.name: _rows_with_nul(self.connection, table) for table in (*self.tables, self.notes)}
            self.marked = {name: number for name, number in counts.items() if number}

    def rows(self, table: Table) -> Iterator[Rows]:
        """Yield the rows of a table in the order of its key, as the copy is to hold them, some at a time.

        Raises:
            UnusableError: they cannot be read now.
        """
        parts = stored_rows(self.connection, table)
        while True:
            with translated_errors(self.place):
                part = next(parts, None)
            if part is None:
                return
            yield _without_nul(part) if table.name in self.marked else part

    def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        return count(self.connection, table)


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has in an open database."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def stored_rows(connection: Connection, table: Table) -> Iterator[Rows]:
    """Yield the rows of a table in the order of its key, STEP at a time; all at once if they refer to each other.

    For a row may refer to a later one.
    """
    refers_to_itself = any(key.column.table is table for key in table.foreign_keys)
    query = select(table).order_by(*table.primary_key)
    result = connection.execute(query, execution_options={"yield_per": STEP})
    with closing(result):
        while rows := result.fetchall() if refers_to_itself else result.fetchmany(STEP):
            yield [tuple(row) for row in rows]


def _rows_with_nul(connection: Connection, table: Table) -> int:
    texts = [column for column in table.c if isinstance(column.type, String)]
    if not texts:
        return 0
    holds_nul = or_(*(func.instr(column, func.char(0)) > 0 for column in texts))
    return connection.execute(select(func.count()).select_from(table).where(holds_nul)).scalar_one()


def _without_nul(rows: Rows) -> Rows:
    return [tuple(marked(value) if isinstance(value, str) else value for value in row) for row in rows]


def marked(text: str) -> str:
    """Return a text with a mark in place of each NUL."""
    return text.replace("\0", _MARK)
