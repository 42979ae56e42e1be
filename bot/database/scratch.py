"""A scratch ledger: one for a while, beside whatever ledger is at the same place, which it leaves alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.settings.database_place import DatabasePlace


@contextmanager
def scratch_place(place: "DatabasePlace", file: Path) -> Iterator["DatabasePlace"]:
    """Give the place of a scratch ledger: the file, or a schema of its own in the database on a server.

    Raises:
        LedgerError: somebody uses the scratch schema already.
        UnusableError: the server cannot be used, or lets the user make no schema.
    """
    if isinstance(place, Path):
        yield file
        return
    from bot.database.reading import driver_needed

    with driver_needed(place):
        from bot.database.postgres_scratch import scratch_schema
    with scratch_schema(place) as scratch:
        yield scratch
