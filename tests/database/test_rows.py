"""Rows by column: between tables that may have other columns, other rows and other ids."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from bot.database.engine import open_database
from bot.database.kept_file import open_kept_file
from bot.database.rows import all_rows, insert_row, insert_row_anew, rows_by_column
from bot.database.tables import note
from bot.incidents.tables import incident

OVER = {"name": "scope", "said": "It is.", "began_at": 1, "told_on": None, "ended_at": 2}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with closing(open_database(tmp_path / "ledger.db")) as database, database.transaction() as connection:
        yield connection


def test_a_row_is_inserted_without_columns_that_the_table_lacks(connection: Connection) -> None:
    id_ = insert_row(connection, incident, {**OVER, "of_later": 1})
    assert all_rows(connection, incident) == [{"id": id_, **OVER}]


def test_of_a_row_that_exists_already_nothing_is_inserted(connection: Connection) -> None:
    assert insert_row(connection, note, {"key": "fact", "value": "first"}) is not None
    assert insert_row(connection, note, {"key": "fact", "value": "second"}) is None
    assert rows_by_column(connection, select(note.c.value)) == [{"value": "first"}]


def test_a_row_keeps_its_id_if_that_is_free(connection: Connection) -> None:
    assert insert_row_anew(connection, incident, {"id": 7, **OVER}) == 7
    assert insert_row_anew(connection, incident, {"id": 7, **OVER}) == 8
    assert [row["id"] for row in all_rows(connection, incident)] == [7, 8]


def test_rows_are_read_without_columns_that_the_database_lacks(connection: Connection) -> None:
    connection.execute(insert(incident), OVER)
    connection.execute(text("ALTER TABLE incident DROP COLUMN told_on"))
    assert [set(row) for row in all_rows(connection, incident)] == [{*OVER, "id"} - {"told_on"}]


def test_a_kept_file_is_read_only(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "ledger.db")) as database, database.transaction() as connection:
        connection.execute(insert(incident), OVER)
    with closing(open_kept_file(tmp_path / "ledger.db")) as kept:
        assert [row["said"] for row in all_rows(kept, incident)] == ["It is."]
        with pytest.raises(SQLAlchemyError, match="readonly"):
            kept.execute(insert(incident), OVER)


def test_a_file_that_is_none_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SQLAlchemyError):
        open_kept_file(tmp_path / "none.db")
