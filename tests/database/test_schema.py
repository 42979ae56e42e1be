"""The schema: the migrations make what is declared, on both engines, and text compares by its bytes."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.orm import class_mapper
from sqlalchemy.orm.exc import UnmappedClassError
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from bot.database.postgres_connections import write_engine
from bot.settings.database_place import DatabasePlace
from bot.shipped import shipped
from tests.support.engines import url_of

for _declaring in (Path(__file__).parents[2] / "bot").glob("*/tables.py"):
    import_module(f"bot.{_declaring.parent.name}.tables")


@pytest.fixture
def migrated(connection: Connection) -> Connection:
    """A connection to a database that the migrations made."""
    return connection


@pytest.fixture
def declared(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connection]:
    """A connection to a database whose tables were made as they are declared."""
    if engine == "sqlite":
        with _declared(create_engine(f"sqlite:///{tmp_path / 'declared.db'}")) as connection:
            yield connection
        return
    server = request.getfixturevalue("postgres")
    address = server.empty()
    with _declared(write_engine(address)) as connection:
        yield connection
    server.drop(address)


@contextmanager
def _declared(engine: Any) -> Iterator[Connection]:
    with engine.begin() as connection:
        SQLModel.metadata.create_all(connection)
        yield connection
    engine.dispose()


def tables(connection: Connection) -> dict[str, dict[str, object]]:
    """Each table's columns, keys and constraints."""
    found = inspect(connection)
    return {
        table: {
            "columns": {
                each["name"]: (type_name(each["type"]), each["nullable"], default_of(table, each))
                for each in found.get_columns(table)
            },
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (key["name"] or "", key["constrained_columns"], key["referred_table"], key["referred_columns"])
                for key in found.get_foreign_keys(table)
            ),
            "unique": sorted((each["name"], each["column_names"]) for each in found.get_unique_constraints(table)),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


# what a migration gave to the rows that were there, and left: nothing inserts a row without these columns
LEFT_BY_MIGRATIONS = {
    ("budget", "narrowing"), ("failure_group", "last_pass"), ("notification", "ledger"), ("quarantine", "last_pass"),
    ("task", "without_email"),
}  # fmt: skip


def default_of(table: str, column: Mapping[str, Any]) -> object:
    """What the server puts into a column that a new row leaves out."""
    return None if (table, column["name"]) in LEFT_BY_MIGRATIONS else column["default"]


def type_name(declared: TypeEngine[Any]) -> str:
    """A type without the order of its texts, which is no part of the declaration."""
    return str(declared).partition(" COLLATE")[0]


INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgres": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


def indexes(connection: Connection, engine: str) -> dict[str, str]:
    """The definition of each index, with the rows that it holds if not all."""
    rows = connection.execute(text(INDEXES[engine])).all()
    return {name: definition.replace(" IF NOT EXISTS", "") for name, definition in rows if "alembic" not in name}


@pytest.mark.slow
def test_the_migrations_make_the_tables_that_are_declared(migrated: Connection, declared: Connection) -> None:
    assert compare_metadata(MigrationContext.configure(migrated), SQLModel.metadata) == []
    assert tables(migrated) == tables(declared)


# in a process that has imported nothing else: a table counts as declared once its module is imported
_CHECK = """
import sys
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

config = Config()
config.set_main_option("script_location", sys.argv[1])
with create_engine(sys.argv[2]).connect() as connection:
    config.attributes["connection"] = connection
    command.check(config)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("database")
def test_a_new_revision_would_change_nothing(place: DatabasePlace) -> None:
    url = url_of(place).replace("+aiosqlite", "")
    command = [sys.executable, "-c", _CHECK, str(shipped("migrations")), url]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - code of our own
    assert checked.returncode == 0, checked.stderr


def test_models_are_mapped_to_nothing_since_that_costs_each_command_its_time() -> None:
    models = SQLModel.__subclasses__()
    assert {str(each.__tablename__) for each in models} == set(SQLModel.metadata.tables)
    for each in models:
        with pytest.raises(UnmappedClassError):
            class_mapper(each)


def test_the_migrations_make_the_indexes_that_are_declared(
    migrated: Connection, declared: Connection, engine: str
) -> None:
    found = indexes(migrated, engine)
    assert sum("WHERE" in each for each in found.values()) > 15
    assert found == indexes(declared, engine)


def test_text_compares_and_sorts_by_its_bytes(migrated: Connection, engine: str) -> None:
    unsorted = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%collate%'",
        "postgres": "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('character varying', 'text') AND collation_name IS DISTINCT FROM 'C'",
    }
    assert migrated.execute(text(unsorted[engine])).scalar_one() == 0
    keys = ["A", "B", "a", "b", "ä", "é", "中"]
    for key in reversed(keys):
        migrated.execute(text("INSERT INTO note (key, value) VALUES (:key, '')"), {"key": key})
    assert migrated.execute(text("SELECT key FROM note ORDER BY key")).scalars().all() == keys


def test_a_key_that_is_no_id_is_not_numbered_by_the_database(migrated: Connection, engine: str) -> None:
    numbered = {
        (table, column["name"])
        for table in inspect(migrated).get_table_names()
        for column in inspect(migrated).get_columns(table)
        if engine == "postgres" and "nextval" in str(column["default"])
    }
    assert {column for _, column in numbered} <= {"id"}
