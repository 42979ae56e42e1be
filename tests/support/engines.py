"""Both engines: whatever asks for a ledger runs once on each, unless it is marked `sqlite_only`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import address_url
from tests.support.effort import THOROUGH

SQLITE, POSTGRES = "sqlite", "postgres"
SHARE, SLOW_SHARE = 24, 2  # of the tests of the whole app, one in so many run on PostgreSQL too; `make soak` runs all
CASES = 3


def sqlite_only(reason: str) -> pytest.MarkDecorator:
    """Mark what is true of SQLite's files alone, for a reason that is not empty."""
    assert reason
    return pytest.mark.sqlite_only(reason)


costly = pytest.mark.costly
"""Marks what takes seconds and reads a ledger as other tests do: on PostgreSQL `make test-slow` tries one in two."""

many_cases = pytest.mark.many_cases
"""Marks what tries cases of one kind on a whole app: `make test` tries one in CASES of them, `make soak` all."""

always_on_both = pytest.mark.always_on_both
"""Marks what is about the engines themselves: `make test` runs each of these tests of the whole app on PostgreSQL."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each test that has something to do with the engine run once on each."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", _engines_of(metafunc.definition), indirect=True)


def _engines_of(item: pytest.Item) -> list[str]:
    return [SQLITE] if item.get_closest_marker("sqlite_only") is not None else [SQLITE, POSTGRES]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out most of many cases and half of the app on PostgreSQL, unless all or these are wanted.

    Of what is left of the latter, `make test` tries some. The rest is marked as slow.
    """
    if THOROUGH or any("::" in each for each in config.args):
        return
    cases = _beyond_sample(items, _is_of_many_cases, CASES, "[")
    left_out = {*cases, *_beyond_sample(items, _is_of_app_on_server, SLOW_SHARE, "::")}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    slow = {*_beyond_sample(items, _is_of_app_on_server, SHARE, "::"), *filter(_is_costly_on_server, items)}
    items[:] = [item for item in items if item not in left_out]
    for item in slow:
        item.add_marker(pytest.mark.slow)


def _beyond_sample(
    items: Sequence[pytest.Item], is_meant: Callable[[pytest.Item], bool], share: int, group_end: str
) -> list[pytest.Item]:
    meant = [item for item in items if is_meant(item)]
    chosen = sample([item.nodeid for item in meant], share, group_end)
    return [item for item in meant if item.nodeid not in chosen]


def _is_of_many_cases(item: pytest.Item) -> bool:
    return item.get_closest_marker("many_cases") is not None


def _is_of_app_on_server(item: pytest.Item) -> bool:
    if _is_costly_on_server(item):
        return True
    if item.get_closest_marker("always_on_both") is not None:
        return False
    return not {"closed", "wire"}.isdisjoint(getattr(item, "fixturenames", ())) and _is_on_server(item)


def _is_costly_on_server(item: pytest.Item) -> bool:
    return item.get_closest_marker("costly") is not None and _is_on_server(item)


def _is_on_server(item: pytest.Item) -> bool:
    parameters = getattr(item, "callspec", None)  # none where a module has a place of its own
    return getattr(parameters, "params", {}).get("engine") == POSTGRES


def sample(names: Sequence[str], share: int, group_end: str) -> set[str]:
    """Return one of the tests in `share`, the same ones each time, and at least one of each group.

    A group's name is that of its tests up to `group_end`: "::" after a module, "[" after a function.
    """
    groups: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        groups.setdefault(name.partition(group_end)[0], []).append((crc32(name.encode()), name))
    first = {min(marked)[1] for marked in groups.values()}
    return first | {name for marked in groups.values() for mark, name in marked if mark % share == 0}


# --- looking into a ledger, as another program does ---------------------------------------------


def url_of(place: DatabasePlace) -> str:
    """Return a ledger's DATABASE_URL."""
    if isinstance(place, Path):
        return f"sqlite+aiosqlite:///{place}"
    return address_url(place)


@contextmanager
def connected(place: DatabasePlace) -> Iterator[Connection]:
    """Connect to a ledger beside the bot; what is written is committed at the end."""
    with _engine(url_of(place)).begin() as connection:
        yield connection


def rows_of(place: DatabasePlace, statement: str, **values: object) -> list[tuple[Any, ...]]:
    """Return what a statement selects from a ledger."""
    with connected(place) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def plan_by_index(place: DatabasePlace, statement: str) -> str:
    """Return how the engine goes about a statement if it uses an index wherever one will do, however few the rows."""
    with connected(place) as connection:
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name != SQLITE:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            explain = "EXPLAIN"
        return "\n".join(str(row[-1]) for row in connection.execute(text(f"{explain} {statement}")))


def execute(place: DatabasePlace, statement: str, *values: Mapping[str, Any]) -> None:
    """Run a statement on a ledger, once or with each of the values."""
    with connected(place) as connection:
        connection.execute(text(statement), list(values) or None)


def refuse(connection: Connection, event: str, table: str, why: str, condition: str = "true") -> None:
    """Have the database refuse what would be written to a table, as if a row broke a rule of its."""
    if connection.dialect.name == SQLITE:
        when = f"CREATE TRIGGER refused BEFORE {event} ON {table} WHEN {condition}"
        connection.exec_driver_sql(f"{when} BEGIN SELECT raise(ABORT, '{why}'); END")
        return
    body = f"BEGIN RAISE check_violation USING MESSAGE = '{why}'; END"
    connection.exec_driver_sql(f"CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    when = f"CREATE TRIGGER refused BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition})"
    connection.exec_driver_sql(f"{when} EXECUTE FUNCTION refuse()")


def allow(connection: Connection, table: str) -> None:
    """Have the database refuse it no longer."""
    on = "" if connection.dialect.name == SQLITE else f" ON {table}"
    connection.exec_driver_sql(f"DROP TRIGGER refused{on}")


@cache
def _engine(url: str) -> Engine:
    return create_engine(make_url(url.replace("+aiosqlite", "")), poolclass=NullPool)
