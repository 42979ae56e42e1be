"""Scrapes of a service whose ledger is on a PostgreSQL server."""

from collections.abc import Iterator

from benchmarks.bars import Bar
from benchmarks.postgres.ledgers import postgres_ledger
from benchmarks.postgres.server import Server
from benchmarks.scrapes import scrape_bars, scraped_size

_DATABASE = "scrapes"


def measure(server: Server, *, quick: bool) -> Iterator[Bar]:
    """The bars of `benchmarks.scrapes`, on a copy of the same ledger."""
    size = scraped_size(quick=quick)
    source = postgres_ledger(server, size)
    address = server.create(_DATABASE, source.database)
    yield from scrape_bars(address, size, quick=quick, on="PostgreSQL, ")
    server.drop(_DATABASE)
