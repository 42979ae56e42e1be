"""When a group of failures is reported: after the pass that found it, whatever the clock says; and when it closes."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from bot.database.engine import open_database
from bot.failures.group_store import (
    GroupState,
    OpenGroup,
    add_group,
    close_groups,
    extend_group,
    groups_to_report,
    is_closing_due,
    open_groups,
)
from bot.failures.kind_store import FailureSample, ensure_kinds
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally
from tests.support.earlier_schemas import downgrade
from tests.support.engines import sqlite_only

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)


def begun(connection: Connection, at: datetime) -> int:
    return begin_pass(connection, "tail", None, at, at)


def ended(connection: Connection, key: int, at: datetime, *, complete: bool = True) -> None:
    outcome = PassOutcome.COMPLETE if complete else PassOutcome.INCOMPLETE
    end_pass(connection, key, PassTally(), outcome, now=at)


def found(connection: Connection, at: datetime) -> int:
    (kind,) = ensure_kinds(connection, [FailureSample(1, "error", "opus", "disk is full")]).values()
    return add_group(connection, kind, GroupState.WAITING, at).id


@pytest.mark.parametrize("back", [timedelta(0), timedelta(days=1)], ids=["at the same moment", "set back a day"])
def test_a_pass_that_ended_before_says_nothing_of_what_a_later_one_finds(
    connection: Connection, back: timedelta
) -> None:
    ended(connection, begun(connection, NOW), NOW)
    going_on = begun(connection, NOW - back)
    group = found(connection, NOW - back)
    assert groups_to_report(connection) == []
    ended(connection, going_on, NOW - back)
    assert groups_to_report(connection) == [group]


def test_a_pass_that_failed_has_ended_too(connection: Connection) -> None:
    failing = begun(connection, NOW)
    group = found(connection, NOW)
    ended(connection, failing, NOW, complete=False)
    assert groups_to_report(connection) == [group]


def test_what_a_killed_pass_has_found_is_reported_after_the_next(connection: Connection) -> None:
    begun(connection, NOW)
    group = found(connection, NOW)
    following = begun(connection, NOW)
    assert groups_to_report(connection) == []
    ended(connection, following, NOW)
    assert groups_to_report(connection) == [group]


def test_a_group_that_grows_waits_for_the_pass_that_it_grows_in(connection: Connection) -> None:
    ended(connection, begun(connection, NOW), NOW)
    group = found(connection, NOW)
    going_on = begun(connection, NOW)
    extend_group(connection, group, GroupState.WAITING, NOW)
    assert groups_to_report(connection) == []
    ended(connection, going_on, NOW)
    assert groups_to_report(connection) == [group]


@sqlite_only("no earlier version kept a ledger on PostgreSQL")
@pytest.mark.parametrize("kept", [False, True])
def test_a_group_that_waited_at_an_update_is_reported_after_a_pass(place: Path, *, kept: bool) -> None:
    downgrade(place, "0008")
    with closing(sqlite3.connect(place)) as old, old:  # schema 0007, which did not always keep passes
        old.execute("INSERT INTO failure_kind (id, mark, status, model) VALUES (1, 1, 'error', 'm')")
        old.execute(
            "INSERT INTO failure_group (id, kind, state, opened_at, last_at, last_pass)"
            " VALUES (5, 1, 'waiting', 1, 1, 0)"
        )
        if not kept:
            old.execute("ALTER TABLE failure_group DROP COLUMN last_pass")
        old.execute("UPDATE alembic_version SET version_num = '0007'")
    database = open_database(place)
    try:
        with database.transaction() as connection:
            assert groups_to_report(connection) == []
            ended(connection, begun(connection, NOW), NOW)
            assert groups_to_report(connection) == [5]
    finally:
        database.close()


def test_a_group_closes_after_a_day_without_a_failure(connection: Connection) -> None:
    group = found(connection, NOW)
    early, late = NOW + timedelta(hours=23, minutes=59), NOW + timedelta(hours=24)
    assert not is_closing_due(connection, early)
    assert close_groups(connection, early) == []
    (still,) = open_groups(connection, [1]).values()
    assert still == OpenGroup(group, 1, GroupState.WAITING, None)
    assert is_closing_due(connection, late)
    close_groups(connection, late)
    assert open_groups(connection, [1]) == {}
