"""Erased members in the ledger: their rows are the removed member's, now and when they are read again."""

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import Connection, text

from bot.database.errors import LedgerError
from bot.domain.person import Person
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.booking_result import BookingResult
from bot.ledger.erasure import erase_member, person_of, rows_naming
from bot.ledger.member_merge import merge_emails
from bot.ledger.members import (
    attributed_emails,
    current_emails,
    emails_by_id,
    ensure_members,
    is_removed,
    member_count,
    member_id,
    member_summaries,
    nameless_ids,
    removed_id,
    stored_email,
)
from bot.ledger.verification import law_breaches
from tests.support.bookings import ANA, BOB, NOW

OLD = "ana@old.example"


def erase(connection: Connection, email: str, *names: str) -> Person:
    person = replace(person_of(connection, email), names=frozenset(names))
    erase_member(connection, person, rows_naming(connection, person))
    return person


def test_nobody_is_removed_at_first(connection: Connection) -> None:
    ensure_members(connection, [ANA])
    assert (is_removed(connection, ANA), removed_id(connection), nameless_ids(connection)) == (False, None, frozenset())


def test_an_erased_address_is_the_removed_member_and_stands_nowhere(connection: Connection) -> None:
    ids = ensure_members(connection, [ANA, BOB, OLD])
    merge_emails(connection, OLD, ANA)
    person = erase(connection, OLD)
    assert (person.members, person.emails) == ((ids[ANA], ids[OLD]), (ANA, OLD))
    removed = removed_id(connection)
    assert ensure_members(connection, [ANA, BOB, OLD]) == {ANA: removed, OLD: removed, BOB: ids[BOB]}
    assert is_removed(connection, ANA)
    assert is_removed(connection, OLD)
    assert nameless_ids(connection) == {removed}
    stored = set(connection.execute(text("SELECT email FROM member")).scalars())
    assert not {each for each in stored if "ana" in each}


def test_lists_of_members_show_all_removed_as_one(connection: Connection) -> None:
    ids = ensure_members(connection, [ANA, BOB, "eve@acme.dev"])
    erase(connection, ANA)
    erase(connection, BOB)
    assert attributed_emails(connection) == ["eve@acme.dev"]
    assert current_emails(connection) == {"eve@acme.dev": "eve@acme.dev"}
    assert member_count(connection) == 1
    assert [each.email for each in member_summaries(connection)] == ["removed member", "eve@acme.dev"]
    assert emails_by_id(connection, [ids[ANA]]) == {ids[ANA]: "removed member"}
    assert member_id(connection, stored_email("removed member")) == removed_id(connection)
    assert member_id(connection, ANA) is None


def test_erasing_again_changes_nothing(connection: Connection) -> None:
    ensure_members(connection, [ANA])
    erase(connection, ANA)
    before = connection.execute(text("SELECT * FROM member ORDER BY id")).all()
    assert erase(connection, ANA).members == ()
    assert connection.execute(text("SELECT * FROM member ORDER BY id")).all() == before


def test_who_was_never_seen_can_be_erased_before_they_are(connection: Connection) -> None:
    erase(connection, ANA)
    assert ensure_members(connection, [ANA]) == {ANA: removed_id(connection)}


def test_tasks_without_an_email_are_nobodys_again_where_they_were_merged(connection: Connection) -> None:
    ids = ensure_members(connection, ["", ANA])
    merge_emails(connection, "unattributed", ANA)
    assert erase(connection, ANA).emails == (ANA,)
    assert ensure_members(connection, [""]) == {"": ids[""]}


def test_nobody_becomes_an_erased_member_again(connection: Connection) -> None:
    ensure_members(connection, [ANA, BOB])
    erase(connection, ANA)
    with pytest.raises(LedgerError, match=f"{ANA} was erased here"):
        merge_emails(connection, BOB, ANA)


# --- names of models and statuses ----------------------------------------------------------------

NAMED = Task(
    task_id="named", model=f"ft-{ANA}", status=f"stuck at {ANA.upper()}", created_at=NOW, email=BOB,
    neo_credits=Decimal(3),
)  # fmt: skip
OPUS = msgspec.structs.replace(NAMED, task_id="opus", model="claude-opus", status="completed")


def read_tasks(connection: Connection, *tasks: Task) -> BookingResult:
    return book(connection, tasks, BookingPolicy(ByokUnit.CREDITS), now=NOW)


def names_in(connection: Connection, statement: str) -> list[tuple[str, str]]:
    return [(first, second) for first, second in connection.execute(text(statement))]


def test_models_and_statuses_name_nobody_who_was_erased(connection: Connection) -> None:
    read_tasks(connection, NAMED, OPUS)
    erase(connection, ANA, "Claude")
    grown = msgspec.structs.replace(NAMED, neo_credits=Decimal(4))
    results = [read_tasks(connection, NAMED, OPUS), read_tasks(connection, grown)]
    assert [(each.unchanged, len(each.changes)) for each in results] == [(2, 0), (0, 1)]
    (change,) = results[1].changes
    renamed = ("ft-removed member", "stuck at removed member")
    assert (change.task.model, change.task.status) == renamed == change.traits[:2]
    assert change.former is not None
    assert change.former[:2] == renamed
    later = [msgspec.structs.replace(each, task_id=f"{each.task_id} later") for each in (NAMED, OPUS)]
    read_tasks(connection, *later)
    assert names_in(connection, "SELECT model, status FROM task ORDER BY task_id") == [
        renamed, renamed, ("claude-opus", "completed"), ("claude-opus", "completed")
    ]  # fmt: skip
    assert names_in(connection, "SELECT kind, value FROM seen ORDER BY kind, value") == [
        ("model", "claude-opus"), ("model", renamed[0]), ("status", "completed"), ("status", renamed[1])
    ]  # fmt: skip
    assert not any(law_breaches(connection).values())


def test_names_that_are_the_same_without_who_was_erased_are_one(connection: Connection) -> None:
    read_tasks(connection, NAMED, msgspec.structs.replace(NAMED, task_id="other", model=f"ft-{BOB}"))
    erase(connection, ANA)
    erase(connection, BOB)
    assert names_in(connection, "SELECT DISTINCT model, 'x' FROM task") == [("ft-removed member", "x")]
    assert names_in(connection, "SELECT kind, value FROM seen WHERE kind = 'model'") == [("model", "ft-removed member")]
