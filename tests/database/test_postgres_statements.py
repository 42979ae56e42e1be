"""The statements of every package are understood by PostgreSQL: tables, types, groups and all."""

from collections.abc import Iterator

import psycopg
import pytest

from bot.settings.postgres_address import PostgresAddress
from tests.support.core_statements import module_statements, prepared

pytestmark = pytest.mark.slow

FRACTIONAL = {700: "real", 701: "double precision", 1700: "numeric"}


@pytest.fixture
def connection(postgres_ledger: PostgresAddress) -> Iterator[psycopg.Connection]:
    place = postgres_ledger
    with psycopg.connect(host=place.host, dbname=place.database, user=place.user, autocommit=True) as opened:
        yield opened


def test_each_statement_is_understood_and_gives_whole_numbers(connection: psycopg.Connection) -> None:
    problems = {}
    statements = module_statements()
    assert len(statements) > 200
    for number, (name, statement) in enumerate(statements.items()):
        sql = prepared(statement)
        try:
            connection.execute(f"PREPARE s{number} AS {sql}")
        except psycopg.Error as error:
            problems[name] = f"{error}: {sql}"
            continue
        found = connection.pgconn.describe_prepared(f"s{number}".encode())
        types = {found.ftype(column) for column in range(found.nfields)}
        if types & FRACTIONAL.keys():  # a sum of whole numbers is one in SQLite, and is cast to one
            problems[name] = f"{[FRACTIONAL[each] for each in types & FRACTIONAL.keys()]}: {sql}"
    assert problems == {}
