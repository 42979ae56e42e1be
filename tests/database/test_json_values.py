"""How each engine spells what a statement reads from JSON."""

import json

import pytest
from sqlalchemy import Connection, Text, bindparam, column, create_engine, literal_column, select
from sqlalchemy.engine.url import URL

from bot.database import json_values
from tests.support.engines import SQLITE

USED = json_values.entries(literal_column("""'{"nuclei": {"calls": 7}, "bash": {"calls": 2}}'"""), "used")
CALLS = select(USED.c.key, json_values.number_named(USED.c.value, "calls")).select_from(USED)


def test_sqlite_reads_the_members_of_an_object_and_their_numbers() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert sorted(connection.execute(CALLS).all()) == [("bash", 2), ("nuclei", 7)]
        triggers = json_values.entries(literal_column("""'{"recon": 3}'"""), "used")
        assert connection.execute(select(json_values.number(triggers.c.value)).select_from(triggers)).scalar() == 3


@pytest.mark.parametrize(
    ("name", "table", "number", "named"),
    [
        ("sqlite", "json_each(agents) AS used", "value", "json_extract(value, '$.' || 'calls')"),
        (
            "postgresql",
            "ELSE agents END AS JSON)) AS used",
            "CAST(CAST(value AS TEXT) AS BIGINT)",
            "CAST(value ->> 'calls' AS BIGINT)",
        ),
    ],
)
def test_each_engine_has_its_own_words(name: str, table: str, number: str, named: str) -> None:
    dialect = URL.create(name).get_dialect()()
    used, value = json_values.entries(column("agents", Text), "used"), column("value", Text)
    assert table in str(select(used.c.key).select_from(used).compile(dialect=dialect))
    assert str(json_values.number(value).compile(dialect=dialect)) == number
    assert str(json_values.number_named(value, "calls").compile(dialect=dialect)) == named


@pytest.mark.parametrize("name", ["a\0b", "\0\0", "\\\0", "\\u0000", "\\\\u0000"])
def test_a_name_with_the_one_character_that_a_server_cannot_hold_is_read(connection: Connection, name: str) -> None:
    used = json_values.entries(bindparam("used", type_=Text), "used")
    calls = select(used.c.key, json_values.number_named(used.c.value, "calls")).select_from(used)
    ((key, count),) = connection.execute(calls, {"used": json.dumps({name: {"calls": 3}})}).all()
    assert count == 3
    is_sqlite = connection.dialect.name == SQLITE
    assert key == (name.partition("\0")[0] if is_sqlite else name.replace("\0", "\ufffd"))
