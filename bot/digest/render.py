"""Renders digests: spend first, then failures, budgets, late amounts, a chart, and how fresh the data is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from bot.balance.facts import short_text
from bot.database.engine import Database
from bot.digest import store
from bot.digest.facts import DigestFacts, digest_facts
from bot.digest.keys import DigestTopic
from bot.digest.policy import DigestPolicy
from bot.digest.rules import DigestSchedule
from bot.digest.section_render import sections
from bot.digest.spend_render import add_chart, columns, headline_values, is_uneventful, period_values
from bot.digest.view import DigestView
from bot.domain.formatting import days_text, local_time
from bot.domain.periods import Unit, local_day
from bot.domain.visibility import Privacy
from bot.ledger.neo_agreement import agreement_text
from bot.outbox.live_store import live_messages
from bot.outbox.renderers import RenderRequest
from bot.people.people import People
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class DigestMessage:
    """Renders the facts of a digest for its readers."""

    facts: DigestFacts
    view: DigestView

    def message(self, skipped: Sequence[date] = (), *, is_live: bool = False) -> Message:
        """Return the digest within Slack's limits, however much there is.

        Args:
            skipped: dates that had no digest, whose days are in this one.
            is_live: whether the message is edited when more is known.
        """
        render = self.view.templates.render
        headline = headline_values(self.facts, self.view)
        draft = Draft(render("digest/text", **headline))
        draft.add(blocks.section(render("digest/headline", **headline)))
        if skipped:
            draft.add(blocks.section(render("digest/skipped_days", days=days_text(skipped), many=len(skipped) > 1)))
        if not is_uneventful(self.facts):
            self._add_days(draft)
        self._add_week_and_month(draft)
        if self.facts.balance.is_soon:
            balance = short_text(
                self.facts.balance, self.view.policy.zone, local_day(self.facts.at, self.view.policy.zone)
            )
            draft.add(blocks.section(render("digest/credits", balance=balance)))
        draft.add(blocks.context(render("digest/footnote", is_live=is_live, **self._freshness())))
        return draft.message()

    def _add_days(self, draft: Draft) -> None:
        if texts := columns(self.facts.days, self.view):
            draft.add(blocks.columns(*texts))
        for text in sections(self.facts, self.view):
            draft.add(blocks.section(text))
        add_chart(draft, self.facts.chart)

    def _add_week_and_month(self, draft: Draft) -> None:
        today = local_day(self.facts.at, self.view.policy.zone)
        for part, unit in ((self.facts.week, Unit.WEEK), (self.facts.month, Unit.MONTH)):
            if part is not None:
                values = period_values(part, unit, today, self.view)
                draft.add(blocks.section(self.view.templates.render("digest/week_or_month", **values)))

    def _freshness(self) -> dict[str, Any]:
        as_of, zone = self.facts.as_of, self.view.policy.zone
        return {
            "as_of": "" if as_of is None else local_time(as_of, zone, self.facts.at),
            "zone": zone.key,
            "complete": self.facts.complete,
            "unit_assumed": self.facts.unit_assumed,
            "neo_total": agreement_text(self.facts.agreement, self.facts.at.astimezone(UTC).date()),
        }


# --- the live message ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DigestRenderer:
    """Renders digests; `clock` gives aware times."""

    database: Database
    people: People
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
        facts, skipped, names = digest
        privacy = Privacy.NAMED if request.in_dm else self.privacy
        view = DigestView(self.templates, self.policy, privacy, names)
        return DigestMessage(facts, view).message(skipped, is_live=True)

    def _facts(
        self, connection: Connection, topic: DigestTopic, now: datetime
    ) -> tuple[DigestFacts, list[date], dict[str, str]] | None:
        """Return the facts, the dates before it that were skipped, and names; None if there is nothing to post."""
        decision = store.decision_of(connection, topic)
        if decision is None:
            return None
        if decision.post_until(self.schedule) <= now and not live_messages(connection, [topic]):
            return None
        before = store.last_posted_before(connection, topic)
        skipped = store.skipped_days(connection, topic.channel, before.span.day, topic.day) if before else []
        facts = digest_facts(connection, decision.span, before, self.policy, now)
        return facts, skipped, self.people.names(connection, facts.emails)
