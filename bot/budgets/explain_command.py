"""The command `explain`: why alerts were sent, or were not, to whom it may be told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.changes import scope_of
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.explain import Explanation, Sentence, explain, sentences
from bot.budgets.facts import email_of
from bot.budgets.rules import DEFAULT, TEAM
from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.query.tokens import clean, split
from bot.ledger.members import member_id
from bot.people import mentions
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
    policy: BudgetPolicy
    clock: Callable[[], datetime]

    async def explain(self, request: Request, caller: Caller) -> None:
        """Explain one's own budgets, or (operators) anybody's."""
        named = await self._named(request, caller)
        found = await self._explained(named, caller)
        whose = "The team" if found[0].whose == "team" else found[0].whose
        draft = Draft(f"Budgets of {escape(whose)}: what counts, what was told, and why not.")
        draft.add(blocks.section(f"*{escape(whose)}*"))
        for each in found:
            first, *rest = sentences(each, self.policy)
            draft.add(blocks.section("\n".join([_mrkdwn(first), *map(_item, rest)])))
        await request.responder.respond(draft.message())

    async def _explained(self, named: str | None, caller: Caller) -> list[Explanation]:
        now = self.clock()
        if named is not None:
            return await self.database.read(lambda reader: explanation_answer(reader, named, self.policy, now))
        if caller.member is None:
            raise self.people.unmatched_error()
        found = await self.database.read(lambda reader: _of_oneself(reader, caller.member, self.policy, now))
        if found is None:
            raise RefusedError(
                "I find no task of yours in Neo, so no budget counts anything yet. If your address there is another,"
                " ask an operator to `link` you to it."
            )
        return found

    async def _named(self, request: Request, caller: Caller) -> str | None:
        """Whom it is about, None for whoever asks: only an operator may name anybody else, and have them looked up."""
        words = [word.values[0] for word in split(clean(request.text))[1:]]
        if len(words) > 1:
            raise RefusedError("One at a time: `explain`, `explain @ana` or `explain team`.")
        if not words:
            return None
        name = words[0]
        if caller.role is not Role.OPERATOR:
            await self._oneself(name, request, caller)
            return None
        return await self.people.email_of_mention(name) if name.startswith("<@") else name

    async def _oneself(self, name: str, request: Request, caller: Caller) -> None:
        """Let somebody name themselves; raises RefusedError for whatever else is named, be it there or not."""
        mentioned = {f"<@{request.user}>": caller.member} if caller.member else {}
        typed = name if name.startswith("<@") else name.lower()
        await self.database.read(lambda reader: mentions.mentioned_members(reader, [typed], caller, mentioned))


def _item(sentence: Sentence) -> str:
    mark = "\u2003◦" if sentence.within else "•"  # Slack's text has no lists
    return f"{mark} {_mrkdwn(sentence)}"


def _mrkdwn(sentence: Sentence) -> str:
    """A sentence, inert; its address alone, which this program made, is a link."""
    return escape(sentence.text) + (f" <{sentence.address}|see it>" if sentence.address else "")


def _of_oneself(reader: Reader, email: str | None, policy: BudgetPolicy, now: datetime) -> list[Explanation] | None:
    """Explain somebody's own budgets; None if they are no member of the ledger's."""
    subject = member_id(reader, email)
    return None if subject is None else _of_subject(reader, subject, policy, now)


def explanation_answer(reader: Reader, name: str, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    """Explain the budgets of `team` or of an e-mail.

    Raises:
        RefusedError: there is no such member.
    """
    subject = scope_of(reader, name)
    if subject == DEFAULT:
        raise RefusedError("The default is everyone's limit: `explain @ana` tells what it meant for somebody.")
    return _of_subject(reader, subject, policy, now)


def _of_subject(reader: Reader, subject: int, policy: BudgetPolicy, now: datetime) -> list[Explanation]:
    return explain(reader, subject, "team" if subject == TEAM else email_of(reader, subject) or "", policy, now)
