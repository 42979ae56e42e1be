"""The welcome: at first run operators hear what was read and what to try, once the history is in."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.domain.money import show_usd
from bot.ledger import notes
from bot.ledger.database import Database
from bot.ledger.instants import from_us
from bot.ledger.members import Person, people
from bot.ledger.reading import Reader
from bot.people.callers import Callers
from bot.slack import message as slack
from bot.slack.errors import SlackError
from bot.slack.message import Draft, Message
from bot.slack.rendering import Trusted, Words, mention
from bot.slack.workspace import Workspace
from bot.usage import phrases
from bot.usage.source import Source
from bot.usage.talk import FOR_OPERATORS

log = structlog.get_logger(__name__)

WELCOMED = "welcomed"  # the note of who was, by Slack id
_MOST_NAMES = 8
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Welcome:
    """Says it to each operator once, in their DM."""

    source: Source
    callers: Callers
    database: Database
    workspace: Workspace
    words: Words
    poll: timedelta

    async def once(self) -> None:
        """Welcome the operators who were not; what fails is tried again at the next call."""
        done = set((await self.source.readers.ask(lambda reader: notes.read(reader, WELCOMED)) or "").split())
        waiting = [user for user in self.callers.operators() if user not in done]
        if not waiting:
            return
        message = await self._message()
        for user in waiting:
            try:
                await self.workspace.post(await self.workspace.dm(user), message)
            except SlackError as error:
                log.warning("could not welcome an operator", user=user, why=str(error))
                continue
            done.add(user)
            await asyncio.to_thread(self._note, " ".join(sorted(done)))

    def _note(self, done: str) -> None:
        with self.database.transaction() as connection:
            notes.write(connection, WELCOMED, done)

    async def _message(self) -> Message:
        fresh = await self.source.freshness()
        everybody = [each for each in await self.source.readers.ask(_present) if each.tasks]
        known = self.callers.directory.named(each.email for each in everybody)
        strangers = [each.email for each in everybody if "@" in each.email and each.email not in known]
        since = from_us(fresh.since or 0).astimezone(self.source.terms.zone)
        text = self.words.say(
            "usage/welcome",
            begins=f"{since:%Y-%m-%d}" if fresh.since else "the beginning",
            tasks=phrases.count(sum(each.tasks for each in everybody), "task"),
            members=phrases.count(len(everybody), "member"),
            total=show_usd(sum(each.spend_nanos for each in everybody)),
            examples=FOR_OPERATORS[:_EXAMPLES],
            every=phrases.every(self.poll),
            zone=self.source.terms.zone.key,
            operators=Trusted(", ".join(map(mention, self.callers.operators()))),
            strangers=bool(strangers),
            names=", ".join(strangers[:_MOST_NAMES]) + (" and others" if len(strangers) > _MOST_NAMES else ""),
        )
        draft = Draft("neo-usage is ready: what Neo costs, with /neo-usage.")
        draft.add(slack.section(text))
        return draft.message()


def _present(reader: Reader) -> list[Person]:
    return [each for each in people(reader) if each.merged_into is None]
