"""The renderer of digests: shows a channel's digest of a date as it is now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from bot.database.engine import Database
from bot.database.reader import Reader
from bot.digest import store
from bot.digest.facts import DigestFacts, digest_facts
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.render import DigestMessage
from bot.digest.rules import DigestSchedule
from bot.digest.view import DigestView
from bot.domain.visibility import Privacy
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.slack.blocks import Message
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class DigestRenderer:
    """Renders digests; `clock` gives aware times."""

    database: Database
    templates: Templates
    schedule: DigestSchedule
    policy: DigestPolicy
    privacy: Privacy
    clock: Callable[[], datetime]

    async def render_event(self, _request: RenderRequest) -> None:
        """Return nothing: the live message that is there already shows the digest."""

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return a channel's digest as it is now; None if it was not posted and it is too late for that."""
        topic, now = DigestTopic.decode(request.topic or ""), self.clock()
        found = await self.database.read(lambda reader: self._facts(reader, topic, now))
        if found is None:
            return None
        facts, skipped = found
        privacy = Privacy.NAMED if request.in_dm else self.privacy
        return DigestMessage(facts, DigestView(self.templates, self.policy, privacy)).message(skipped)

    def _facts(self, reader: Reader, topic: DigestTopic, now: datetime) -> tuple[DigestFacts, list[date]] | None:
        """Return the facts, and the dates before it that were skipped; None if there is nothing to post."""
        decision = store.decision_of(reader, topic)
        if decision is None:
            return None
        if decision.post_until(self.schedule) <= now and not live_messages(reader, [topic]):
            return None
        before = store.last_posted_before(reader, topic)
        skipped = store.skipped_days(reader, topic.channel, before.span.day, topic.day) if before else []
        return digest_facts(reader, decision.span, before, self.policy, now), skipped
