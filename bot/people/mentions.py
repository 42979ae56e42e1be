"""Mentions: whom the people named in a question are, for those who may name them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bot.database.reader import Reader, plain_rows
from bot.domain.access import ONLY_ONES_OWN, Caller, Grant, RefusedError, Role, grant
from bot.domain.query.question import Field, Question
from bot.ledger.scope import Scope

if TYPE_CHECKING:
    from bot.database.reader import Reads

Mentioned = Mapping[str, str]
"""The e-mails of Slack users by mention (`<@U1>`)."""


def resolve_access(
    reader: Reader, scope: Scope, question: Question, caller: Caller, mentioned: Mentioned | None
) -> Grant:
    """Whose spend a question may be answered from; raises RefusedError if it asks for more than the caller may see."""
    meant = mentioned_members(reader, question.people, caller, mentioned)
    return grant(question, caller, meant, scope.emails(reader) if question.included(Field.EMAIL) else ())


def mentioned_members(
    reader: Reader, people: Sequence[str], caller: Caller, mentioned: Mentioned | None
) -> tuple[str, ...]:
    """The e-mails of those named: `<@U1>` by who it is in Slack, `@ana` as the only member whose address begins so."""
    if not people:
        return ()
    if caller.role is Role.OPERATOR:
        return tuple(_one_named(name, _everybody(reader), mentioned) for name in people)
    # others may name themselves, and must not learn from an error who else there is
    own = (
        dict.fromkeys((caller.member, *Scope.of(reader, caller).emails(reader)), caller.member) if caller.member else {}
    )
    try:
        return tuple(_one_named(name, own, mentioned) for name in people)
    except RefusedError:
        raise RefusedError(ONLY_ONES_OWN) from None


def email_of_name(reads: "Reads", name: str) -> str:
    """The e-mail of the only member whose address begins with a name (`@ana`), for those who may name anybody.

    Raises:
        RefusedError: it is nobody's, or several members'.
    """
    return _one_called(name.lower(), _everybody(reads))


def _everybody(reads: "Reads") -> dict[str, str]:
    """Whom each e-mail belongs to: who was joined counts as the one they are now."""
    rows = plain_rows(
        reads, "SELECT m.email, n.email FROM member m JOIN member n ON n.id = coalesce(m.merged_into, m.id)"
    )
    return {email: now for email, now in rows if email}


def _one_named(name: str, emails: Mapping[str, str], mentioned: Mentioned | None) -> str:
    return _one_mentioned(name, mentioned) if name.startswith("<") else _one_called(name, emails)


def _one_called(name: str, emails: Mapping[str, str]) -> str:
    wanted = name.removeprefix("@")
    found = {now for email, now in emails.items() if email == wanted or email.split("@")[0] == wanted}
    if not found:
        found = {now for email, now in emails.items() if email.split("@")[0].split(".")[0] == wanted}
    if len(found) != 1:
        what = "nobody in the ledger is" if not found else f"{len(found)} members are"
        raise RefusedError(f"{what} called {name}. Type the whole e-mail, or pick somebody from Slack's list.")
    return found.pop()


def _one_mentioned(name: str, mentioned: Mentioned | None) -> str:
    if mentioned is None:
        raise RefusedError(f"{name} is a Slack mention; in a terminal use `email:ana@acme.dev` or `@ana`.")
    if name not in mentioned:
        raise RefusedError(f"I cannot match {name} to a member of the Neo team. `link {name} ana@acme.dev` tells me.")
    return mentioned[name]
