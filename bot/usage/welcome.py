"""The welcome: operators read once, when the history is in the ledger, what was read and what to try."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.money import NANOS_PER_USD, show_usd
from bot.domain.periods import Window, local_day
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us
from bot.domain.visibility import Privacy, Titles
from bot.ledger.charge_queries import spend_of_all_members
from bot.ledger.members import MemberSummary, member_summaries
from bot.outbox.destinations import Destination, UserDestination
from bot.outbox.queries import delivery_records
from bot.outbox.renderers import RenderRequest
from bot.outbox.store import NewNotification, enqueue
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.mrkdwn import Trusted, channel_link, mention
from bot.slack.templates import Templates
from bot.usage.answers import Answers
from bot.usage.durations import every
from bot.usage.help import FOR_OPERATORS
from bot.usage.keys import WelcomeKey

if TYPE_CHECKING:
    from bot.settings.model import Settings

_MOST_NAMES = 8
_EXAMPLES = 3
_MONTH, _DAY = timedelta(days=30), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ChannelPosts:
    """The channels that alerts and the digest are posted in, by their ids or names, and what they show of people."""

    channels: Sequence[str]
    privacy: Privacy
    titles: Titles

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self:
        """Return what the settings say."""
        alerts = [settings.alert_channel] if settings.alert_channel else []
        channels = list(dict.fromkeys([*settings.digest_channel, *alerts]))
        return cls(channels, settings.alert_privacy, settings.show_titles)

    def template_values(self) -> dict[str, object]:
        """Return the values of the template `usage/welcome`."""
        return {
            "channels": Trusted(", ".join(map(channel_link, self.channels))),
            "privacy": self.privacy.value,
            "titles": self.titles is Titles.CHANNEL,
        }


@dataclass(frozen=True, slots=True)
class Welcome:
    """Enqueues the welcome once for each operator, and renders it."""

    answers: Answers
    people: People
    database: Database
    templates: Templates
    poll: timedelta
    channels: ChannelPosts

    async def enqueue_when_read(self) -> None:
        """Enqueue the welcome for operators who have not had it, once the configured history has been read."""
        fresh, plan = await self.answers.freshness(), await self.answers.scheduler.plan()
        if fresh.as_of is not None and not plan.history:
            await self.enqueue()

    async def enqueue(self) -> None:
        """Enqueue the welcome for operators who have not had it."""
        welcomed = await self.database.read(_welcomed)
        destinations = [UserDestination(user) for user in self.people.operators()]
        new = [
            NewNotification(WelcomeKey(), destination, urgent=False)
            for destination in destinations
            if destination not in welcomed
        ]
        if new:
            await self.database.write(lambda connection: enqueue(connection, new, self.answers.clock()))

    async def render_event(self, _request: RenderRequest) -> Message:
        """Return what was read, what to try, and which budgets would fit. All operators read the same."""
        members = await self.database.read(_members_with_tasks)
        text = self.templates.render(
            "usage/welcome",
            **await self._history(members),
            **self._settings(),
            **self.channels.template_values(),
            **_budget_proposals(await self.database.read(self._recent_spend)),
            **self._unknown_in_slack(members),
        )
        draft = Draft("neo-usage is ready. Type /neo-usage to see what Neo costs.")
        draft.add(blocks.section(text))
        return draft.message()

    async def _history(self, members: Sequence[MemberSummary]) -> dict[str, object]:
        fresh = await self.answers.freshness()
        zone = self.answers.policy.zone
        since, today = local_day(from_us(fresh.since or 0), zone), local_day(self.answers.clock(), zone)
        return {
            "begins": formatting.short_date(since, today) if fresh.since else "the beginning",
            "tasks": formatting.count(sum(each.tasks for each in members), "task"),
            "members": formatting.count(len(members), "member"),
            "total": show_usd(sum(each.spend_nanos for each in members)),
        }

    def _settings(self) -> dict[str, object]:
        return {
            "examples": FOR_OPERATORS[:_EXAMPLES],
            "every": every(self.poll),
            "zone": self.answers.policy.zone.key,
            "operators": Trusted(", ".join(map(mention, self.people.operators()))),
        }

    def _unknown_in_slack(self, members: Sequence[MemberSummary]) -> dict[str, object]:
        users = self.people.directory.users_by_email(each.email for each in members)
        unknown = [each.email for each in members if "@" in each.email and each.email not in users]
        more = " and others" if len(unknown) > _MOST_NAMES else ""
        return {"strangers": bool(unknown), "names": ", ".join(unknown[:_MOST_NAMES]) + more}

    def _recent_spend(self, connection: Connection) -> list[int]:
        """Return the nanos that each member spent within thirty days, without members who spent nothing."""
        now = self.answers.clock()
        window = Window(now - _MONTH, now + _DAY)  # the upstream's clock may be ahead
        spent = spend_of_all_members(connection, window, SpendBasis.TOTAL)
        return [nanos for nanos in spent.values() if nanos > 0]


def _budget_proposals(recent: Sequence[int]) -> dict[str, object]:
    """Return monthly limits to begin with, each member's and the team's; empty if nobody spent anything lately."""
    if not recent:
        return {"each": "", "team": ""}
    return {"each": _rounded_up(2 * int(median(recent))), "team": _rounded_up(sum(recent) * 5 // 4)}


def _rounded_up(nanos: int) -> str:
    """Return an amount in whole dollars, rounded up to two digits."""
    dollars = max(10, -(-nanos // NANOS_PER_USD))
    coarse = 10 ** (len(str(dollars)) - 2)
    return str(-(-dollars // coarse) * coarse)


def _welcomed(connection: Connection) -> set[Destination]:
    return {each.destination for each in delivery_records(connection, WelcomeKey())}


def _members_with_tasks(connection: Connection) -> list[MemberSummary]:
    return [each for each in member_summaries(connection) if each.merged_into is None and each.tasks]
