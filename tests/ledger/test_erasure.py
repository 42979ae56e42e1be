"""Erased members in the ledger: their rows are the removed member's, now and when they are read again."""

import pytest
from sqlalchemy import Connection, text

from bot.database.errors import LedgerError
from bot.domain.person import Person
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
from tests.support.bookings import ANA, BOB

OLD = "ana@old.example"


def erase(connection: Connection, email: str) -> Person:
    person = person_of(connection, email)
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
