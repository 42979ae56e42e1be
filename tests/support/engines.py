"""Both engines: whatever asks for a ledger runs once on each, unless it is marked `sqlite_only`."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.engine import make_url

from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import address_url

_ON_BOTH = frozenset(["database"])
SQLITE, POSTGRES = "sqlite", "postgres"


def sqlite_only(reason: str) -> pytest.MarkDecorator:
    """Mark what is true of SQLite's files alone, for a reason that is not empty."""
    assert reason
    return pytest.mark.sqlite_only(reason)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Let each test that has something to do with the engine run once on each."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", _engines_of(metafunc.definition), indirect=True)


def _engines_of(item: pytest.Item) -> list[str]:
    if item.get_closest_marker("sqlite_only") is not None or item.path.parent.name not in _ON_BOTH:
        return [SQLITE]
    return [SQLITE, POSTGRES]


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


def rows_of(place: DatabasePlace, statement: str, **values: object) -> Sequence[tuple[Any, ...]]:
    """Return what a statement selects from a ledger."""
    with connected(place) as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def execute(place: DatabasePlace, statement: str, *values: Mapping[str, Any]) -> None:
    """Run a statement on a ledger, once or with each of the values."""
    with connected(place) as connection:
        connection.execute(text(statement), list(values) or None)


@cache
def _engine(url: str) -> Engine:
    return create_engine(make_url(url.replace("+aiosqlite", "")), poolclass=NullPool)
