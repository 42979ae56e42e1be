"""Booking on PostgreSQL: pages of 200 tasks, a transaction each, beside the same rows by COPY and upserts."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from statistics import median
from typing import Any

from psycopg.sql import SQL, Identifier

from benchmarks.bars import Bar
from benchmarks.booking import acquire_lease, book_pages, book_twice
from benchmarks.listing import PAGE, Listing
from benchmarks.postgres.ledgers import copy_rows
from benchmarks.postgres.server import Plain, Server
from benchmarks.timing import seconds
from bot.database.engine import open_database
from bot.domain.tasks import Task
from bot.neo.wire import decode_page
from bot.settings.postgres_address import PostgresAddress

_COPIED = ("task", "task_detail", "charge")
_UPSERTED = {
    "member": "INSERT INTO member VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
    "seen": "INSERT INTO seen VALUES (%s, %s) ON CONFLICT DO NOTHING",
    "charge_quarter": "INSERT INTO charge_quarter AS old VALUES (%s, %s, %s) ON CONFLICT (start) DO UPDATE"
    " SET platform_nanos = old.platform_nanos + excluded.platform_nanos,"
    " provider_nanos = old.provider_nanos + excluded.provider_nanos",
}
_TABLES = ("member", *_COPIED, "seen", "charge_quarter")
_ROUNDS = 5

_Rows = list[tuple[Any, ...]]
_Batch = dict[str, _Rows]  # what one transaction writes, by table


@dataclass(frozen=True, slots=True)
class _Ledgers:
    """Makes empty ledgers, a database each."""

    server: Server
    template: str

    def new(self, name: str) -> PostgresAddress:
        return self.server.create(name, self.template)


def measure(server: Server, *, quick: bool) -> Iterator[Bar]:
    """New tasks at 0.4 times the speed of COPY and upserts at least."""
    listing = Listing(PAGE * (10 if quick else 100))
    pages = [decode_page(listing.page(offset)).tasks for offset in range(0, listing.total, PAGE)]
    empty = server.create("booking_empty")
    open_database(empty).close()
    ledgers = _Ledgers(server, empty.database)
    new, plain, unchanged = _race(ledgers, pages)
    speeds = [f"{listing.total / each / 1000:.1f}" for each in (new, plain, unchanged)]
    note = "thousand tasks/s: new {}, plain {}, unchanged {}".format(*speeds)
    name = "PostgreSQL, book new tasks, share of the speed of COPY and upserts"
    yield Bar(name, plain / new, 0.4, at_least=True, note=note)


def _race(ledgers: _Ledgers, pages: Sequence[Sequence[Task]]) -> list[float]:
    """The median seconds for new tasks, for the same rows by COPY and upserts, and for unchanged tasks."""
    batches = _captured(ledgers, pages)
    taken: list[tuple[float, float, float]] = []
    for number in range(_ROUNDS):
        ours, theirs = ledgers.new("booking_ours"), ledgers.new("booking_theirs")
        plain_first = _write(ledgers.server, theirs, batches) if number % 2 else None
        new, unchanged = book_twice(ours, pages)
        taken.append((new, plain_first or _write(ledgers.server, theirs, batches), unchanged))
        assert _contents(ledgers.server, ours) == _contents(ledgers.server, theirs)
    for name in ("booking_ours", "booking_theirs", "booking_empty"):
        ledgers.server.drop(name)
    return [median(each) for each in zip(*taken, strict=True)]


# --- the same rows through psycopg ----------------------------------------------------------------


def _captured(ledgers: _Ledgers, pages: Sequence[Sequence[Task]]) -> list[_Batch]:
    """What each page's transaction writes to the tables."""
    address = ledgers.new("booking_ours")
    batches: list[_Batch] = []
    with closing(open_database(address)) as database, closing(ledgers.server.connect(address.database)) as reader:
        held = acquire_lease(database)
        before = _state(reader)
        for page in pages:
            book_pages(database, held, [page])
            after = _state(reader)
            batches.append({table: _added(table, before[table], after[table]) for table in _TABLES})
            before = after
    return batches


def _state(reader: Plain) -> _Batch:
    return {table: reader.execute(SQL("SELECT * FROM {}").format(Identifier(table))).fetchall() for table in _TABLES}


def _added(table: str, before: _Rows, after: _Rows) -> _Rows:
    if table != "charge_quarter":
        known = set(before)
        return [row for row in after if row not in known]
    sums = {start: (platform, provider) for start, platform, provider in before}
    grown = [(start, *_growth(sums.get(start, (0, 0)), amounts)) for start, *amounts in after]
    return [row for row in grown if any(row[1:])]


def _growth(before: Sequence[int], after: Sequence[int]) -> Iterator[int]:
    return (new - old for old, new in zip(before, after, strict=True))


def _write(server: Server, address: PostgresAddress, batches: Sequence[_Batch]) -> float:
    with closing(server.connect(address.database, autocommit=False)) as connection:
        return seconds(lambda: _write_all(connection, batches))


def _write_all(connection: Plain, batches: Sequence[_Batch]) -> None:
    for batch in batches:
        for table, rows in batch.items():
            if table in _COPIED:
                copy_rows(connection, table, None, rows)
            elif rows:
                connection.cursor().executemany(_UPSERTED[table], rows)
        connection.commit()


def _contents(server: Server, address: PostgresAddress) -> _Batch:
    with closing(server.connect(address.database)) as connection:
        return {table: sorted(rows, key=str) for table, rows in _state(connection).items()}
