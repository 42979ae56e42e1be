"""Many rows at once: inserted, changed and merged as tuples, on both engines."""

from contextlib import closing

import pytest
from psycopg.sql import SQL
from sqlalchemy import Connection, bindparam, select, text, update
from sqlalchemy.exc import IntegrityError

from bot.database.bulk import BulkInsert, BulkStatement
from bot.database.engine import Database
from bot.database.postgres import open_server
from bot.database.postgres_errors import LostConnectionError
from bot.database.statements import insert
from bot.database.tables import lease, note
from bot.settings.postgres_address import PostgresAddress
from tests.support.postgres import PostgresServer

INSERT = BulkInsert(note, "value", "key")
ODD = ("a\tb\\c\n\\N\\.", "%s %(key)s :key", 'it\'s "so"', "", "\u00fc \U0001f4b8", "\\", "NULL")


def rows(connection: Connection) -> list[tuple[str, str]]:
    """Return the notes by key."""
    return [(key, value) for key, value in connection.execute(select(note.c.key, note.c.value).order_by(note.c.key))]


def test_rows_are_inserted_in_whichever_order_their_values_come(connection: Connection) -> None:
    INSERT.execute(connection, [(value, str(number)) for number, value in enumerate(ODD)])
    INSERT.execute(connection, [])
    assert rows(connection) == [(str(number), value) for number, value in enumerate(ODD)]


def test_a_row_is_changed_by_what_it_is_found_by(connection: Connection) -> None:
    INSERT.execute(connection, [("1", "a"), ("2", "b"), ("3", "c")])
    change = BulkStatement(update(note).where(note.c.key == bindparam("of_key")), "of_key", "value")
    change.execute(connection, [("a", "one"), ("c", "three"), ("d", "nothing")])
    assert rows(connection) == [("a", "one"), ("b", "2"), ("c", "three")]


def test_a_row_that_is_there_is_merged_or_kept(connection: Connection) -> None:
    statement = insert(note)
    merge = BulkStatement(
        statement.on_conflict_do_update(index_elements=[note.c.key], set_={"value": statement.excluded.value}),
        "key",
        "value",
    )
    keep = BulkStatement(insert(note).on_conflict_do_nothing(), "key", "value")
    for each, value in ((merge, "1"), (keep, "2"), (merge, "3"), (keep, "4")):
        each.execute(connection, [(value, value), ("a", value)])
    assert rows(connection) == [("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("a", "3")]


def test_large_numbers_and_nothing_are_kept(connection: Connection) -> None:
    BulkInsert(lease, "name", "holder", "expires_at").execute(connection, [("a", "b", 2**63 - 1), ("c", "d", -(2**63))])
    assert connection.execute(select(lease.c.expires_at).order_by(lease.c.name)).scalars().all() == [
        2**63 - 1,
        -(2**63),
    ]


def test_of_rows_that_cannot_be_written_none_is_and_no_value_is_quoted(database: Database) -> None:
    with pytest.raises(IntegrityError) as raised, database.transaction() as connection:
        INSERT.execute(connection, [("1", "ana@example.com"), ("2", "ana@example.com")])
    assert "ana" not in str(raised.value)
    assert "ana" not in str(raised.value.orig)
    with database.transaction() as connection:
        assert rows(connection) == []


def insert_once_cut_off(connection: Connection, server: PostgresServer) -> None:
    """Insert a row over a connection that the server has ended."""
    backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    server.run(SQL("SELECT pg_terminate_backend({})").format(backend))
    INSERT.execute(connection, [("1", "a")])


def test_a_connection_lost_while_rows_are_copied_is_told_and_the_next_transaction_has_another(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    with closing(open_server(postgres_ledger)) as database:
        with pytest.raises(LostConnectionError), database.transaction() as connection:
            insert_once_cut_off(connection, postgres)
        with database.transaction() as connection:
            INSERT.execute(connection, [("2", "a")])
            assert rows(connection) == [("a", "2")]
