"""Compiled statements: one ledger's serve the next."""

from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from bot.database.backup import backup
from bot.database.compiled_statements import COMPILED
from bot.database.engine import open_database
from bot.database.read_engine import open_reader
from bot.database.tables import note
from bot.settings.postgres_address import PostgresAddress
from tests.support.ledgers import place_ledger


def test_a_statement_is_compiled_once_for_every_ledger_and_answers_from_each(tmp_path: Path) -> None:
    statement = select(note.c.value, note.c.key).where(note.c.key == bindparam("which_of_them"))
    answers, compiled = [], []
    for name in ("one", "other"):
        place_ledger(path := tmp_path / f"{name}.db")
        database = open_database(path)
        with database.transaction() as connection:
            connection.execute(note.insert(), {"key": "name", "value": name})
            answers.append(connection.execute(statement, {"which_of_them": "name"}).scalar_one())
        database.close()
        with open_reader(path) as connection:
            answers.append(connection.execute(statement, {"which_of_them": "name"}).scalar_one())
        compiled.append(len(COMPILED["compiled_cache"]))
    assert answers == ["one", "one", "other", "other"]
    assert compiled[0] == compiled[1] > 0


@pytest.mark.slow
def test_a_copy_of_a_server_leaves_no_statement_behind(postgres_ledger: PostgresAddress, tmp_path: Path) -> None:
    compiled = []
    for name in ("first", "second"):
        backup(postgres_ledger, tmp_path / f"{name}.db")
        compiled.append(len(COMPILED["compiled_cache"]))
    assert compiled[0] == compiled[1]
