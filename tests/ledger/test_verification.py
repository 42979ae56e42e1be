"""The laws of a ledger: each one holds in a sound ledger, and each breach is named, on both engines."""

from contextlib import closing

import pytest
from sqlalchemy import text

from bot.database.engine import Database, open_database
from bot.database.errors import LedgerError
from bot.ledger.verification import verify
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from tests.support.bookings import book_small_ledger

BREACHES = {
    "a task's charges sum to its total": (["one"], "UPDATE task SET platform_nanos = 7 WHERE task_id = 'one'"),
    "quarters of an hour sum to their charges": (
        ["0"],
        "INSERT INTO charge_quarter (start, platform_nanos, provider_nanos) VALUES (0, 1, 0)",
    ),
    "every task has its detail": (["one"], "DELETE FROM task_detail WHERE task = 1"),
    "nothing is booked for a merged member": (
        ["ana@acme.dev"],
        (
            "UPDATE member SET merged_into = (SELECT id FROM member WHERE email = 'bob@acme.dev')"
            " WHERE email = 'ana@acme.dev'"
        ),
    ),
    "every model and status is known": (["opus"], "DELETE FROM seen WHERE value = 'opus'"),
}


@pytest.fixture
def database(database: Database) -> Database:
    """A small ledger that is open."""
    book_small_ledger(database)
    return database


@pytest.mark.usefixtures("database")
def test_a_ledger_as_it_was_booked_breaks_no_law(place: DatabasePlace) -> None:
    found = verify(place)
    assert found.keys() > BREACHES.keys()
    assert not any(found.values())


@pytest.mark.parametrize("law", BREACHES)
def test_what_breaks_a_law_is_named(place: DatabasePlace, database: Database, law: str) -> None:
    breaches, statement = BREACHES[law]
    with database.transaction() as connection:
        connection.execute(text(statement))
    assert {law: each for law, each in verify(place).items() if each} == {law: breaches}


def test_a_server_without_a_ledger_has_nothing_to_verify(empty_postgres: PostgresAddress) -> None:
    with pytest.raises(LedgerError, match="holds no ledger yet"):
        verify(empty_postgres)


def test_a_key_that_a_server_has_not_checked_is_named(postgres_ledger: PostgresAddress) -> None:
    with closing(open_database(postgres_ledger)) as database, database.transaction() as connection:
        connection.execute(text("ALTER TABLE charge DROP CONSTRAINT fk_charge_member_member"))
        connection.execute(
            text("ALTER TABLE charge ADD CONSTRAINT later FOREIGN KEY (member) REFERENCES member NOT VALID")
        )
    assert verify(postgres_ledger)["every row's neighbors exist"] == ["later"]
    with closing(open_database(postgres_ledger)) as database, database.transaction() as connection:
        connection.execute(text("ALTER TABLE charge VALIDATE CONSTRAINT later"))
        connection.execute(text("ALTER TABLE charge RENAME CONSTRAINT later TO fk_charge_member_member"))
