"""The names of scopes: whose budget `default`, `team`, an e-mail or a short name means, and the e-mail of a scope."""

from collections.abc import Callable
from difflib import get_close_matches

from sqlalchemy import Connection

from bot.budgets.rules import DEFAULT, TEAM
from bot.domain.access import RefusedError
from bot.domain.query.question import quote
from bot.domain.text import without_owner
from bot.ledger.members import UNATTRIBUTED_NAME, attributed_emails, emails_by_id, member_id, stored_email
from bot.ledger.names import EmailsByName, LedgerNames, no_names
from bot.ledger.scope import EVERYTHING
from bot.people import mentions

SCOPES = {"team", "default"}
_SHORTEST_OWNER = 4  # letters of a name with the s of a possessive


def scope_of(connection: Connection, name: str) -> int:
    """Return the scope of a name. Errors reveal who is in the ledger: call it only for those who may name anybody.

    Raises:
        RefusedError: nobody of that e-mail or name is in the ledger.
    """
    name = full_name(connection, name)
    if name.lower() in SCOPES:
        return DEFAULT if name.lower() == "default" else TEAM
    email = stored_email(name)
    member = member_id(connection, email) if email else None
    if member is not None:
        return member
    if any(meaning.startswith("model:") for meaning in LedgerNames(connection, EVERYTHING).meanings(name.lower())):
        instead = f"`budget team 500/month model:{quote(name)}`"
        raise RefusedError(f"`{name}` is a model, not a person. To limit what the team spends on it, type {instead}.")
    close = get_close_matches(email, [*attributed_emails(connection), "team", "default"], n=1, cutoff=0.7)
    meant = f"Did you mean `{close[0]}`?" if close else "Type their e-mail, `team`, or `default` for everyone."
    raise RefusedError(f"I can't find `{name}` in Neo. {meant}")


def full_name(connection: Connection, name: str) -> str:
    """Return the e-mail of a name such as `@ana`, `ana's` or `ana silva`, and any other name as it is.

    Raises RefusedError if several people are called so, or nobody is called `@ana`.
    """
    name = without_owner(name)
    if name.startswith("@"):
        return mentions.email_of_name(connection, name)
    return email_called(connection, name) or name


def email_called(
    connection: Connection, name: str, in_slack: Callable[[Connection], EmailsByName] = no_names
) -> str | None:
    """Return the e-mail of the only person with a name such as `ana`, or `anas`; None if it is no name, or nobody's.

    Raises RefusedError if several people are called so.
    """
    if name.lower() in SCOPES:
        return None
    found = mentions.email_called(connection, name, in_slack)
    if found is not None or not name.endswith("s") or len(name) < _SHORTEST_OWNER:
        return found
    return mentions.email_called(connection, name.removesuffix("s"), in_slack)


def email_of(connection: Connection, subject: int) -> str | None:
    """Return whose budget it is, as people read it; None for the team and the default."""
    if subject in {TEAM, DEFAULT}:
        return None
    return emails_by_id(connection, [subject]).get(subject, UNATTRIBUTED_NAME)
