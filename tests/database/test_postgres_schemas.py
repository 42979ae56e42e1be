"""Schemas: several ledgers in one database, whose statements find their own tables whatever else is there."""

from contextlib import closing
from dataclasses import replace

import pytest
from psycopg import sql

from bot.database.copy_into_server import ServerTarget
from bot.database.engine import open_database
from bot.database.errors import LedgerError, UnusableError
from bot.database.facts import exposed_schema
from bot.database.file_lock import InUseError
from bot.database.reading import open_reader
from bot.ledger.verification import verify
from bot.settings.postgres_address import PostgresAddress
from tests.support.bookings import book_small_ledger
from tests.support.dump import dump
from tests.support.postgres import PostgresServer


def with_path(address: PostgresAddress, path: str) -> PostgresAddress:
    return replace(address, options={"options": f"-csearch_path={path}"})


@pytest.fixture
def one(postgres: PostgresServer, empty_postgres: PostgresAddress) -> PostgresAddress:
    """The address of a schema in a database."""
    postgres.run("CREATE SCHEMA one", empty_postgres.database)
    return with_path(empty_postgres, "one")


@pytest.fixture
def other(postgres: PostgresServer, empty_postgres: PostgresAddress) -> PostgresAddress:
    """The address of another schema in the same database, whose name is to be quoted."""
    postgres.run('CREATE SCHEMA "Team B"', empty_postgres.database)
    return with_path(empty_postgres, '"Team\\ B"')


@pytest.mark.slow
def test_two_schemas_hold_a_ledger_each(one: PostgresAddress, other: PostgresAddress) -> None:
    for each in (one, other):
        with closing(open_database(each)) as database:
            book_small_ledger(database)
        assert not any(verify(each).values())
    before = dump(other)
    with closing(open_database(one)) as database, database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM charge")
    assert dump(one)["charge"] == []
    assert dump(other) == before


@pytest.mark.slow
def test_who_writes_into_one_does_not_wait_for_who_writes_into_another(
    one: PostgresAddress, other: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (one, other):
        open_database(each).close()
    monkeypatch.setattr("bot.database.postgres.BUSY_SECONDS", 0.05)
    with closing(ServerTarget(one)):
        with pytest.raises(UnusableError, match="stays locked"):
            open_database(one)
        with pytest.raises(InUseError):
            ServerTarget(one)
        open_database(other).close()


@pytest.mark.slow
def test_of_two_schemas_in_a_path_one_is_to_be_named(
    postgres: PostgresServer, empty_postgres: PostgresAddress, one: PostgresAddress
) -> None:
    open_database(empty_postgres).close()  # in the schema public
    both = with_path(empty_postgres, "one,public")
    with pytest.raises(LedgerError, match=r"has tables in the schema public, and new ones would be made in one\. Name"):
        open_database(both)
    with pytest.raises(LedgerError, match="has tables in the schema public"):
        ServerTarget(both)
    open_database(one).close()
    open_database(both).close()
    postgres.run("DROP SCHEMA public CASCADE", empty_postgres.database)
    open_reader(both).close()


@pytest.mark.parametrize("name", ["public", "Team B"])
def test_it_is_known_whether_others_can_put_functions_into_the_schema(
    postgres: PostgresServer, careful: PostgresAddress, name: str
) -> None:
    schema, user = sql.Identifier(name), sql.Identifier("stranger")
    postgres.run(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema), careful.database)
    postgres.run(sql.SQL("GRANT ALL ON SCHEMA {} TO careful").format(schema), careful.database)
    address = with_path(careful, '"Team\\ B"' if " " in name else name)
    open_database(address).close()
    assert exposed(address) is None
    postgres.run(sql.SQL("GRANT CREATE ON SCHEMA {} TO PUBLIC").format(schema), careful.database)
    assert exposed(address) is None  # as nobody else is there
    postgres.run(sql.SQL("CREATE USER {}").format(user))
    try:
        assert exposed(address) == name
        postgres.run(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(schema), careful.database)
        assert exposed(address) is None
    finally:
        postgres.run(sql.SQL("DROP USER {}").format(user))


def exposed(address: PostgresAddress) -> str | None:
    with closing(open_reader(address)) as connection:
        return exposed_schema(connection)
