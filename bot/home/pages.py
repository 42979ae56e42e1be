"""Builds what a viewer sees now: the page of App Home, and the card of `/neo-usage` alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.database.engine import Database
from bot.domain.access import Caller, Role
from bot.home.card_facts import card_facts, team_card
from bot.home.card_render import card_message, team_card_message
from bot.home.facts import HomeFacts, home_facts
from bot.home.month_facts import HomePolicy
from bot.home.month_render import HomeView
from bot.home.render import home_message
from bot.home.viewers import Access
from bot.ledger.freshness import UnreadError
from bot.people.people import People
from bot.people.roles import DenialReason
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates
from bot.usage.answers import Answers


@dataclass(frozen=True, slots=True)
class HomePages:
    """Renders pages and cards; `clock` gives aware times."""

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

        def read(connection: Connection) -> tuple[HomeFacts, Mapping[str, str]]:
            facts = home_facts(connection, access, self.policy, now, self.people.names)
            return facts, self.people.names(connection, _named_members(facts))

        try:
            facts, names = await self.database.read(read)
        except UnreadError:
            return self._no_data("home/no_data", access)
        return home_message(facts, self._view(access, facts.as_of, now, names))

    async def card(self, caller: Caller, *, of_team: bool = False) -> Message:
        """Return the card of a caller, from data that is refreshed first; it waits for that only briefly.

        `of_team` asks for the team's, in place of which others than operators get their own, with the reason.
        """
        await self.answers.refresh()
        now, is_operator = self.clock(), caller.role is Role.OPERATOR
        try:
            if of_team and is_operator:
                card = await self.database.read(lambda connection: team_card(connection, caller, self.policy, now))
                return team_card_message(card, self._view(caller, card.as_of, now, {}))
            facts = await self.database.read(lambda connection: card_facts(connection, caller, self.policy, now))
        except UnreadError:
            return self._no_data("usage/no_data", caller)
        return card_message(facts, self._view(caller, facts.as_of, now, {}), instead_of_team=of_team)

    def _no_data(self, template: str, caller: Caller) -> Message:
        reading, failure = self.answers.sync_progress(caller), self.answers.sync_failure(caller)
        return paragraph(self.templates.render(template, reading=reading, failure=failure))

    def _view(self, caller: Caller, as_of: datetime | None, now: datetime, names: Mapping[str, str]) -> HomeView:
        return HomeView(
            templates=self.templates,
            zone=self.policy.usage.zone,
            now=now,
            is_operator=caller.role is Role.OPERATOR,
            whom_to_ask=self.people.whom_to_ask(),
            stale=as_of is None or now - as_of > self.answers.stale_after,
            reading=self.answers.sync_progress(caller),
            failure=self.answers.sync_failure(caller),
            names=names,
        )


def _named_members(facts: HomeFacts) -> Iterable[str]:
    if facts.team is None:
        return ()
    return (*(each.scope for each in facts.team.budgets), *(each.email for each in facts.team.requests))
