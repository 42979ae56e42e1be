"""The store of links: Slack users matched to e-mails by an operator. Every change is recorded with who made it."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.database.errors import LedgerError
from bot.domain.slack_ids import format_mention
from bot.domain.timestamps import to_us
from bot.ledger.members import stored_email

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")  # a plain `@ana` is a name


class LinkError(LedgerError):
    """The link cannot be made; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A change of a Slack user's link: the e-mail before and after (None: no link), and who made it when.

    `by` is the Slack id of an operator, or `terminal`.
    """

    slack_user: str
    before: str | None
    after: str | None
    by: str
    at: datetime


def email_of(reads: Connection, slack_user: str) -> str | None:
    """Return the e-mail a Slack user is linked to; None if to none."""
    row = reads.exec_driver_sql("SELECT email FROM slack_link WHERE slack_user = ?", (slack_user,)).first()
    return row[0] if row else None


def user_of(reads: Connection, email: str) -> str | None:
    """Return the Slack user an e-mail is linked to; None if to nobody."""
    row = reads.exec_driver_sql("SELECT slack_user FROM slack_link WHERE email = ?", (email,)).first()
    return row[0] if row else None


def users_by_email(reads: Connection) -> dict[str, str]:
    """Return every link: the Slack users by e-mail."""
    return dict(reads.exec_driver_sql("SELECT email, slack_user FROM slack_link").all())


def newest_change(reads: Connection) -> int:
    """Return the key of the newest change of a link; 0 if there is none."""
    row = reads.exec_driver_sql("SELECT coalesce(max(id), 0) FROM slack_link_change").first()
    return int(row[0]) if row else 0


def link(connection: Connection, slack_user: str, email: str, by: str, now: datetime) -> str | None:
    """Link a Slack user to an e-mail of the Neo team, in place of a link they had; `by` as in LinkChange.

    Returns:
        The e-mail the user was linked to before.

    Raises:
        LinkError: the e-mail is no address, or linked to somebody else.
    """
    address = stored_email(email)
    if not _EMAIL.fullmatch(address):
        raise LinkError(f"{email} is no e-mail address.")
    owner = user_of(connection, address)
    if owner is not None and owner != slack_user:
        holder = format_mention(owner)
        raise LinkError(f"{address} is linked to {holder} already. Remove that first: `link {holder} remove`.")
    before = email_of(connection, slack_user)
    if before != address:
        _apply(connection, LinkChange(slack_user, before, address, by, now))
    return before


def unlink(connection: Connection, slack_user: str, by: str, now: datetime) -> str | None:
    """Delete a Slack user's link, and return the e-mail it was to; None if there was none."""
    before = email_of(connection, slack_user)
    if before is not None:
        _apply(connection, LinkChange(slack_user, before, None, by, now))
    return before


_RECORD = """
INSERT INTO slack_link_change (changed_at, changed_by, slack_user, email_before, email_after) VALUES (?,?,?,?,?)
"""


def _apply(connection: Connection, change: LinkChange) -> None:
    """Change the link, and record the change."""
    connection.exec_driver_sql("DELETE FROM slack_link WHERE slack_user = ?", (change.slack_user,))
    if change.after is not None:
        values = (change.slack_user, change.after)
        connection.exec_driver_sql("INSERT INTO slack_link (slack_user, email) VALUES (?,?)", values)
    connection.exec_driver_sql(_RECORD, (to_us(change.at), change.by, change.slack_user, change.before, change.after))
