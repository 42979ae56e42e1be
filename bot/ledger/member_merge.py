"""Merging members: the tasks and charges of a renamed e-mail become another's."""

from dataclasses import dataclass

from sqlalchemy import BindParameter, Connection, bindparam, or_, select, update

from bot.database.errors import LedgerError
from bot.ledger.members import ensure_members, member_id, refuse_removed, shown_email, stored_email
from bot.ledger.tables import charge, member, task

_NEW: BindParameter[int] = bindparam("new")
_MERGE_MEMBERS = (
    update(member)
    .where(or_(member.c.id == bindparam("old"), member.c.merged_into == bindparam("old")))
    .values(merged_into=_NEW)
)
_MOVE_TASKS = update(task).where(task.c.member == bindparam("old")).values(member=_NEW)
_MOVE_CHARGES = update(charge).where(charge.c.member == bindparam("old")).values(member=_NEW)

_CURRENT = member.alias("current")
_MERGED_INTO = (
    select(_CURRENT.c.email)
    .select_from(member.join(_CURRENT, _CURRENT.c.id == member.c.merged_into))
    .where(member.c.email == bindparam("email"))
)


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
    ids = {"old": old_id, "new": new_id}
    connection.execute(_MERGE_MEMBERS, ids)
    connection.execute(_MOVE_TASKS, ids)
    charges = connection.execute(_MOVE_CHARGES, ids).rowcount
    return MergedMembers(old_id, new_id, charges)


def _ids(connection: Connection, old: str, new: str) -> tuple[int, int]:
    old_email, new_email = stored_email(old), stored_email(new)
    if new_email and "@" not in new_email:
        raise LedgerError(f"`{new}` isn't an e-mail address.")
    into = connection.execute(_MERGED_INTO, {"email": old_email}).first()
    if into:
        raise LedgerError(f"{old} is already merged into {shown_email(into.email)}. Use that e-mail to merge further.")
    old_id = member_id(connection, old_email)
    if old_id is None:
        raise LedgerError(f"no task of {old} is known. `neo-usage member list` shows all members.")
    refuse_removed(connection, new_email)
    new_id = ensure_members(connection, [new_email])[new_email]
    if old_id == new_id:
        raise LedgerError(f"{old} and {new} are already the same member.")
    return old_id, new_id
