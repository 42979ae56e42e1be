"""What is said of requests for more: to each operator with buttons, and to whoever asked once it is decided."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.budgets import budget_formatting, changes
from bot.budgets.evaluator import BudgetPolicy
from bot.budgets.facts import BudgetFacts, budget_facts
from bot.budgets.keys import DecidedKey, RequestTopic
from bot.budgets.render import person
from bot.budgets.rules import budget_period
from bot.database.engine import Database
from bot.database.reader import Reader
from bot.domain import formatting
from bot.domain.money import show_usd
from bot.outbox.renderers import RenderRequest
from bot.slack import blocks
from bot.slack.blocks import Draft, Message
from bot.slack.templates import Templates

APPROVE, DECLINE = "budget_approve", "budget_decline"


@dataclass(frozen=True, slots=True)
class BudgetRequestRenderer:
    """The words of requests; `clock` gives aware times."""

    database: Database
    templates: Templates
    policy: BudgetPolicy
    clock: Callable[[], datetime]

    async def show(self, request: RenderRequest) -> Message | None:
        """A request as it stands."""
        key = RequestTopic.decode(request.topic or "").id
        found = await self._read(key)
        if found is None:
            return None
        wish, now = found
        text = self.templates.render("budgets/request", **self._said(wish, now))
        draft = Draft(text)
        draft.add(blocks.section(text))
        if wish.state == "open":
            value = f"{key}:{wish.version}"
            buttons = [
                blocks.raw_button("Approve", APPROVE, value, primary=True),
                blocks.raw_button("Decline", DECLINE, value),
            ]
            draft.add(blocks.actions(buttons))
        return draft.message()

    async def render_event(self, _request: RenderRequest) -> None:
        """Return nothing: the live message that is there already shows the request."""

    async def say(self, request: RenderRequest) -> Message | None:
        """What was decided."""
        found = await self._read(DecidedKey.decode(request.dedup_key).id)
        if found is None:
            return None
        return blocks.paragraph(self.templates.render("budgets/request_decision", **self._said(*found)))

    async def _read(self, key: int) -> tuple[changes.BudgetRequest, BudgetFacts] | None:
        now = self.clock()

        def read(reader: Reader) -> tuple[changes.BudgetRequest, BudgetFacts] | None:
            wish = changes.budget_request(reader, key)
            if wish is None:
                return None
            return wish, budget_facts(
                reader, wish.member, budget_period(wish.unit, now, self.policy.zone), self.policy, now
            )

        return await self.database.read(read)

    def _said(self, request: changes.BudgetRequest, now: BudgetFacts) -> dict[str, object]:
        return {
            "who": person(request.asked_by),
            "limit": budget_formatting.limit_of(request.nanos, request.unit),
            "ends_at": formatting.last_day(request.ends_at, self.policy.zone) if request.ends_at else "",
            "reason": request.reason or "",
            "spend": show_usd(now.spend_nanos),
            "present": show_usd(now.limit.nanos) if now.limit else "",
            "percent": now.percent,
            "unit": request.unit.value,
            "state": request.state,
            "by": person(request.decided_by) if request.decided_by else "",
        }
