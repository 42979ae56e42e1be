"""The welcome: at first run operators hear what was read and what to try, once the history is in."""

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.money import NANOS_PER_USD, show_usd
from bot.domain.timestamps import from_us, to_us
from bot.ledger.members import Person, people
from bot.outbox.destinations import Destination, UserDestination
from bot.outbox.queries import delivery_records
from bot.outbox.renderers import RenderRequest
from bot.outbox.store import NewNotification, enqueue
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.mrkdwn import Trusted, mention
from bot.slack.templates import Templates
from bot.usage.answers import Answers
from bot.usage.durations import every
from bot.usage.help import FOR_OPERATORS
from bot.usage.keys import WelcomeKey

_MOST_NAMES = 8
_EXAMPLES = 3
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Welcome:
    """Owes it to each operator once, and words it."""

    source: Answers
    people: People
    database: Database
    templates: Templates
    poll: timedelta

    async def enqueue_when_read(self) -> None:
        """Enqueue it for the operators who were not welcomed, once all the history that is wanted was read."""
        fresh, plan = await self.source.freshness(), await self.source.scheduler.plan()
        if fresh.as_of is not None and not plan.history:
            await self.enqueue()

    async def enqueue(self) -> None:
        """Enqueue it for the operators who were not welcomed."""
        waiting = [
            NewNotification(WelcomeKey(), UserDestination(user), urgent=False) for user in self.people.operators()
        ]
        done = await self.source.database.read(_welcomed)
        if waiting := [each for each in waiting if each.destination not in done]:
            await self.database.write(lambda connection: enqueue(connection, waiting, self.source.clock()))

    async def say(self, _request: RenderRequest) -> Message:
        """What was read, what to try, and which budgets would fit; all operators read the same."""
        fresh = await self.source.freshness()
        everybody = [each for each in await self.source.database.read(_present) if each.tasks]
        known = self.people.directory.named(each.email for each in everybody)
        strangers = [each.email for each in everybody if "@" in each.email and each.email not in known]
        lately = await self.source.database.read(self._lately)
        since = from_us(fresh.since or 0).astimezone(self.source.policy.zone)
        text = self.templates.render(
            "usage/welcome",
            begins=f"{since:%Y-%m-%d}" if fresh.since else "the beginning",
            tasks=formatting.count(sum(each.tasks for each in everybody), "task"),
            members=formatting.count(len(everybody), "member"),
            total=show_usd(sum(each.spend_nanos for each in everybody)),
            examples=FOR_OPERATORS[:_EXAMPLES],
            every=every(self.poll),
            zone=self.source.policy.zone.key,
            operators=Trusted(", ".join(map(mention, self.people.operators()))),
            each=_round(2 * int(median(lately))) if lately else "",
            team=_round(sum(lately) * 5 // 4) if lately else "",
            strangers=bool(strangers),
            names=", ".join(strangers[:_MOST_NAMES]) + (" and others" if len(strangers) > _MOST_NAMES else ""),
        )
        draft = Draft("neo-usage is ready: what Neo costs, with /neo-usage.")
        draft.add(blocks.section(text))
        return draft.message()

    def _lately(self, reader: Reader) -> list[int]:
        """What each member spent within the last thirty days, in nanos."""
        sql = "SELECT sum(platform_nanos + provider_nanos) FROM charge WHERE booked_at > :since GROUP BY member"
        since = to_us(self.source.clock() - _MONTH)
        return [nanos for (nanos,) in reader.rows(sql, {"since": since}) if nanos > 0]


def _round(nanos: int) -> str:
    """An amount to begin with, in whole dollars of two digits, rounded up."""
    dollars = max(10, -(-nanos // NANOS_PER_USD))
    coarse = 10 ** (len(str(dollars)) - 2)
    return str(-(-dollars // coarse) * coarse)


def _welcomed(reader: Reader) -> set[Destination]:
    return {each.destination for each in delivery_records(reader, WelcomeKey())}


def _present(reader: Reader) -> list[Person]:
    return [each for each in people(reader) if each.merged_into is None]
