"""Access: whose spend a caller may see. The bot holds an admin's key, so it must decide this itself."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.query.question import Field, Question


class Role(StrEnum):
    """What somebody is to the bot."""

    OPERATOR = "operator"  # named in ADMINS: sees all
    MEMBER = "member"  # sees their own spend only
    NOBODY = "nobody"  # guests, bots, deleted, external and unmatched users: sees nothing


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `member` is the e-mail they were matched to, if any."""

    role: Role
    member: str | None = None


# the person at the terminal holds the key and the database already
AT_THE_TERMINAL = Caller(Role.OPERATOR)


ONLY_ONES_OWN = "Only operators see other people's spend. Leave the scope out to see yours."


class RefusedError(Exception):
    """The caller may not have what was asked; the message is for them."""


class UnmatchedError(RefusedError):
    """The caller is no member of the Neo team as far as the bot knows; `whom` can link them to one."""

    def __init__(self, whom: str = "an operator") -> None:
        super().__init__(f"I cannot match you to a member of the Neo team. Ask {whom} to `link` you.")


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose spend the answer may hold: these members, or (None) everybody."""

    members: tuple[str, ...] | None


def grant(question: Question, caller: Caller, named: tuple[str, ...] = (), own: Collection[str] = ()) -> Grant:
    """Decide whose spend a question may be answered from.

    Args:
        question: what is asked.
        caller: who asks.
        named: the e-mails that `question.people` turned out to be.
        own: the e-mails that are the caller's beside the one they were matched to.

    Raises:
        RefusedError: it asks for more than the caller may see.
    """
    if caller.role is Role.OPERATOR:
        return _of_operator(question, caller, named)
    if caller.role is Role.NOBODY or caller.member is None:
        raise UnmatchedError
    others = {*named, *question.included(Field.EMAIL)} - {caller.member, *own}
    if others or question.team or "member" in question.by:
        raise RefusedError(ONLY_ONES_OWN)
    return Grant((caller.member,))


def _of_operator(question: Question, caller: Caller, named: tuple[str, ...]) -> Grant:
    if named:
        return Grant(named)
    # whoever may see all and names a task means that task, whosever it is
    if question.asks_for_others or question.included(Field.TASK) or caller.member is None:
        return Grant(None)
    return Grant((caller.member,))
