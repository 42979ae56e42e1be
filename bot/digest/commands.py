"""The command `digest`: shows an operator the digest that channels get."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.digest.facts import DigestFacts, facts_of_day
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.render import DigestMessage
from bot.digest.view import DigestView
from bot.domain.access import Caller, RefusedError, Role
from bot.domain.periods import FIRST_YEAR, local_day
from bot.domain.query.tokens import clean
from bot.domain.visibility import Privacy
from bot.people.people import People
from bot.slack.last_lines import LastLines
from bot.slack.requests import Request
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class DigestCommands:
    """The command `digest` in Slack; `clock` gives aware times."""

    database: Database
    people: People
    templates: Templates
    policy: DigestPolicy
    clock: Callable[[], datetime]
    last_questions: LastLines

    async def digest(self, request: Request, caller: Caller) -> None:
        """`digest [date]`: answer with that morning's digest, of the day before, with everybody's names."""
        if caller.role is not Role.OPERATOR:
            raise RefusedError("Only operators can see the digest here. Try `yesterday` for your own spend.")
        now = self.clock()
        topic = DigestTopic("", date_of(clean(request.text).partition(" ")[2], now, self.policy.zone))
        facts, names = await self.database.read(lambda connection: self._facts(connection, topic, now))
        line = f"team {topic.day - timedelta(days=1)}"  # which the next one may go on from
        self.last_questions.record(request.user, request.channel, line, now)
        view = DigestView(self.templates, self.policy, Privacy.NAMED, names)
        await request.responder.respond(DigestMessage(facts, view).message())

    def _facts(self, connection: Connection, topic: DigestTopic, now: datetime) -> tuple[DigestFacts, dict[str, str]]:
        facts = facts_of_day(connection, topic, self.policy, now)
        return facts, self.people.names(connection, facts.emails)


def date_of(text: str, now: datetime, zone: tzinfo) -> date:
    """Return the date typed, or today.

    Raises:
        RefusedError: it is none, or it is still to come.
    """
    today = local_day(now, zone)
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"I don't know the date `{text}`. Try `digest {today}`: it covers the day before.") from None
    if day > today:
        raise RefusedError(f"`{text}` is in the future. Try `digest` for the latest one.")
    if day.year < FIRST_YEAR:
        raise RefusedError(f"`{text}` is before the year {FIRST_YEAR}. Try `digest {today}`.")
    return day
