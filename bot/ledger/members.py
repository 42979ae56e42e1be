"""Members: the people that the e-mails of the upstream belong to."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, bindparam, cast, func, insert, select

from bot.database.chunks import chunks
from bot.database.errors import LedgerError
from bot.database.sets import SetStatement
from bot.domain.person import REMOVED_NAME
from bot.domain.pricing import has_known_cost
from bot.domain.tasks import normalized_email
from bot.ledger.expressions import has_no_cost, one_of
from bot.ledger.removed_members import REMOVED, hashed_emails
from bot.ledger.tables import charge, member, task

UNATTRIBUTED = ""  # the e-mail of rows that carry none
UNATTRIBUTED_NAME = "unattributed"
NAMELESS = frozenset({UNATTRIBUTED_NAME, REMOVED_NAME})
"""What members are called who are no persons."""

_M, _CURRENT = member.c, member.alias("current")
_CURRENT_ID = func.coalesce(_M.merged_into, _M.id)
_WITH_CURRENT = member.join(_CURRENT, _CURRENT.c.id == _CURRENT_ID)
_INSERT = insert(member)
_IDS = SetStatement(select(_M.email, _CURRENT_ID).where(_M.email.in_(bindparam("emails", expanding=True))), "emails")
_NAMELESS_IDS = select(_CURRENT_ID).where(_M.email.in_((UNATTRIBUTED, REMOVED)))
_CURRENT_EMAIL = (
    select(_CURRENT.c.id, _CURRENT.c.email).select_from(_WITH_CURRENT).where(_M.id == bindparam("of_member"))
)
_EMAILS = select(_M.id, _M.email)
_EMAILS_OF = _EMAILS.where(one_of(_M.id, "members"))
_CURRENT_EMAILS = select(_M.email, _CURRENT.c.email.label("current")).select_from(_WITH_CURRENT)
_IS_ATTRIBUTED = _M.email.not_in((UNATTRIBUTED, REMOVED))
_IS_CURRENT = _M.merged_into.is_(None)
_ATTRIBUTED = select(_M.email).where(_IS_ATTRIBUTED, _IS_CURRENT).order_by(_M.email)
_MEMBER_COUNT = select(func.count()).select_from(member).where(_IS_ATTRIBUTED, _IS_CURRENT)
_MERGED_IDS = select(_M.id).where(_M.merged_into == bindparam("into"))
_MERGED_COUNT = select(func.count()).select_from(member).where(_M.merged_into.is_not(None))


def ensure_members(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """Add the members whose e-mails are unknown; return the ids of all of them by e-mail, after merges.

    The id of an e-mail that was erased is that of the removed member.
    """
    wanted = sorted(set(emails))
    ids = ids_by_email(connection, wanted)
    unknown = [email for email in wanted if email not in ids]
    if not unknown:
        return ids
    removed = _removed_ids(connection, unknown)
    if new := [{"email": email} for email in unknown if email not in removed]:
        connection.execute(_INSERT, new)
    return ids_by_email(connection, wanted) | removed


def _removed_ids(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """Return the id of the removed member for each e-mail that was erased."""
    hashes = hashed_emails(connection, emails)
    ids = ids_by_email(connection, hashes.values())
    return {email: ids[hashed] for email, hashed in hashes.items() if hashed in ids}


def is_removed(connection: Connection, email: str) -> bool:
    """Return whether a stored e-mail was erased."""
    return bool(_removed_ids(connection, [email]))


def refuse_removed(connection: Connection, email: str) -> None:
    """Raise LedgerError if a stored e-mail was erased: nothing about it may be stored again."""
    if is_removed(connection, email):
        raise LedgerError(f"{email} was erased here, so nothing can be stored about them anymore.")


def removed_id(connection: Connection) -> int | None:
    """Return the id of the removed member; None if nobody was ever erased."""
    return ids_by_email(connection, [REMOVED]).get(REMOVED)


def ids_by_email(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """Return the ids of members by e-mail, after merges; unknown e-mails are left out."""
    ids: dict[str, int] = {}
    for some in chunks(emails):
        ids.update(map(tuple, _IDS.execute(connection, some).all()))
    return ids


def member_id(connection: Connection, email: str | None) -> int | None:
    """Return the id of the member with a stored e-mail, after merges; None if there is none."""
    return None if email is None else ids_by_email(connection, [email]).get(email)


def nameless_ids(connection: Connection) -> frozenset[int]:
    """Return the ids that tasks without an e-mail, and those of removed members, are booked to; none before the first.

    If "unattributed" was merged into a person, it is that person's.
    """
    return frozenset(connection.execute(_NAMELESS_IDS).scalars())


def current_email(connection: Connection, member: int) -> tuple[int, str] | None:
    """Return the id and the displayed e-mail of a member after merges; None for an unknown id."""
    row = connection.execute(_CURRENT_EMAIL, {"of_member": member}).first()
    return None if row is None else (row.id, shown_email(row.email))


def emails_by_id(connection: Connection, members: Iterable[int] | None = None) -> dict[int, str]:
    """Return the displayed e-mails of these members, or of all, by id; merges are not followed."""
    if members is None:
        rows = connection.execute(_EMAILS).all()
    else:
        rows = [row for some in chunks(members) for row in connection.execute(_EMAILS_OF, {"members": some}).all()]
    return {key: shown_email(email) for key, email in rows}


def current_emails(connection: Connection) -> dict[str, str]:
    """Return the current e-mail of the member of every e-mail in the ledger."""
    rows = connection.execute(_CURRENT_EMAILS)
    return {row.email: row.current for row in rows if row.email and not row.email.startswith(REMOVED)}


def attributed_emails(connection: Connection) -> list[str]:
    """Return the current e-mail of each member, in order, without the unattributed one."""
    return [row.email for row in connection.execute(_ATTRIBUTED)]


def member_count(connection: Connection) -> int:
    """Return how many members there are, without merged ones and the unattributed one."""
    return int(connection.execute(_MEMBER_COUNT).scalar_one())


def merged_ids(connection: Connection, member: int) -> list[int]:
    """Return the ids of the members that were merged into a member."""
    return [row.id for row in connection.execute(_MERGED_IDS, {"into": member})]


def merged_count(connection: Connection) -> int:
    """Return how many e-mails were merged into another member's."""
    return int(connection.execute(_MERGED_COUNT).scalar_one())


