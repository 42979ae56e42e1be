"""Budget requests as Slack messages: to each operator with buttons, and to whoever asked once it is decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.budgets import budget_formatting
from bot.budgets.alerts.budget_snapshot import BudgetSnapshot, budget_snapshot
from bot.budgets.alerts.subject_names import person
from bot.budgets.keys import ApproveAction, DecidedKey, DeclineAction, RequestTopic
from bot.budgets.periods import budget_period
from bot.budgets.policy import BudgetPolicy
from bot.budgets.requests.store import BudgetRequest, RequestState, budget_request
from bot.database.engine import Database
from bot.domain.money import show_limit, show_usd
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
        found = await self._request_and_snapshot(RequestTopic.decode(request.topic or "").id)
        if found is None:
            return None
        asked_for, snapshot = found
        text = self.templates.render("budgets/request", **self._values(asked_for, snapshot))
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
        found = await self._request_and_snapshot(DecidedKey.decode(request.dedup_key).id)
        if found is None:
            return None
        return blocks.paragraph(self.templates.render("budgets/request_decision", **self._values(*found)))

    async def _request_and_snapshot(self, request: int) -> tuple[BudgetRequest, BudgetSnapshot] | None:
        """Return a request, and the budget as it is now; None if there is no such request."""
        now = self.clock()

        def read(connection: Connection) -> tuple[BudgetRequest, BudgetSnapshot] | None:
            found = budget_request(connection, request)
            if found is None:
                return None
            period = budget_period(found.unit, now, self.policy.zone)
            return found, budget_snapshot(connection, found.member, period, self.policy, now)

        return await self.database.read(read)

    def _values(self, request: BudgetRequest, snapshot: BudgetSnapshot) -> dict[str, object]:
        zone = self.policy.zone
        return {
            "who": person(request.asked_by),
            "limit": budget_formatting.limit_of(request.nanos, request.unit),
            "ends_at": budget_formatting.last_day(request.ends_at, zone, self.clock()) if request.ends_at else "",
            "reason": request.reason or "",
            "spend": show_usd(snapshot.spend_nanos),
            "present": show_limit(snapshot.limit.nanos) if snapshot.limit else "",
            "percent": snapshot.percent,
            "used": snapshot.used,
            "unit": request.unit.value,
            "adjective": budget_formatting.ADJECTIVES[request.unit],
            "state": request.state.value,
            "by": person(request.decided_by) if request.decided_by else "",
        }
