"""How each engine spells what a statement reads from JSON."""

import pytest
from sqlalchemy import Text, column, create_engine, literal_column, select
from sqlalchemy.engine.url import URL

from bot.database import json_values

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
            "json_each(CAST(agents AS JSON)) AS used",
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
