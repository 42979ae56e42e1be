"""The command `explain`: why alerts were sent, or were not, to whom it may be told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.changes import scope_of
from bot.budgets.explanation import Explanation, Sentence, explain, sentences
from bot.budgets.rules import DEFAULT, TEAM
from bot.budgets.watch import Terms
from bot.domain.access import ONLY_ONES_OWN, Caller, RefusedError, Role
from bot.domain.words import clean, split
from bot.ledger.members import shown_email
from bot.ledger.readers import Readers
from bot.ledger.reading import Reader
from bot.people.callers import Callers
from bot.people.naming import called
from bot.slack import message as slack
from bot.slack.message import Draft
from bot.slack.rendering import inert
from bot.slack.requests import Request


@dataclass(frozen=True, slots=True)
class Explaining:
    """The room's door in Slack; `clock` gives aware times."""

    readers: Readers
    callers: Callers
    terms: Terms
    clock: Callable[[], datetime]

    async def explain(self, request: Request, caller: Caller) -> None:
        """Explain one's own budgets, or (operators) anybody's."""
        named = await self._named(request, caller)
        now = self.clock()
        found = await self.readers.ask(lambda reader: explained(reader, named, self.terms, now))
        whose = "The team" if found[0].whose == "team" else found[0].whose
        draft = Draft(f"Budgets of {inert(whose)}: what counts, what was told, and why not.")
        draft.add(slack.section(f"*{inert(whose)}*"))
        for each in found:
            first, *rest = sentences(each, self.terms)
            draft.add(slack.section("\n".join([_mrkdwn(first), *map(_item, rest)])))
        await request.reply.say(draft.message())

    async def _named(self, request: Request, caller: Caller) -> str:
        words = [word.values[0] for word in split(clean(request.text))[1:]]
        if len(words) > 1:
            raise RefusedError("One at a time: `explain`, `explain @ana` or `explain team`.")
        if not words:
            if caller.member is None:
                raise RefusedError(f"I cannot match you to a member. Ask {self.callers.whom_to_ask()} to `link` you.")
            return caller.member
        name = words[0]
        if name.startswith("<@"):
            name = await self.callers.address(name)
        if caller.role is Role.OPERATOR:
            return name
        # whoever else is named, it reads the same whether there is such a member or not
        if caller.member is None or (name != caller.member and not _means(name, caller.member)):
            raise RefusedError(ONLY_ONES_OWN)
        return caller.member


def _means(name: str, email: str) -> bool:
    """Whether a plain `@ana` can mean somebody."""
    try:
        return name.startswith("@") and called(name, [email]) == email
    except RefusedError:
        return False


def _item(sentence: Sentence) -> str:
    mark = "\u2003◦" if sentence.within else "•"  # Slack's text has no lists
    return f"{mark} {_mrkdwn(sentence)}"


def _mrkdwn(sentence: Sentence) -> str:
    """A sentence, inert; its address alone, which this program made, is a link."""
    return inert(sentence.text) + (f" <{sentence.address}|see it>" if sentence.address else "")


def explained(reader: Reader, name: str, terms: Terms, now: datetime) -> list[Explanation]:
    """Explain the budgets of `team` or of an e-mail.

    Raises:
        RefusedError: there is no such member.
    """
    subject = scope_of(reader, name)
    if subject == DEFAULT:
        raise RefusedError("The default is everyone's limit: `explain @ana` tells what it meant for somebody.")
    row = reader.one("SELECT email FROM member WHERE id = :id", {"id": subject})
    return explain(reader, subject, "team" if subject == TEAM else shown_email(row[0] if row else ""), terms, now)
