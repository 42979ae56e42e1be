"""When a group of failures is to be told: after the pass that found it, whatever the clock says."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.database.engine import open_database
from bot.failures import store
from bot.failures.store import Kind, State
from bot.ledger import passes
from bot.ledger.pass_tally import PassOutcome, PassTally
from tests.support.downgrade import downgrade

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = open_database(tmp_path / "ledger.db")
    try:
        with database.transaction() as connection:
            yield connection
    finally:
        database.close()


def begun(connection: Connection, at: datetime) -> int:
    return passes.begin(connection, "tail", None, at, at)


def ended(connection: Connection, key: int, at: datetime, *, complete: bool = True) -> None:
    outcome = PassOutcome.COMPLETE if complete else PassOutcome.INCOMPLETE
    passes.finish(connection, key, PassTally(), outcome, now=at)


def found(connection: Connection, at: datetime) -> int:
    (kind,) = store.kinds(connection, {1: Kind(1, "error", "opus", "disk is full")}).values()
    return store.open_group(connection, kind, State.WAITING, at).id


@pytest.mark.parametrize("back", [timedelta(0), timedelta(days=1)], ids=["at the same moment", "set back a day"])
def test_a_pass_that_ended_before_says_nothing_of_what_a_later_one_finds(
    connection: Connection, back: timedelta
) -> None:
    ended(connection, begun(connection, NOW), NOW)
    going_on = begun(connection, NOW - back)
    group = found(connection, NOW - back)
    assert store.to_tell(connection) == []
    ended(connection, going_on, NOW - back)
    assert store.to_tell(connection) == [group]


def test_a_pass_that_failed_has_ended_too(connection: Connection) -> None:
    failing = begun(connection, NOW)
    group = found(connection, NOW)
    ended(connection, failing, NOW, complete=False)
    assert store.to_tell(connection) == [group]


def test_what_a_killed_pass_has_found_is_told_after_the_next(connection: Connection) -> None:
    begun(connection, NOW)
    group = found(connection, NOW)
    following = begun(connection, NOW)
    assert store.to_tell(connection) == []
    ended(connection, following, NOW)
    assert store.to_tell(connection) == [group]


def test_a_group_that_grows_waits_for_the_pass_that_it_grows_in(connection: Connection) -> None:
    ended(connection, begun(connection, NOW), NOW)
    group = found(connection, NOW)
    going_on = begun(connection, NOW)
    store.touch(connection, group, State.WAITING, NOW)
    assert store.to_tell(connection) == []
    ended(connection, going_on, NOW)
    assert store.to_tell(connection) == [group]


@pytest.mark.parametrize("kept", [False, True])
def test_a_group_that_waited_when_the_ledger_was_updated_is_told_after_a_pass(tmp_path: Path, *, kept: bool) -> None:
    path = tmp_path / "ledger.db"
    open_database(path).close()
    downgrade(path, "0008")
    with closing(sqlite3.connect(path)) as old, old:  # schema 0007, which did not always keep passes
        old.execute("INSERT INTO failure_kind (id, mark, status, model) VALUES (1, 1, 'error', 'm')")
        old.execute(
            "INSERT INTO failure_group (id, kind, state, opened_at, last_at, last_pass)"
            " VALUES (5, 1, 'waiting', 1, 1, 0)"
        )
        if not kept:
            old.execute("ALTER TABLE failure_group DROP COLUMN last_pass")
        old.execute("UPDATE alembic_version SET version_num = '0007'")
    database = open_database(path)
    try:
        with database.transaction() as connection:
            assert store.to_tell(connection) == []
            ended(connection, begun(connection, NOW), NOW)
            assert store.to_tell(connection) == [5]
    finally:
        database.close()
