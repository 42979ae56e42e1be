"""A ledger on a server that an earlier version filled: it is backed up as it is, and every row outlives its upgrade."""

from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, inspect, select, text

from bot.database.backup import backup
from bot.database.engine import open_database
from bot.database.integrity import violations
from bot.database.schema import newest_revision
from bot.settings.postgres_address import PostgresAddress
from tests.support.dump import Dump
from tests.support.earlier_schemas import FIRST_ON_SERVER, at_schema
from tests.support.engines import connected
from tests.support.postgres import PostgresServer
from tests.support.random_rows import fill

REVISIONS = [f"{number:04}" for number in range(int(FIRST_ON_SERVER), int(newest_revision()))]
SUMMED_AGAIN = {"narrowed_quarter"}  # when next needed: 0021 keeps more of these totals
SCHEMA = """
SELECT 'column', table_name || '.' || column_name,
    concat_ws(' ', data_type, is_nullable, column_default, collation_name)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n'
    AND connamespace = 'public'::regnamespace
"""


def columns_of(connection: Connection) -> dict[str, list[str]]:
    """The columns of each table that an upgrade keeps."""
    found = inspect(connection)
    names = set(found.get_table_names()) - SUMMED_AGAIN - {"alembic_version"}
    return {name: [each["name"] for each in found.get_columns(name)] for name in names}


def stored(connection: Connection, columns: dict[str, list[str]]) -> Dump:
    """The rows of tables, as far as these columns go."""
    found = MetaData()
    found.reflect(connection, only=list(columns))
    return {name: _rows(connection, found.tables[name], kept) for name, kept in columns.items()}


def _rows(connection: Connection, table: Table, columns: list[str]) -> list[tuple[Any, ...]]:
    query = select(*(table.c[each] for each in columns)).order_by(*table.primary_key)
    return [tuple(row) for row in connection.execute(query)]


@pytest.mark.slow
@pytest.mark.parametrize("revision", REVISIONS)
def test_every_row_outlives_an_upgrade_and_is_in_a_backup_made_before(
    postgres: PostgresServer, empty_postgres: PostgresAddress, tmp_path: Path, revision: str
) -> None:
    at_schema(empty_postgres, revision)
    with connected(empty_postgres) as connection:
        fill(connection, Random(int(revision)), 6)
        columns = columns_of(connection)
        before = stored(connection, columns)
    assert all(before.values())
    backup(empty_postgres, tmp_path / "before.db")
    with connected(tmp_path / "before.db") as copy:
        assert copy.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == revision
        assert stored(copy, columns) == before
    assert not any(violations(tmp_path / "before.db", {}).values())
    open_database(empty_postgres).close()
    with connected(empty_postgres) as connection, connected(postgres.address(postgres.template)) as anew:
        assert stored(connection, columns) == before
        assert sorted(connection.execute(text(SCHEMA)).all()) == sorted(anew.execute(text(SCHEMA)).all())
    with closing(open_database(tmp_path / "before.db")), connected(tmp_path / "before.db") as upgraded:
        assert stored(upgraded, columns) == before
