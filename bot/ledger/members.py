"""Members: the people that the e-mails of the upstream belong to."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.domain.tasks import normalized_email

UNATTRIBUTED = ""  # the e-mail of rows that carry none
UNATTRIBUTED_NAME = "unattributed"


def ensure_members(connection: Connection, emails: Iterable[str]) -> dict[str, int]:
    """Add the members whose e-mails are unknown; return the ids of all of them by e-mail, after merges."""
    wanted = sorted(set(emails))
    ids = ids_by_email(connection, wanted)
    unknown = [(email,) for email in wanted if email not in ids]
    if not unknown:
        return ids
    connection.exec_driver_sql("INSERT INTO member (email) VALUES (?)", unknown)
    return ids_by_email(connection, wanted)


_IDS = """
SELECT m.email, coalesce(m.merged_into, m.id) FROM json_each(?) j CROSS JOIN member m ON m.email = j.value"""


def ids_by_email(reads: Connection, emails: Iterable[str]) -> dict[str, int]:
    """Return the ids of members by e-mail, after merges; unknown e-mails are left out."""
    return dict(reads.exec_driver_sql(_IDS, (json.dumps(list(emails)),)).all())


def member_id(reads: Connection, email: str | None) -> int | None:
    """Return the id of the member with a stored e-mail, after merges; None if there is none."""
    return None if email is None else ids_by_email(reads, [email]).get(email)


def unattributed_id(reads: Connection) -> int | None:
    """Return the id of the member that tasks without an e-mail are booked to; None before the first such task."""
    return member_id(reads, "")


def current_email(reads: Connection, member: int) -> tuple[int, str] | None:
    """Return the id and the displayed e-mail of a member after merges; None for an unknown id."""
    sql = "SELECT n.id, n.email FROM member m JOIN member n ON n.id = coalesce(m.merged_into, m.id) WHERE m.id = ?"
    return next(((key, shown_email(email)) for key, email in reads.exec_driver_sql(sql, (member,)).all()), None)


def emails_by_id(reads: Connection, members: Iterable[int] | None = None) -> dict[int, str]:
    """Return the displayed e-mails of these members, or of all, by id; merges are not followed."""
    if members is None:
        return {key: shown_email(email) for key, email in reads.exec_driver_sql("SELECT id, email FROM member").all()}
    sql = "SELECT m.id, m.email FROM json_each(?) j CROSS JOIN member m ON m.id = j.value"
    return {key: shown_email(email) for key, email in reads.exec_driver_sql(sql, (json.dumps(list(members)),)).all()}


def current_emails(reads: Connection) -> dict[str, str]:
    """Return the current e-mail of the member of every e-mail in the ledger."""
    sql = "SELECT m.email, n.email FROM member m JOIN member n ON n.id = coalesce(m.merged_into, m.id)"
    return {email: now for email, now in reads.exec_driver_sql(sql).all() if email}


def attributed_emails(reads: Connection) -> list[str]:
    """Return the current e-mail of each member, in order, without the unattributed one."""
    sql = "SELECT email FROM member WHERE email <> '' AND merged_into IS NULL ORDER BY email"
    return [email for (email,) in reads.exec_driver_sql(sql).all()]


def member_count(reads: Connection) -> int:
    """Return how many members there are, without merged ones and the unattributed one."""
    return int(
        reads.exec_driver_sql("SELECT count(*) FROM member WHERE merged_into IS NULL AND email <> ''").all()[0][0]
    )


def merged_ids(reads: Connection, member: int) -> list[int]:
    """Return the ids of the members that were merged into a member."""
    return [key for (key,) in reads.exec_driver_sql("SELECT id FROM member WHERE merged_into = ?", (member,)).all()]


def merged_count(reads: Connection) -> int:
    """Return how many e-mails were merged into another member's."""
    return int(reads.exec_driver_sql("SELECT count(*) FROM member WHERE merged_into IS NOT NULL").all()[0][0])


_ADDRESSES = """
SELECT e.email FROM member m JOIN member e ON coalesce(e.merged_into, e.id) = coalesce(m.merged_into, m.id)
WHERE m.id = ? ORDER BY e.merged_into IS NOT NULL, e.id DESC
"""


def email_addresses(reads: Connection, member: int) -> list[str]:
    """Return every e-mail of a member: the current one first, then those merged into it, latest first."""
    return [email for (email,) in reads.exec_driver_sql(_ADDRESSES, (member,)).all() if "@" in email]


def stored_email(name: str) -> str:
    """Return an e-mail as the ledger stores it; "unattributed" is stored as the empty one."""
    key = normalized_email(name)
    return "" if key == UNATTRIBUTED_NAME else key


def shown_email(email: str) -> str:
    """Return a stored e-mail as it is displayed."""
    return email or UNATTRIBUTED_NAME


@dataclass(frozen=True, slots=True)
class MemberSummary:
    """A member as listed: id, displayed e-mail, number of tasks and all-time spend in nanos.

    `merged_into` is the e-mail of the member that a merged one belongs to now.
    """

    id: int
    email: str
    tasks: int
    spend_nanos: int
    merged_into: str | None


_SUMMARIES = """
SELECT m.id, m.email, (SELECT count(*) FROM task t WHERE t.member = m.id),
       coalesce((SELECT sum(c.platform_nanos + c.provider_nanos) FROM charge c WHERE c.member = m.id), 0), n.email
FROM member m LEFT JOIN member n ON n.id = m.merged_into ORDER BY m.email
"""


def member_summaries(reads: Connection) -> list[MemberSummary]:
    """Return a summary of every member, merged ones too, in order of e-mail."""
    return [
        MemberSummary(key, shown_email(email), tasks, spend, None if into is None else shown_email(into))
        for key, email, tasks, spend, into in reads.exec_driver_sql(_SUMMARIES).all()
    ]
