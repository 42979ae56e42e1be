"""Members by e-mail and by id, before and after one is merged into another."""

import pytest
from sqlalchemy import Connection

from bot.database.errors import LedgerError
from bot.ledger.member_merge import merge_emails
from bot.ledger.members import (
    MemberSummary,
    attributed_emails,
    current_email,
    current_emails,
    email_addresses,
    emails_by_id,
    ensure_members,
    ids_by_email,
    member_count,
    member_id,
    member_summaries,
    merged_count,
    merged_ids,
    nameless_ids,
    stored_email,
)
from tests.support.bookings import ANA, BOB, DOLLAR


def test_members_are_added_once_and_found_again(connection: Connection) -> None:
    ids = ensure_members(connection, [BOB, ANA, BOB])
    assert ids == {ANA: 1, BOB: 2}
    assert ensure_members(connection, ["eve@acme.dev", BOB]) == {"eve@acme.dev": 3, BOB: 2}
    assert ensure_members(connection, []) == {}
    assert member_count(connection) == 3


def test_looking_up_an_unknown_member_adds_nobody(connection: Connection) -> None:
    ensure_members(connection, [ANA])
    assert ids_by_email(connection, [ANA, BOB]) == {ANA: 1}
    assert (member_id(connection, BOB), member_id(connection, None), nameless_ids(connection)) == (
        None,
        None,
        frozenset(),
    )
    assert current_email(connection, 2) is None
    assert emails_by_id(connection, [1, 2]) == {1: ANA}
    assert member_count(connection) == 1


def test_rows_without_an_email_are_nobodys(connection: Connection) -> None:
    ids = ensure_members(connection, ["", ANA])
    assert nameless_ids(connection) == {ids[""]}
    assert emails_by_id(connection) == {ids[""]: "unattributed", ids[ANA]: ANA}
    assert attributed_emails(connection) == [ANA]
    assert current_emails(connection) == {ANA: ANA}
    assert email_addresses(connection, ids[""]) == []
    assert member_count(connection) == 1


def test_a_merged_member_is_the_one_it_was_merged_into(connection: Connection) -> None:
    ids = ensure_members(connection, [ANA, BOB, "eve@acme.dev"])
    merge_emails(connection, ANA, "eve@acme.dev")
    merge_emails(connection, "eve@acme.dev", BOB)
    assert ids_by_email(connection, [ANA, "eve@acme.dev"]) == {ANA: ids[BOB], "eve@acme.dev": ids[BOB]}
    assert current_email(connection, ids[ANA]) == (ids[BOB], BOB)
    assert current_emails(connection) == {ANA: BOB, BOB: BOB, "eve@acme.dev": BOB}
    assert email_addresses(connection, ids[ANA]) == [BOB, "eve@acme.dev", ANA]
    assert sorted(merged_ids(connection, ids[BOB])) == [ids[ANA], ids["eve@acme.dev"]]
    assert (member_count(connection), merged_count(connection), attributed_emails(connection)) == (1, 2, [BOB])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("nobody@acme.dev", BOB, "no task of nobody@acme.dev is known"),
        (ANA, ANA, "are already the same member"),
        (ANA, "bob", "`bob` isn't an e-mail address"),
    ],
)
def test_what_cannot_be_merged_is_refused(connection: Connection, old: str, new: str, why: str) -> None:
    ensure_members(connection, [ANA])
    with pytest.raises(LedgerError, match=why):
        merge_emails(connection, old, new)


def test_summaries_hold_tasks_and_all_time_spend_of_each(reader: Connection) -> None:
    ids = ids_by_email(reader, ["", ANA, BOB])
    assert member_summaries(reader) == [
        MemberSummary(ids[""], "unattributed", 1, 0, None, 1),
        MemberSummary(ids[ANA], ANA, 2, 35 * DOLLAR, None),
        MemberSummary(ids[BOB], BOB, 2, 45 * DOLLAR, None),
    ]


@pytest.mark.parametrize(("name", "email"), [("unattributed", ""), (" Ana@ACME.dev ", ANA), ("", "")])
def test_a_typed_name_is_stored_as_an_email(name: str, email: str) -> None:
    assert stored_email(name) == email
