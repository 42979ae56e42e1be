"""The store of links: Slack users matched to e-mails by an operator. Every change is recorded with who made it."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from bot.database.errors import LedgerError
from bot.domain.timestamps import to_us
from bot.ledger.members import is_removed, stored_email
from bot.people.tables import slack_link, slack_link_change

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")  # a plain `@ana` is a name


class LinkError(LedgerError):
    """The link cannot be made; the message says why and what to do."""


class LinkedElsewhereError(LinkError):
    """The e-mail is linked to another Slack user, the `holder`; the message says so as a terminal shows it."""

    def __init__(self, email: str, holder: str) -> None:
        remedy = f"Remove that link first: `neo-usage member link remove {holder}`."
        super().__init__(f"{email} is already linked to the Slack user {holder}. {remedy}")
        self.email, self.holder = email, holder


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


_OF_USER = slack_link.c.slack_user == bindparam("linked_user")
_EMAIL_OF_USER = select(slack_link.c.email).where(_OF_USER)
_USER_OF_EMAIL = select(slack_link.c.slack_user).where(slack_link.c.email == bindparam("email"))
_LINKS = select(slack_link.c.email, slack_link.c.slack_user)
_NEWEST_CHANGE = select(func.coalesce(func.max(slack_link_change.c.id), 0))


def email_of(connection: Connection, slack_user: str) -> str | None:
    """Return the e-mail a Slack user is linked to; None if to none."""
    email: str | None = connection.execute(_EMAIL_OF_USER, {"linked_user": slack_user}).scalar()
    return email


def user_of(connection: Connection, email: str) -> str | None:
    """Return the Slack user an e-mail is linked to; None if to nobody."""
    user: str | None = connection.execute(_USER_OF_EMAIL, {"email": email}).scalar()
    return user


def users_by_email(connection: Connection) -> dict[str, str]:
    """Return every link: the Slack users by e-mail."""
    return {row.email: row.slack_user for row in connection.execute(_LINKS)}


def newest_change(connection: Connection) -> int:
    """Return the key of the newest change of a link; 0 if there is none."""
    return int(connection.execute(_NEWEST_CHANGE).scalar_one())


def link(connection: Connection, slack_user: str, email: str, by: str, now: datetime) -> str | None:
    """Link a Slack user to an e-mail of the Neo team, in place of a link they had; `by` as in LinkChange.

    Returns:
        The e-mail the user was linked to before.

    Raises:
        LinkedElsewhereError: the e-mail is linked to somebody else.
        LinkError: the e-mail is no address, or was erased.
    """
    address = stored_email(email)
    if not _EMAIL.fullmatch(address):
        raise LinkError(f"`{email}` isn't an e-mail address.")
    if is_removed(connection, address):
        raise LinkError(f"{address} was erased here, so nothing can be stored about them anymore.")
    owner = user_of(connection, address)
    if owner is not None and owner != slack_user:
        raise LinkedElsewhereError(address, owner)
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


_DELETE = delete(slack_link).where(_OF_USER)
_INSERT = insert(slack_link)
_RECORD = insert(slack_link_change)


def _apply(connection: Connection, change: LinkChange) -> None:
    """Change the link, and record the change."""
    connection.execute(_DELETE, {"linked_user": change.slack_user})
    if change.after is not None:
        connection.execute(_INSERT, {"slack_user": change.slack_user, "email": change.after})
    recorded = {
        "changed_at": to_us(change.at),
        "changed_by": change.by,
        "slack_user": change.slack_user,
        "email_before": change.before,
        "email_after": change.after,
    }
    connection.execute(_RECORD, recorded)
