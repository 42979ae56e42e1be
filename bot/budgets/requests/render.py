"""Budget requests as Slack messages: to each operator with buttons, and to whoever asked once it is decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets.alerts.subject_names import person
from bot.budgets.keys import ApproveAction, DecidedKey, DeclineAction, RequestTopic
from bot.budgets.policy import BudgetPolicy
from bot.budgets.requests.facts import RequestFacts, request_facts_of
from bot.budgets.requests.store import RequestState
from bot.database.engine import Database
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class BudgetRequestRenderer:
    """Renders the messages of requests; `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: BudgetPolicy
    clock: Callable[[], datetime]

    async def render_current(self, request: RenderRequest) -> Message | None:
        """Return a request as it stands, with buttons while it is open; None if there is no such request."""
        facts = await self._facts(RequestTopic.decode(request.topic or "").id)
        if facts is None:
            return None
        asked_for = facts.request
        text = self.templates.render("budgets/request", **self._values(facts))
        draft = Draft(text)
        draft.add(blocks.section(text))
        if asked_for.state is RequestState.OPEN:
            approve = ApproveAction(asked_for.id, asked_for.version)
            decline = DeclineAction(asked_for.id, asked_for.version)
            buttons = [blocks.button("Approve", approve, primary=True), blocks.button("Decline", decline)]
            draft.add(blocks.actions(buttons))
        return draft.message()

    async def render_event(self, _request: RenderRequest) -> None:
        """Return nothing: the live message that is there already shows the request."""

    async def render_decision(self, request: RenderRequest) -> Message | None:
        """Return what was decided, for whoever asked; None if there is no such request."""
        facts = await self._facts(DecidedKey.decode(request.dedup_key).id)
        if facts is None:
            return None
        return blocks.paragraph(self.templates.render("budgets/request_decision", **self._values(facts)))

    async def _facts(self, request: int) -> RequestFacts | None:
        """Return a request, and the budget as it is now; None if there is no such request."""
        now = self.clock()
        return await self.database.read(lambda c: request_facts_of(c, request, self.policy, now))

    def _values(self, facts: RequestFacts) -> dict[str, object]:
        return facts.template_values(person(facts.request.asked_by), self.policy.zone, self.clock())
