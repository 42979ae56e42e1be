"""The command `explain`: why alerts were or were not sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets.explain.facts import Explanation, explain
from bot.budgets.explain.text import Sentence, sentences
from bot.budgets.named_subjects import NamedSubjects
from bot.budgets.policy import BudgetPolicy
from bot.budgets.rules import DEFAULT
from bot.budgets.scopes import email_of, scope_of
from bot.budgets.whose import EVERYONE, ME, named
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.tokens import clean, split
from bot.ledger.members import member_id
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import escape
from bot.slack.requests import Request

_DEFAULT = "The default applies to each member. Type `explain @ana` to see what it meant for someone."


@dataclass(frozen=True, slots=True)
class ExplainCommand:
    """The command `explain` in Slack; `clock` gives aware times."""

    database: Database
    people: People
    names: NamedSubjects
    policy: BudgetPolicy
    clock: Callable[[], datetime]

    async def explain(self, request: Request, caller: Caller) -> None:
        """Explain the caller's own budgets or, for an operator, anybody's."""
        subject, now, policy = await self._subject(request, caller), self.clock(), self.policy
        explanations = await self.database.read(lambda connection: _explain_subject(connection, subject, policy, now))
        whose, zone = await self._called(explanations[0].whose), policy.zone
        heading = f"*{escape(whose)}: alerts sent, and why others weren't*"
        draft = Draft(heading)
        draft.add(blocks.section(heading))
        for each in explanations:
            first, *rest = sentences(each, zone, now)
            draft.add(blocks.section("\n".join([_mrkdwn(first), *map(_item, rest)])))
        draft.add(blocks.context(f"Times are in {zone.key}."))
        await request.responder.respond(draft.message())

    async def _called(self, whose: str) -> str:
        """Return what a message calls the team or a member, by their e-mail."""
        if whose == "team":
            return "The team"
        return await self.names.display_name(whose)

    async def _subject(self, request: Request, caller: Caller) -> int:
        """Return whose budgets are to be explained: the caller's, or those of whoever an operator names.

        Only an operator may name anybody else, and names are looked up for operators only.
        """
        names = named([word.values[0] for word in split(clean(request.text))[1:]])
        if caller.role is not Role.OPERATOR and names not in ([], [ME]):
            await self.names.check_own(" ".join(names), request, caller)
        if len(names) > 1 or names == [EVERYONE]:
            raise RefusedError("I can explain one at a time. Type `explain`, `explain @ana` or `explain team`.")
        is_other = caller.role is Role.OPERATOR and names not in ([], [ME])
        return await self.names.subject(names[0], _DEFAULT) if is_other else await self._own(caller)

    async def _own(self, caller: Caller) -> int:
        if caller.member is None:
            raise self.people.unmatched_error()
        member = await self.database.read(lambda connection: member_id(connection, caller.member))
        if member is None:
            raise RefusedError(
                "I can't find any of your tasks in Neo, so no budget counts yet. If you use another e-mail there, ask"
                f" {self.people.whom_to_ask()} to link you to it."
            )
        return member


def _item(sentence: Sentence) -> str:
    mark = "\u2003◦" if sentence.within else "•"  # Slack's text has no lists
    return f"{mark} {_mrkdwn(sentence)}"


def _mrkdwn(sentence: Sentence) -> str:
    """Return a sentence as mrkdwn in which nothing is a link but the address, which this program made."""
    return escape(sentence.text) + (f" <{sentence.address}|see it>" if sentence.address else "")


def explain_name(connection: Connection, name: str, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    """Explain the budgets of `team` or of an e-mail.

    Raises:
        RefusedError: there is no such member.
    """
    subject = scope_of(connection, name)
    if subject == DEFAULT:
        raise RefusedError(_DEFAULT)
    return _explain_subject(connection, subject, policy, now)


def _explain_subject(connection: Connection, subject: int, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    return explain(connection, subject, email_of(connection, subject) or "team", policy, now)
