"""Renders the balance: the answer to the command, and warnings, each as it is now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.balance.facts import BalanceFacts, balance_facts, expiry_text, left_text, runway_text
from bot.balance.keys import BalanceKey
from bot.balance.rules import Cause, days_until_used_up
from bot.database.engine import Database
from bot.domain import formatting
from bot.domain.money import show_credits
from bot.domain.periods import local_day
from bot.outbox.renderers import RenderRequest
from bot.slack.blocks import Message, paragraph
from bot.slack.templates import Templates


@dataclass(frozen=True, slots=True)
class BalanceRenderer:
    """Renders the balance; `clock` gives aware times."""

    database: Database
    templates: Templates
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def render_event(self, request: RenderRequest) -> Message | None:
        """Return a warning with what is left now; None if it was filled up, or its expiry put off, since."""
        key, now = BalanceKey.decode(request.dedup_key), self.clock()
        facts = await self.database.read(lambda connection: balance_facts(connection, now))
        if facts.balance.beginnings(key.cause) != key.beginning:
            return None
        days = facts.expires_in if key.cause is Cause.EXPIRY else days_until_used_up(facts.balance)
        values = {**self.values(facts), "cause": key.cause.value, "days": key.level if days is None else days}
        return paragraph(self.templates.render("balance/warning", **values))

    def values(self, facts: BalanceFacts) -> dict[str, object]:
        """Return the values of the templates."""
        balance, now = facts.balance, self.clock()
        today, said_at = local_day(now, self.zone), balance.said_at
        return {
            "left": "" if said_at is None else left_text(balance),
            "issued": "" if balance.issued_nanos is None else show_credits(balance.issued_nanos),
            "runway": runway_text(balance, self.zone, today),
            "expiry": expiry_text(facts, self.zone, today),
            "said_at": "" if said_at is None else formatting.local_time(said_at, self.zone, now),
            "unavailable": balance.unavailable,
            "zone": self.zone.key,
        }
