"""Statements that ask for no order give their rows in a random one, where a test wants that."""

from contextlib import closing

import pytest
from sqlalchemy import text

from bot.database.engine import open_database
from bot.settings.database_place import DatabasePlace
from tests.support.unordered import rows_in_random_order, shuffled

NUMBERS = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 30) SELECT n FROM up"


def test_rows_come_in_a_random_order_unless_one_is_asked_for(place: DatabasePlace) -> None:
    with (
        rows_in_random_order(),
        closing(open_database(place)) as database,
        database.transaction() as connection,
    ):
        found = [connection.scalars(text(NUMBERS)).all() for _ in range(3)]
        ordered = connection.scalars(text(f"{NUMBERS} ORDER BY n")).all()
    assert ordered == list(range(1, 31))
    assert any(each != ordered for each in found)
    assert all(sorted(each) == ordered for each in found)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO a SELECT b FROM c",
        "WITH gone AS (DELETE FROM a RETURNING b) SELECT b FROM gone",
        "SELECT a FROM b ORDER BY a LIMIT 3",
        "select a from (select a from b order by a) order by a",
        "SELECT 1 FROM pg_class",
        "PRAGMA foreign_keys",
    ],
)
def test_what_is_ordered_or_writes_stays_as_it_is(statement: str) -> None:
    assert shuffled(statement) == statement


@pytest.mark.parametrize("statement", ["SELECT a FROM (SELECT a FROM b ORDER BY a)", "SELECT ' order by ' FROM b"])
def test_an_order_inside_is_none(statement: str) -> None:
    assert shuffled(statement) != statement
