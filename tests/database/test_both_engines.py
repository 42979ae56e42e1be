"""What the database package promises holds on both engines alike: leases, metadata, reading without writing."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.database import lease, metadata
from bot.database.engine import Database, open_database
from bot.database.errors import LedgerError
from bot.database.reading import open_reader, translated_errors
from bot.database.schema import newest_revision
from bot.settings.postgres_address import PostgresAddress
from tests.support.ledgers import place_ledger

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | PostgresAddress:
    """Where an empty ledger is, on each engine."""
    if request.param == "sqlite":
        return place_ledger(tmp_path / "ledger.db")
    address = request.getfixturevalue("postgres_ledger")
    assert isinstance(address, PostgresAddress)
    return address


@pytest.fixture
def database(place: Path | PostgresAddress) -> Iterator[Database]:
    with closing(open_database(place)) as opened:
        yield opened


def test_a_lease_is_one_holders_until_it_expires(database: Database) -> None:
    with database.transaction() as connection:
        assert lease.acquire(connection, lease.SYNC, "here/1/a", NOW) is None
        held = lease.acquire(connection, lease.SYNC, "there/1/b", NOW)
        assert held == lease.LeaseHolder("here/1/a", NOW + lease.LIFETIME)
        assert lease.acquire(connection, lease.SYNC, "there/1/b", NOW + lease.LIFETIME) is None
        with pytest.raises(lease.LeaseLostError):
            lease.renew(connection, lease.SYNC, "here/1/a", NOW)
        lease.release(connection, lease.SYNC, "there/1/b")
        assert lease.acquire(connection, lease.SYNC, "here/1/a", NOW) is None


async def test_facts_are_kept_by_key(database: Database) -> None:
    with database.transaction() as connection:
        for key, value in (("b:1", "x"), ("b:2", "y"), ("B:3", "z"), ("b:1", "X"), ("c", "c")):
            metadata.write(connection, key, value)
        metadata.write(connection, "c", None)
    assert await database.read(lambda connection: metadata.read_prefix(connection, "b:")) == {"1": "X", "2": "y"}
    assert await database.read(lambda connection: metadata.read(connection, "c")) is None


@pytest.mark.usefixtures("database")
def test_a_reader_sees_one_moment_and_cannot_write(place: Path | PostgresAddress, database: Database) -> None:
    with closing(open_reader(place)) as reader:
        assert metadata.read(reader, "a") is None
        with database.transaction() as connection:
            metadata.write(connection, "a", "1")
        assert metadata.read(reader, "a") is None
        reader.rollback()
        assert metadata.read(reader, "a") == "1"
        with pytest.raises(LedgerError, match="read-only"), translated_errors(place):
            metadata.write(reader, "a", "2")


def test_a_ledger_of_an_older_schema_is_not_read(place: Path | PostgresAddress, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(LedgerError, match=f"at schema 0001 of {newest_revision()}"):
        open_reader(place)


def test_what_is_wrong_with_a_statement_is_no_fault_of_the_database(
    place: Path | PostgresAddress, database: Database
) -> None:
    with pytest.raises(SQLAlchemyError), translated_errors(place), database.transaction() as connection:
        connection.execute(text("SELECT 1 FROM nowhere"))
