"""Fixtures of the ledger's tests: an empty ledger, a transaction in it, and a reader of a small one."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.database.read_engine import open_reader
from bot.database.sqlite import SqliteDatabase
from tests.support.bookings import book_small_ledger
from tests.support.ledgers import new_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    with closing(new_database(tmp_path / "ledger.db")) as database:
        yield database


@pytest.fixture
def connection(database: SqliteDatabase) -> Iterator[Connection]:
    with database.transaction() as connection:
        yield connection


@pytest.fixture
def reader(database: SqliteDatabase) -> Iterator[Connection]:
    book_small_ledger(database)
    with closing(open_reader(database.path)) as reader:
        yield reader
