"""Booking: pages of 200 tasks, a transaction each, beside the same rows through plain sqlite3's executemany."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bars import Bar
from benchmarks.listing import PAGE, Listing
from benchmarks.timing import seconds
from benchmarks.workplace import NOW, scratch
from bot.database import lease
from bot.database.engine import Database, open_database
from bot.database.sqlite import PRAGMAS
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy, PageSource
from bot.neo.wire import decode_page
from bot.settings.database_place import DatabasePlace

_TABLES = ("member", "task", "task_detail", "charge", "seen")  # what a page touches, in the order of the foreign keys
_HOLDER = "benchmark"
_ROUNDS = 5

Pages = Sequence[Sequence[Task]]
_Batch = dict[str, list[tuple[Any, ...]]]  # what one transaction inserts, by table


def measure(*, quick: bool) -> Iterator[Bar]:
    """New tasks at half of plain SQL's speed at least, unchanged ones five times as fast as new ones."""
    pages = _pages(10 if quick else 100)
    with scratch() as directory:
        new, plain, unchanged = _race(pages, directory)
    speeds = [f"{len(pages) * PAGE / each / 1000:.1f}" for each in (new, plain, unchanged)]
    note = "thousand tasks/s: new {}, plain {}, unchanged {}".format(*speeds)
    yield Bar("book new tasks, share of plain SQL's speed", plain / new, 0.5, at_least=True, note=note)
    yield Bar("read unchanged tasks, faster than new ones", new / unchanged, 5, at_least=True)


def _pages(number: int) -> Pages:
    listing = Listing(PAGE * number)
    return [decode_page(listing.page(PAGE * n)).tasks for n in range(number)]


def _race(pages: Pages, directory: Path) -> list[float]:
    """The median seconds for new tasks, for the same rows through plain SQL, and for unchanged tasks."""
    empty, ours, theirs = (directory / name for name in ("empty.db", "ours.db", "theirs.db"))
    open_database(empty).close()
    batches = _captured(_renewed(empty, directory / "first.db"), pages)
    taken: list[tuple[float, float, float]] = []
    for number in range(_ROUNDS):
        _renewed(empty, ours)
        _renewed(empty, theirs)
        plain_first = _insert(theirs, batches) if number % 2 else None
        new, unchanged = book_twice(ours, pages)
        taken.append((new, plain_first or _insert(theirs, batches), unchanged))
        assert _contents(ours) == _contents(theirs)
    return [median(each) for each in zip(*taken, strict=True)]


def _renewed(empty: Path, path: Path) -> Path:
    """A ledger's file made empty again."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(empty, path)
    return path


# --- the app's way -------------------------------------------------------------------------------


def book_twice(place: DatabasePlace, pages: Pages) -> tuple[float, float]:
    """The seconds that it takes to book pages of new tasks, and the same once more."""
    with closing(open_database(place)) as database:
        held = acquire_lease(database)
        return seconds(lambda: book_pages(database, held, pages)), seconds(lambda: book_pages(database, held, pages))


def acquire_lease(database: Database) -> lease.HeldLease:
    """Return the lease that a booking checks in each of its transactions."""
    with database.transaction() as connection:
        held = lease.acquire(connection, lease.SYNC, _HOLDER, NOW)
    assert isinstance(held, lease.HeldLease)
    return held


def book_pages(database: Database, held: lease.HeldLease, pages: Pages) -> None:
    """Book each page in a transaction of its own."""
    policy, source = BookingPolicy(ByokUnit.CREDITS), PageSource(None)
    for page in pages:
        with database.transaction() as connection:
            lease.renew(connection, held, NOW)
            book(connection, page, policy, now=NOW, listing=source)


# --- the same rows through plain SQL -------------------------------------------------------------


def _captured(path: Path, pages: Pages) -> list[_Batch]:
    """What each page's transaction adds to the tables."""
    reached = dict.fromkeys(_TABLES, 0)
    batches: list[_Batch] = []
    with closing(open_database(path)) as database, closing(sqlite3.connect(path)) as reader:
        held = acquire_lease(database)
        for page in pages:
            book_pages(database, held, [page])
            batches.append({table: _added(reader, table, reached) for table in _TABLES})
    return batches


def _added(reader: sqlite3.Connection, table: str, reached: dict[str, int]) -> list[tuple[Any, ...]]:
    rows = reader.execute(f"SELECT * FROM {table} WHERE rowid > ? ORDER BY rowid", (reached[table],)).fetchall()
    reached[table] += len(rows)
    return rows


def _insert(path: Path, batches: Sequence[_Batch]) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return seconds(lambda: _insert_all(connection, batches))


def _insert_all(connection: sqlite3.Connection, batches: Sequence[_Batch]) -> None:
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            if rows:
                connection.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        connection.execute("COMMIT")


def _contents(path: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall() for table in _TABLES]
