"""Naming: whom the people named in a question are, for those who may name them."""

from collections.abc import Mapping, Sequence

from bot.domain.access import ONLY_ONES_OWN, Caller, RefusedError, Role
from bot.ledger.reading import Reader

Mentioned = Mapping[str, str]
"""The e-mails of Slack users by mention (`<@U1>`)."""


def named(reader: Reader, people: Sequence[str], caller: Caller, mentioned: Mentioned | None) -> tuple[str, ...]:
    """The e-mails of those named: `<@U1>` by who it is in Slack, `@ana` as the only member whose address begins so."""
    if not people:
        return ()
    if caller.role is Role.OPERATOR:
        emails = [row[0] for row in reader.rows("SELECT email FROM member WHERE email <> ''")]
        return tuple(_one_named(name, emails, mentioned) for name in people)
    # others may name themselves, and must not learn from an error who else there is
    try:
        return tuple(_one_named(name, list(filter(None, [caller.member])), mentioned) for name in people)
    except RefusedError:
        raise RefusedError(ONLY_ONES_OWN) from None


def _one_named(name: str, emails: Sequence[str], mentioned: Mentioned | None) -> str:
    if name.startswith("<"):
        return _one_mentioned(name, mentioned)
    return called(name, emails)


def called(name: str, emails: Sequence[str]) -> str:
    """The only one of these e-mails that a plain `@ana` can mean: whose part before the @ is that, or begins so.

    Raises:
        RefusedError: it is none of them, or several.
    """
    wanted = name.removeprefix("@").lower()
    found = [email for email in emails if email == wanted or email.split("@")[0] == wanted]
    if not found:
        found = [email for email in emails if email.split("@")[0].split(".")[0] == wanted]
    if len(found) != 1:
        what = "nobody in the ledger is" if not found else f"{len(found)} members are"
        raise RefusedError(
            f"{what} called {name}. Pick the person from Slack's list, or type the e-mail; `neo-usage member list`"
            " shows them."
        )
    return found[0]


def _one_mentioned(name: str, mentioned: Mentioned | None) -> str:
    if mentioned is None:
        raise RefusedError(f"{name} is a Slack mention; in a terminal use `email:ana@acme.dev` or `@ana`.")
    if name not in mentioned:
        raise RefusedError(f"I cannot match {name} to a member of the Neo team. `link {name} ana@acme.dev` tells me.")
    return mentioned[name]
