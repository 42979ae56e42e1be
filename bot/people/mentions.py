"""Mentions: the e-mails of the people that a question names, within what its caller may see."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from bot.domain.access import OWN_SPEND_ONLY, Caller, Grant, RefusedError, Role, grant
from bot.domain.query.question import Field, Question
from bot.domain.slack_ids import is_mention
from bot.ledger.members import current_emails, member_id, stored_email
from bot.ledger.names import EmailsByName, LedgerNames, no_names
from bot.ledger.scope import EVERYTHING, Scope

EmailsByMention = Mapping[str, str]
"""The e-mails of Slack users by mention (`<@U1>`)."""


class SeveralPeopleError(RefusedError):
    """Several people are called by one name: those with these `emails`; `why` says so in a sentence."""

    def __init__(self, name: str, emails: Sequence[str]) -> None:
        self.why, self.emails = f"{len(emails)} people are called {name}.", tuple(emails)
        super().__init__(f"{self.why} Type {' or '.join(f'`{each}`' for each in emails)} instead.")


def resolve_access(
    connection: Connection, scope: Scope, question: Question, caller: Caller, mentioned: EmailsByMention | None
) -> Grant:
    """Return whose spend a question may be answered from. Raises RefusedError if the caller may not see all of it."""
    named = mentioned_members(connection, question.people, caller, mentioned)
    return grant(question, caller, named, scope.emails(connection) if question.included_values(Field.EMAIL) else ())


def mentioned_members(
    connection: Connection, people: Sequence[str], caller: Caller, mentioned: EmailsByMention | None
) -> tuple[str, ...]:
    """Return the e-mails of the people named: `<@U1>` by the Slack user, `@ana` by the only address that begins so.

    Raises:
        RefusedError: a name is nobody's or several members', or not the caller's own and they are no operator.
    """
    if not people:
        return ()
    if caller.role is Role.OPERATOR:
        return tuple(_one_named(name, current_emails(connection), mentioned) for name in people)
    # members may name themselves; errors must not tell them who else there is
    own = (
        dict.fromkeys((caller.member, *Scope.of(connection, caller).emails(connection)), caller.member)
        if caller.member
        else {}
    )
    try:
        return tuple(_one_named(name, own, mentioned) for name in people)
    except RefusedError:
        raise RefusedError(OWN_SPEND_ONLY) from None


def email_of_name(connection: Connection, name: str) -> str:
    """Return the e-mail of the only member whose address begins with a name (`@ana`), whoever it is.

    Raises:
        RefusedError: it is nobody's, or several members'.
    """
    return _one_called(name.lower(), current_emails(connection))


def email_called(
    connection: Connection, name: str, in_slack: Callable[[Connection], EmailsByName] = no_names
) -> str | None:
    """Return the e-mail of the only person with a name such as `ana` or `ana silva`; None if it is nobody's.

    What has an @, or is itself what a member is known by, is no name. Whose names those are is for operators alone.

    Raises:
        SeveralPeopleError: several people are called so.
    """
    if "@" in name or member_id(connection, stored_email(name)) is not None:
        return None
    found = LedgerNames(connection, EVERYTHING, in_slack).emails_called(name.lower())
    if len(found) > 1:
        raise SeveralPeopleError(name, found)
    return found[0] if found else None


def _one_named(name: str, emails: Mapping[str, str], mentioned: EmailsByMention | None) -> str:
    return _one_mentioned(name, mentioned) if is_mention(name) else _one_called(name, emails)


def _one_called(name: str, emails: Mapping[str, str]) -> str:
    address = name.removeprefix("@")
    matches = {now for email, now in emails.items() if email == address or email.split("@")[0] == address}
    if not matches:
        matches = {now for email, now in emails.items() if email.split("@")[0].split(".")[0] == address}
    if not matches:
        raise RefusedError(f"I can't find {name} in Neo. Type the whole e-mail, or pick somebody from Slack's list.")
    if len(matches) > 1:
        raise SeveralPeopleError(name, sorted(matches))
    return matches.pop()


def _one_mentioned(name: str, mentioned: EmailsByMention | None) -> str:
    if mentioned is None:
        raise RefusedError(f"{name} is a Slack mention; in a terminal use `email:ana@acme.dev` or `@ana`.")
    if name not in mentioned:
        raise RefusedError(f"I don't know who {name} is in Neo. An operator can type `link {name} ana@acme.dev`.")
    return mentioned[name]
