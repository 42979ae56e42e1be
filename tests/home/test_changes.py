"""What App Home's refresher compares: each change of what pages show makes another mark, and names its members."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.database.engine import Database
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.home.changes import ChangeMark, change_mark, changed_members
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TODAY, HOUR = date(2026, 3, 2), timedelta(hours=1)
ANA, BO = "ana@acme.dev", "bo@acme.dev"


@pytest.fixture
def database(database: Database) -> Database:
    spend(database, ANA, "a-1", "1", NOW - HOUR)
    spend(database, BO, "b-1", "1", NOW - HOUR)
    with database.transaction() as connection:
        for sql in BEFORE:
            connection.exec_driver_sql(sql)
    return database


BEFORE = (
    "INSERT INTO budget (id, scope, unit, revision, limit_nanos) VALUES (1, 0, 'month', 1, 5)",
    (
        "INSERT INTO budget_request (id, member, unit, limit_nanos, asked_by, asked_at, state)"
        " VALUES (1, 1, 'month', 5, 'U1', 1, 'open')"
    ),
    "INSERT INTO failure_kind (id, mark, model, status) VALUES (1, 7, 'opus', 'failed')",
)


def spend(database: Database, email: str, task_id: str, neo_credits: str, now: datetime, status: str = "done") -> None:
    task = Task(
        task_id=task_id,
        model="opus",
        status=status,
        created_at=NOW - HOUR,
        email=email,
        neo_credits=Decimal(neo_credits),
    )
    with database.transaction() as connection:
        book(connection, [task], BookingPolicy(ByokUnit.CREDITS), now=now)


async def mark(database: Database, today: date = TODAY) -> ChangeMark:
    return await database.read(lambda reader: change_mark(reader, today))


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO budget_revision (budget, limit_nanos, set_at, set_by) VALUES (1, 9, 1, 'terminal')",
        "UPDATE budget SET ends_at = 9",
        (
            "INSERT INTO budget_request (id, member, unit, limit_nanos, asked_by, asked_at, state)"
            " VALUES (2, 1, 'month', 5, 'U1', 2, 'open')"
        ),
        "UPDATE budget_request SET asked_at = 2",
        "UPDATE budget_request SET state = 'declined'",
        "INSERT INTO failure_group (kind, state, opened_at, last_at, last_pass) VALUES (1, 'waiting', 1, 1, 0)",
        "INSERT INTO failure_silence (what, value, until, set_by, set_at) VALUES ('model', 'opus', 9, 'U1', 1)",
        "INSERT INTO failure_listener (member, since) VALUES (1, 1)",
        "INSERT INTO incident (name, said, began_at) VALUES ('disk', 'the disk is full', 1)",
        "INSERT INTO slack_link_change (changed_at, changed_by, slack_user) VALUES (1, 'terminal', 'U1')",
        "UPDATE member SET merged_into = 1 WHERE id = 2",
    ],
)
async def test_what_is_not_of_one_member_changes_the_mark_for_all(database: Database, sql: str) -> None:
    before = await mark(database)
    with database.transaction() as connection:
        connection.exec_driver_sql(sql)
    assert (await mark(database)).others != before.others


async def test_another_date_changes_the_mark_for_all(database: Database) -> None:
    assert (await mark(database)).others != (await mark(database, TODAY + timedelta(days=1))).others


async def test_without_a_change_the_mark_stays(database: Database) -> None:
    assert await mark(database) == await mark(database)


async def test_new_spend_is_of_its_member_alone(database: Database) -> None:
    before = await mark(database)
    spend(database, ANA, "a-1", "3", NOW)
    after = await mark(database)
    assert (after.charge > before.charge, after.others) == (True, before.others)
    changed = await database.read(lambda reader: changed_members(reader, before, [ANA, BO], NOW))
    assert (changed.emails, changed.anybody) == (frozenset({ANA}), True)


async def test_a_task_that_changes_at_no_cost_is_of_its_member_once_the_pass_has_ended(database: Database) -> None:
    before = await mark(database)
    with database.transaction() as connection:
        connection.exec_driver_sql(PASS)
    spend(database, BO, "b-1", "1", NOW, status="failed")
    after = await mark(database)
    assert (after.charge, after.ended_pass > before.ended_pass) == (before.charge, True)
    changed = await database.read(lambda reader: changed_members(reader, before, [ANA, BO], NOW))
    assert (changed.emails, changed.anybody) == (frozenset({BO}), True)


PASS = f"""
INSERT INTO pass (kind, window_to, started_at, finished_at, complete, pages, tasks, new, grown, restated, quarantined)
VALUES ('tail', {NOW.timestamp():.0f}000000, {NOW.timestamp() - 60:.0f}000000, {NOW.timestamp():.0f}000000,
  true, 1, 1, 0, 0, 0, 0)
"""


async def test_an_e_mail_that_was_merged_means_the_member_it_is_now(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE member SET merged_into = 1 WHERE id = 2")
    before = await mark(database)
    spend(database, ANA, "a-2", "1", NOW)
    changed = await database.read(lambda reader: changed_members(reader, before, [BO], NOW))
    assert (changed.emails, changed.anybody) == (frozenset({BO}), True)


async def test_where_nothing_is_new_nobody_is_concerned(database: Database) -> None:
    before = await mark(database)
    changed = await database.read(lambda reader: changed_members(reader, before, [ANA, BO], NOW))
    assert (changed.emails, changed.anybody) == (frozenset(), False)
