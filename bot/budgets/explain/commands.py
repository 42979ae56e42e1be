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
from bot.database.engine import Database
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.tokens import clean, split
from bot.ledger.members import member_id
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft
from bot.slack.mrkdwn import escape
from bot.slack.requests import Request


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
        named = await self._name(request, caller)
        explanations = await self._explanations(named, caller)
        whose, zone = await self._called(explanations[0].whose), self.policy.zone
        heading = f"*{escape(whose)}: alerts sent, and why others weren't*"
        draft = Draft(heading)
        draft.add(blocks.section(heading))
        for each in explanations:
            first, *rest = sentences(each, zone, self.clock())
            draft.add(blocks.section("\n".join([_mrkdwn(first), *map(_item, rest)])))
        draft.add(blocks.context(f"Times are in {zone.key}."))
        await request.responder.respond(draft.message())

    async def _called(self, whose: str) -> str:
        """Return what a message calls the team or a member, by their e-mail."""
        if whose == "team":
            return "The team"
        return await self.names.display_name(whose)

    async def _explanations(self, named: str | None, caller: Caller) -> list[Explanation]:
        now = self.clock()
        if named is not None:
            return await self.database.read(lambda connection: explain_name(connection, named, self.policy, now))
        if caller.member is None:
            raise self.people.unmatched_error()
        explanations = await self.database.read(
            lambda connection: _explain_member(connection, caller.member, self.policy, now)
        )
        if explanations is None:
            raise RefusedError(
                "I can't find any of your tasks in Neo, so no budget counts yet. If you use another e-mail there, ask"
                f" {self.people.whom_to_ask()} to link you to it."
            )
        return explanations

    async def _name(self, request: Request, caller: Caller) -> str | None:
        """Return whom the command names, None for the caller.

        Only an operator may name anybody else, and names are looked up for operators only.
        """
        names = [word.values[0] for word in split(clean(request.text))[1:]]
        if len(names) > 1:
            raise RefusedError("I can explain one at a time. Type `explain`, `explain @ana` or `explain team`.")
        if not names:
            return None
        name = names[0]
        if caller.role is not Role.OPERATOR:
            await self.names.check_own(name, request, caller)
            return None
        return await self.names.email(name) or name


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
        raise RefusedError("The default applies to each member. Type `explain @ana` to see what it meant for someone.")
    return _explain_subject(connection, subject, policy, now)


def _explain_member(
    connection: Connection, email: str | None, policy: BudgetPolicy, now: datetime
) -> list[Explanation] | None:
    """Explain the budgets of a member; None if nobody in the ledger has that e-mail."""
    subject = member_id(connection, email)
    return None if subject is None else _explain_subject(connection, subject, policy, now)


def _explain_subject(connection: Connection, subject: int, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    return explain(connection, subject, email_of(connection, subject) or "team", policy, now)
