"""Renders digests: spend first, then failures, budgets, late bookings, a chart, and how fresh the data is."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.digest import store
from bot.digest.facts import DigestFacts, digest_facts
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.rules import DigestSchedule
from bot.digest.section_render import sections
from bot.digest.spend_render import add_chart, columns, headline_values, is_uneventful, part_values
from bot.digest.view import DigestView
from bot.domain.formatting import moment, weekday
from bot.domain.visibility import Privacy
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.templates import Templates

_NAMED_DAYS = 2  # so many are named one by one; of more, the first and the last


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """Renders the facts of a digest for its readers."""

    facts: DigestFacts
    view: DigestView

    def message(self, skipped: Sequence[date] = ()) -> Message:
        """Return the digest within Slack's limits, however much there is; `skipped` are dates that had no digest."""
        render = self.view.templates.render
        headline = headline_values(self.facts, self.view)
        draft = Draft(render("digest/text", **headline))
        draft.add(blocks.section(render("digest/headline", **headline)))
        if skipped:
            draft.add(blocks.section(render("digest/skipped_days", days=days_text(skipped), many=len(skipped) > 1)))
        if not is_uneventful(self.facts):
            self._add_days(draft)
        self._add_week_and_month(draft)
        draft.add(blocks.context(render("digest/footnote", **self._freshness())))
        return draft.message()

    def _add_days(self, draft: Draft) -> None:
        if texts := columns(self.facts.days, self.view):
            draft.add(blocks.columns(*texts))
        for text in sections(self.facts, self.view):
            draft.add(blocks.section(text))
        add_chart(draft, self.facts.chart)

    def _add_week_and_month(self, draft: Draft) -> None:
        for part, unit in ((self.facts.week, "week"), (self.facts.month, "month")):
            if part is not None:
                values = part_values(part, self.view)
                draft.add(blocks.section(self.view.templates.render("digest/week_or_month", what=unit, **values)))

    def _freshness(self) -> dict[str, Any]:
        as_of, zone = self.facts.as_of, self.view.policy.zone
        return {
            "as_of": "" if as_of is None else f"{moment(as_of, zone)} {zone.key}",
            "complete": self.facts.complete,
            "unit_assumed": self.facts.unit_assumed,
        }


def days_text(days: Collection[date]) -> str:
    """Return days in words: `Thu 26 Nov`, two such, or the first and the last of several."""
    ordered = sorted(days)
    if len(ordered) <= _NAMED_DAYS:
        return " and ".join(map(weekday, ordered))
    return f"{weekday(ordered[0])} to {weekday(ordered[-1])}"


# --- the live message ----------------------------------------------------------------------------


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
        digest = await self.database.read(lambda connection: self._facts(connection, topic, now))
        if digest is None:
            return None
        facts, skipped = digest
        privacy = Privacy.NAMED if request.in_dm else self.privacy
        return DigestMessage(facts, DigestView(self.templates, self.policy, privacy)).message(skipped)

    def _facts(
        self, connection: Connection, topic: DigestTopic, now: datetime
    ) -> tuple[DigestFacts, list[date]] | None:
        """Return the facts, and the dates before it that were skipped; None if there is nothing to post."""
        decision = store.decision_of(connection, topic)
        if decision is None:
            return None
        if decision.post_until(self.schedule) <= now and not live_messages(connection, [topic]):
            return None
        before = store.last_posted_before(connection, topic)
        skipped = store.skipped_days(connection, topic.channel, before.span.day, topic.day) if before else []
        return digest_facts(connection, decision.span, before, self.policy, now), skipped