_OTHER = member.alias("other")
_ADDRESSES = (
    select(_OTHER.c.email)
    .select_from(member.join(_OTHER, func.coalesce(_OTHER.c.merged_into, _OTHER.c.id) == _CURRENT_ID))
    .where(_M.id == bindparam("of_member"))
    .order_by(_OTHER.c.merged_into.is_not(None), _OTHER.c.id.desc())
)


def email_addresses(connection: Connection, member: int) -> list[str]:
    """Return every e-mail of a member: the current one first, then those merged into it, latest first."""
    rows = connection.execute(_ADDRESSES, {"of_member": member})
    return [row.email for row in rows if "@" in row.email]


def stored_email(name: str) -> str:
    """Return an e-mail as the ledger stores it; also of the names of members who are no persons."""
    key = normalized_email(name)
    return {UNATTRIBUTED_NAME: UNATTRIBUTED, REMOVED_NAME: REMOVED}.get(key, key)


def shown_email(email: str) -> str:
    """Return a stored e-mail as it is displayed."""
    return REMOVED_NAME if email.startswith(REMOVED) else email or UNATTRIBUTED_NAME


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """A member as listed: id, displayed e-mail, number of tasks and all-time spend in nanos.

    `merged_into` is the e-mail of the member that a merged one belongs to now. `without_cost` of the tasks have no
    known cost.
    """

    id: int
    email: str
    tasks: int
    spend_nanos: int
    merged_into: str | None
    without_cost: int = 0

    @property
    def known_nanos(self) -> int | None:
        """The spend; None if the cost of none of the tasks is known."""
        return self.spend_nanos if has_known_cost(self.tasks, self.without_cost) else None


_TASKS = select(func.count()).select_from(task).where(task.c.member == _M.id)
_SPEND = select(func.sum(charge.c.platform_nanos + charge.c.provider_nanos)).where(charge.c.member == _M.id)
_SUMMARIES = (
    select(
        _M.id,
        _M.email,
        _TASKS.scalar_subquery().label("tasks"),
        cast(func.coalesce(_SPEND.scalar_subquery(), 0), BigInteger).label("spend_nanos"),
        _CURRENT.c.email.label("merged_into"),
    )
    .select_from(member.outerjoin(_CURRENT, _CURRENT.c.id == _M.merged_into))
    .where(_M.email.not_like(f"{REMOVED}:%"))
    .order_by(_M.email)
)
_WITHOUT_COST = select(task.c.member, func.count()).where(has_no_cost(task)).group_by(task.c.member)


def member_summaries(connection: Connection) -> list[MemberSummary]:
    """Return a summary of every member, merged ones too, in order of e-mail; all removed ones are one."""
    without_cost = {row[0]: row[1] for row in connection.execute(_WITHOUT_COST)}
    return [
        MemberSummary(
            key, shown_email(email), tasks, spend, None if into is None else shown_email(into), without_cost.get(key, 0)
        )
        for key, email, tasks, spend, into in connection.execute(_SUMMARIES)
    ]
