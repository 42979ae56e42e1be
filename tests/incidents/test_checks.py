"""What is wrong with the bot itself, and the sentence that says so."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from bot.database.engine import Database
from bot.database.reading import open_reader
from bot.domain.timestamps import to_us
from bot.incidents import store
from bot.incidents.checks import current_incidents
from bot.incidents.rules import FAILED_PASSES, LEAST_FREE_BYTES, RECENT, IncidentName
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.settings.database_place import DatabasePlace

NOW = datetime(2026, 3, 2, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def reader(place: DatabasePlace) -> Iterator[Connection]:
    with closing(open_reader(place)) as reader:
        yield reader


def record_pass(
    database: Database, outcome: PassOutcome, kind: str = "tail", at: datetime = NOW, why: str = ""
) -> None:
    tally = PassTally()
    with database.transaction() as connection:
        key = begin_pass(connection, kind, None, at, at)
        end_pass(connection, key, tally, outcome, now=at)
        connection.execute(text("UPDATE pass SET error = :why WHERE id = :key"), {"why": why or None, "key": key})


def wrong(reader: Connection) -> dict[IncidentName, str]:
    reader.rollback()  # a snapshot of now
    return current_incidents(reader, LEAST_FREE_BYTES, {}, NOW)


def test_nothing_is_wrong_with_a_new_ledger_on_a_disk_with_room(reader: Connection) -> None:
    assert wrong(reader) == {}


def test_a_disk_that_is_nearly_full_is_named_with_what_is_left(reader: Connection) -> None:
    found = current_incidents(reader, LEAST_FREE_BYTES - 1, {}, NOW)
    assert found == {IncidentName.DISK: "200 MB are left on the disk of the database"}


def test_templates_are_named_in_order_with_why_and_cut(reader: Connection) -> None:
    broken = {"usage/help.txt": "unknown tag", "budgets/headline.txt": "no end"}
    found = current_incidents(reader, LEAST_FREE_BYTES, broken, NOW)
    assert found == {IncidentName.TEMPLATE: "budgets/headline.txt: no end; usage/help.txt: unknown tag"}
    long = current_incidents(reader, LEAST_FREE_BYTES, {"a.txt": "x" * 1_000}, NOW)
    assert len(long[IncidentName.TEMPLATE]) == 500


def test_slacks_refusal_of_the_app_token_is_quoted(reader: Connection) -> None:
    found = current_incidents(reader, LEAST_FREE_BYTES, {}, NOW, "invalid_auth")
    assert found == {IncidentName.CONNECTION: "Slack rejects SLACK_APP_TOKEN (invalid_auth)"}


def test_what_was_not_looked_at_yet_stays_as_it_is(database: Database, reader: Connection) -> None:
    assert current_incidents(reader, LEAST_FREE_BYTES, None, NOW, None) == {}
    with database.transaction() as connection:
        for name in (IncidentName.TEMPLATE, IncidentName.CONNECTION):
            store.begin(connection, name, f"{name} of before", NOW)
    reader.rollback()
    found = current_incidents(reader, LEAST_FREE_BYTES, None, NOW, None)
    assert found == {name: f"{name} of before" for name in (IncidentName.CONNECTION, IncidentName.TEMPLATE)}
    assert current_incidents(reader, LEAST_FREE_BYTES, {}, NOW, "") == {}


# --- passes ----------------------------------------------------------------------------------------

FAILED, BROKEN, INCOMPLETE = PassOutcome.FAILED, PassOutcome.BROKEN, PassOutcome.INCOMPLETE


@pytest.mark.parametrize(
    ("outcomes", "name", "description"),
    [
        ([FAILED] * 3, IncidentName.UPSTREAM, "the last 3 syncs with Neo failed: Neo is failing (503)"),
        ([FAILED, BROKEN, FAILED], IncidentName.UPSTREAM, "the last 3 syncs with Neo failed: Neo is failing (503)"),
        ([FAILED, FAILED, BROKEN], IncidentName.READING, "the last 3 syncs with Neo failed: Neo is failing (503)"),
        (
            [FAILED, INCOMPLETE, FAILED],
            IncidentName.INCOMPLETE,
            "none of the last 3 syncs with Neo was complete: Neo is failing (503)",
        ),
    ],
)
def test_three_passes_in_a_row_are_an_incident_named_for_how_they_ended(
    database: Database, reader: Connection, outcomes: list[PassOutcome], name: IncidentName, description: str
) -> None:
    for outcome in outcomes:
        assert wrong(reader) == {}
        record_pass(database, outcome, why="Neo is failing (503). The next pass mends it.")
    assert wrong(reader) == {name: description}


def test_a_list_that_does_not_add_up_has_no_other_reason(database: Database, reader: Connection) -> None:
    for _ in range(FAILED_PASSES):
        record_pass(database, INCOMPLETE)
    said = "none of the last 3 syncs with Neo was complete: the list doesn't add up"
    assert wrong(reader) == {IncidentName.INCOMPLETE: said}


def test_what_broke_here_mentions_nobody_and_is_no_code(database: Database, reader: Connection) -> None:
    for _ in range(FAILED_PASSES):
        record_pass(database, BROKEN, why="`x` <@U0PRIYA>")
    assert wrong(reader) == {
        IncidentName.READING: "the last 3 syncs with Neo failed: \u02cbx\u02cb \u2039@U0PRIYA\u203a"
    }


def test_a_complete_pass_ends_it_and_one_that_was_interrupted_says_nothing(
    database: Database, reader: Connection
) -> None:
    for outcome in (FAILED, PassOutcome.INTERRUPTED, FAILED, FAILED):
        record_pass(database, outcome)
    assert set(wrong(reader)) == {IncidentName.UPSTREAM}
    record_pass(database, PassOutcome.COMPLETE)
    assert wrong(reader) == {}


@pytest.mark.parametrize(("ago", "is_wrong"), [(RECENT - MINUTE, True), (RECENT + MINUTE, False)])
def test_other_kinds_of_passes_count_for_a_day(
    database: Database, reader: Connection, ago: timedelta, *, is_wrong: bool
) -> None:
    for _ in range(FAILED_PASSES):
        record_pass(database, FAILED, "nightly", NOW - ago)
    record_pass(database, PassOutcome.COMPLETE)
    assert (IncidentName.UPSTREAM in wrong(reader)) is is_wrong


@pytest.mark.parametrize(("hours", "is_wrong"), [(6, False), (7, True)])
def test_passes_none_of_which_comes_to_its_end_are_an_incident_after_hours(
    database: Database, reader: Connection, hours: int, *, is_wrong: bool
) -> None:
    with database.transaction() as connection:
        begin_pass(connection, "tail", None, NOW, NOW - timedelta(hours=hours))
    said = {IncidentName.INCOMPLETE: "no sync with Neo has finished for 7 hours"}
    assert wrong(reader) == (said if is_wrong else {})


# --- rows ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "description"),
    [
        (1, "1 row from Neo was rejected: t-0: a \u2039negative\u203a amount"),
        (2, "2 rows from Neo were rejected: t-1: a \u2039negative\u203a amount; t-0: a \u2039negative\u203a amount"),
    ],
)
def test_rows_that_cannot_be_booked_are_named_with_why_the_latest_first(
    database: Database, reader: Connection, rows: int, description: str
) -> None:
    quarantine(database, rows)
    assert wrong(reader) == {IncidentName.QUARANTINE: description}


def test_of_many_rows_three_are_named(database: Database, reader: Connection) -> None:
    quarantine(database, 5)
    description = wrong(reader)[IncidentName.QUARANTINE]
    assert description.startswith("5 rows from Neo were rejected: t-4: ")
    assert description.endswith("; and 2 more")
    assert description.count("amount") == 3


def quarantine(database: Database, rows: int) -> None:
    with database.transaction() as connection:
        values = [{"key": f"t-{each}", "first": to_us(NOW), "last": to_us(NOW) + each} for each in range(rows)]
        connection.execute(_QUARANTINED, values)


_QUARANTINED = text(
    "INSERT INTO quarantine (key, reason, first_seen_at, last_seen_at, last_pass)"
    " VALUES (:key, 'a <negative> amount', :first, :last, 0)"
)
