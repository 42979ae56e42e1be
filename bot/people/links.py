"""Links: the store of Slack users matched to e-mails by an operator; every change is kept with who made it."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from bot.database.errors import LedgerError
from bot.database.reader import Reader
from bot.domain.timestamps import to_us
from bot.ledger.members import stored_email

if TYPE_CHECKING:
    from sqlalchemy import Connection


_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")  # a plain `@ana` is a name


class LinkError(LedgerError):
    """The link cannot be made; the message says why and what to do."""


def email_of(reader: Reader, slack_user: str) -> str | None:
    """The e-mail a Slack user is linked to."""
    row = reader.one("SELECT email FROM slack_link WHERE slack_user = :user", {"user": slack_user})
    return row[0] if row else None


def user_of(reader: Reader, email: str) -> str | None:
    """The Slack user an e-mail is linked to."""
    row = reader.one("SELECT slack_user FROM slack_link WHERE email = :email", {"email": email})
    return row[0] if row else None


def users_by_email(reader: Reader) -> dict[str, str]:
    """Every link: the Slack user by e-mail."""
    return dict(reader.rows("SELECT email, slack_user FROM slack_link"))


def link(connection: "Connection", slack_user: str, email: str, by: str, now: datetime) -> str | None:
    """Match a Slack user to an e-mail, in place of any before.

    Args:
        connection: a transaction of the ledger's.
        slack_user: their Slack id.
        email: of the Neo team.
        by: the Slack id of the operator, or `terminal`.
        now: the moment.

    Returns:
        The e-mail they were linked to before.

    Raises:
        LinkError: the e-mail is no address, or somebody else's already.
    """
    wanted = stored_email(email)
    if not _EMAIL.fullmatch(wanted):
        raise LinkError(f"{email} is no e-mail address.")
    row = connection.exec_driver_sql("SELECT slack_user FROM slack_link WHERE email = ?", (wanted,)).first()
    if row and row[0] != slack_user:
        raise LinkError(f"{wanted} is linked to <@{row[0]}> already. Remove that first: `link <@{row[0]}> remove`.")
    before = _email(connection, slack_user)
    if before != wanted:
        _change(connection, slack_user, before, wanted, by, now)
    return before


def unlink(connection: "Connection", slack_user: str, by: str, now: datetime) -> str | None:
    """Forget a Slack user's link; returns the e-mail it was to."""
    before = _email(connection, slack_user)
    if before is not None:
        _change(connection, slack_user, before, None, by, now)
    return before


def _email(connection: "Connection", slack_user: str) -> str | None:
    row = connection.exec_driver_sql("SELECT email FROM slack_link WHERE slack_user = ?", (slack_user,)).first()
    return row[0] if row else None


def _change(  # noqa: PLR0917 - what an audit has to hold
    connection: "Connection", slack_user: str, before: str | None, after: str | None, by: str, now: datetime
) -> None:
    connection.exec_driver_sql("DELETE FROM slack_link WHERE slack_user = ?", (slack_user,))
    if after is not None:
        connection.exec_driver_sql("INSERT INTO slack_link (slack_user, email) VALUES (?,?)", (slack_user, after))
    connection.exec_driver_sql(
        "INSERT INTO slack_link_change (changed_at, changed_by, slack_user, email_before, email_after)"
        " VALUES (?,?,?,?,?)",
        (to_us(now), by, slack_user, before, after),
    )
