"""Fixtures of the ledger's tests: a reader of a small ledger."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection

from bot.database.engine import Database
from bot.database.reading import open_reader
from bot.settings.database_place import DatabasePlace
from tests.support.bookings import book_small_ledger


@pytest.fixture
def reader(place: DatabasePlace, database: Database) -> Iterator[Connection]:
    book_small_ledger(database)
    with closing(open_reader(place)) as reader:
        yield reader
