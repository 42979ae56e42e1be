"""The service as a process, on a PostgreSQL ledger: ready, idle, and asked by a hundred people during a backfill."""

from collections.abc import Iterator

from benchmarks.bars import Bar
from benchmarks.ledgers import Size
from benchmarks.postgres.ledgers import postgres_ledger
from benchmarks.postgres.server import Server
from benchmarks.service import service_bars

_DATABASE = "service"


def measure(server: Server, *, quick: bool) -> Iterator[Bar]:
    """The bars of `benchmarks.service`, on a copy of the same ledger."""
    source = postgres_ledger(server, Size(100_000 if quick else 1_000_000))
    address = server.create(_DATABASE, source.database)
    with server.connect(_DATABASE) as connection:

        def number(sql: str) -> int:
            return int(connection.execute(sql.encode()).fetchall()[0][0])

        yield from service_bars(address, number, quick=quick, on="PostgreSQL, ")
    server.drop(_DATABASE)
