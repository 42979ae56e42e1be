"""Merging members: the tasks and charges of a renamed e-mail become another's."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.database.errors import LedgerError
from bot.ledger.members import ensure_members, member_id, shown_email, stored_email


@dataclass(frozen=True, slots=True)
class MergedMembers:
    """Two members that are one now: their keys, and how many charges became the new one's."""

    old: int
    new: int
    charges: int


def merge_emails(connection: Connection, old: str, new: str) -> MergedMembers:
    """Make the old e-mail's tasks and charges those of the new one, now and for rows still to come.

    Raises:
        LedgerError: the old e-mail is unknown, or both are one member already.
    """
    old_id, new_id = _ids(connection, old, new)
    connection.exec_driver_sql(
        "UPDATE member SET merged_into = ? WHERE id = ? OR merged_into = ?", (new_id, old_id, old_id)
    )
    connection.exec_driver_sql("UPDATE task SET member = ? WHERE member = ?", (new_id, old_id))
    charges = connection.exec_driver_sql("UPDATE charge SET member = ? WHERE member = ?", (new_id, old_id)).rowcount
    return MergedMembers(old_id, new_id, charges)


_MERGED_INTO = "SELECT n.email FROM member m JOIN member n ON n.id = m.merged_into WHERE m.email = ?"


def _ids(connection: Connection, old: str, new: str) -> tuple[int, int]:
    old_email, new_email = stored_email(old), stored_email(new)
    if new_email and "@" not in new_email:
        raise LedgerError(f"{new} is no e-mail address.")
    into = connection.exec_driver_sql(_MERGED_INTO, (old_email,)).first()
    if into:
        raise LedgerError(f"{old} is {shown_email(into[0])} already. Merge that one, if it is meant.")
    old_id = member_id(connection, old_email)
    if old_id is None:
        raise LedgerError(f"no task of {old} is in the ledger. `neo-usage member list` shows who is.")
    new_id = ensure_members(connection, [new_email])[new_email]
    if old_id == new_id:
        raise LedgerError(f"{old} and {new} are one member already.")
    return old_id, new_id
