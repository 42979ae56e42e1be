"""Builds the page of App Home that a viewer sees now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.database.engine import Database
from bot.domain.access import Caller
from bot.home.facts import HomeFacts, HomePolicy, home_facts
from bot.home.render import HomeView, home_message
from bot.home.viewers import Access
from bot.ledger.freshness import UnreadError
from bot.people.people import People
from bot.people.roles import DenialReason
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates
from bot.usage.answers import Answers


@dataclass(frozen=True, slots=True)
class HomePages:
    """Renders pages; `clock` gives aware times."""

    database: Database
    people: People
    templates: Templates
    answers: Answers
    policy: HomePolicy
    clock: Callable[[], datetime]

    async def page(self, access: Access) -> Message:
        """Return the page of a viewer: what they may see, or why they may see nothing."""
        if isinstance(access, DenialReason):
            return paragraph(self.templates.render("people/denial", reason=access.value))
        now = self.clock()
        try:
            facts = await self.database.read(lambda connection: home_facts(connection, access, self.policy, now))
        except UnreadError:
            return paragraph(self.templates.render("home/no_data", reading=self.answers.sync_progress(access)))
        return home_message(facts, self._view(facts, access, now))

    def _view(self, facts: HomeFacts, caller: Caller, now: datetime) -> HomeView:
        return HomeView(
            templates=self.templates,
            zone=self.policy.usage.zone,
            whom_to_ask=self.people.whom_to_ask(),
            stale=facts.as_of is None or now - facts.as_of > self.answers.stale_after,
            reading=self.answers.sync_progress(caller),
            failure=self.answers.sync_failure(caller),
        )
