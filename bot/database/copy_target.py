"""What is copied into: a database that nobody else writes meanwhile, whichever engine keeps it."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table

from bot.database.copy_source import CopySource, Rows
from bot.database.reading import driver_needed, translated_errors

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace


class CopyTarget(ABC):
    """A database that is open for a copy, on one connection that has no transaction by itself."""

    place: "DatabasePlace"
    connection: Connection
    holds_nul: bool
    """Whether a text may hold a NUL."""

    @abstractmethod
    def migrate(self, source: CopySource) -> None:
        """Make the tables of what is copied, in the transaction under way.

        Raises:
            LedgerError: the database is another program's.
        """

    @abstractmethod
    def insert(self, table: Table, rows: Rows) -> None:
        """Insert rows, each with all columns of the table, in the transaction under way."""

    @abstractmethod
    def empty(self, tables: Iterable[Table]) -> None:
        """Delete all rows of tables, of which no other table's row refers to one, in the transaction under way."""

    @abstractmethod
    def continue_ids(self, tables: Iterable[Table]) -> None:
        """Let the database number new rows from beyond those that are there, in the transaction under way."""

    @abstractmethod
    def gather_statistics(self, tables: Iterable[Table]) -> None:
        """Let the database plan statements for the rows that are there, in the transaction under way."""

    @abstractmethod
    def close(self) -> None:
        """Let others write the database."""

    def errors(self) -> AbstractContextManager[None]:
        """Return a context that raises UnusableError instead of what a driver raises inside, if this database fails."""
        return translated_errors(self.place)


def open_target(place: "DatabasePlace") -> CopyTarget:
    """Open a database for a copy, whatever it holds; a file is made if there is none.

    Raises:
        InUseError: somebody else has it open for writing.
        LedgerError: it cannot be written, or no ledger can be kept there.
    """
    if isinstance(place, Path):
        from bot.database.copy_into_file import FileTarget

        return FileTarget(place)
    with driver_needed(place):
        from bot.database.copy_into_server import ServerTarget
    return ServerTarget(place)
