"""Access: whose spend a caller may see. The bot holds an admin's key, so it must decide this itself."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.query.question import Field, Question


class Role(StrEnum):
    """What somebody may do."""

    OPERATOR = "operator"  # named in ADMINS: sees all
    MEMBER = "member"  # sees their own spend only
    NOBODY = "nobody"  # guests, bots, deleted, external and unmatched users: sees nothing


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever asks; `member` is the e-mail they are matched to, if any."""

    role: Role
    member: str | None = None


# the person at the terminal holds the key and the database already
AT_THE_TERMINAL = Caller(Role.OPERATOR)


OWN_SPEND_ONLY = "Only operators can see other people's spend. To see yours, ask without names, `team` or `by:member`."


class RefusedError(Exception):
    """The caller does not get what they asked for; the message tells them why."""


class UnmatchedError(RefusedError):
    """The caller cannot be matched to a member of the Neo team; `whom` can link them to one."""

    def __init__(self, whom: str = "an operator") -> None:
        super().__init__(f"I can't find you in Neo. Ask {whom} to `link` you.")


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose spend an answer may contain: these members', or (None) everybody's."""

    members: tuple[str, ...] | None


def grant(question: Question, caller: Caller, named: tuple[str, ...] = (), own: Collection[str] = ()) -> Grant:
    """Return whose spend the answer to a question may contain.

    Args:
        question: what is asked.
        caller: who asks.
        named: the e-mails of `question.people`.
        own: e-mails of the caller other than the one they are matched to.

    Raises:
        RefusedError: the question asks for more than the caller may see.
    """
    if caller.role is Role.OPERATOR:
        return _operator_grant(question, caller, named)
    if caller.role is Role.NOBODY or caller.member is None:
        raise UnmatchedError
    others = {*named, *question.included_values(Field.EMAIL)} - {caller.member, *own}
    if others or question.team or "member" in question.by:
        raise RefusedError(OWN_SPEND_ONLY)
    return Grant((caller.member,))


def _operator_grant(question: Question, caller: Caller, named: tuple[str, ...]) -> Grant:
    if named:
        return Grant(named)
    # an operator who names a task may mean anybody's
    if question.asks_for_others or question.included_values(Field.TASK) or caller.member is None:
        return Grant(None)
    return Grant((caller.member,))


def question_for_team(question: Question, caller: Caller, members: Collection[str] | None) -> Question | None:
    """Return the same question for the whole team, if an operator who named nobody is answered about themselves.

    `members` are those whose spend the answer contains. Returns None for everybody else and every other answer.
    """
    is_operator = caller.role is Role.OPERATOR and caller.member is not None
    if not is_operator or members is None or set(members) != {caller.member} or question.asks_for_others:
        return None
    return replace(question, team=True)
