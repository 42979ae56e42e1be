"""Builds the event of a spike."""

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.domain.formatting import weekday
from bot.domain.money import show_usd
from bot.ledger.members import current_email
from bot.outbox.events import EventMembers, EventRequest, WebhookEvent, amount, optional_amount
from bot.spikes.facts import spikes_of
from bot.spikes.keys import SpikeEventKey
from bot.spikes.rules import SpikePolicy


@dataclass(frozen=True, slots=True)
class SpikeEvent:
    """Builds events of spikes."""

    policy: SpikePolicy
    members: EventMembers

    def build(self, connection: Connection, request: EventRequest) -> WebhookEvent | None:
        """Return a member's day that is far above their usual one; None if it no longer is."""
        key = SpikeEventKey.decode(request.dedup_key)
        current = current_email(connection, key.member)
        spike = next(iter(spikes_of(connection, key.day, self.policy, [current[0]])), None) if current else None
        if current is None or spike is None:
            return None
        spent = show_usd(spike.nanos)
        usual = f" A typical day costs {show_usd(spike.usual_nanos)}." if spike.has_baseline else ""
        return WebhookEvent(
            "spike.detected",
            f"{self.members.name(current[1])} spent {spent} on {weekday(key.day)}.{usual}",
            {
                "member": self.members.reference(current[1]),
                "date": key.day.isoformat(),
                "timezone": self.policy.zone.key,
                "spend": amount(spike.nanos),
                "typical_spend": optional_amount(spike.usual_nanos if spike.has_baseline else None),
            },
        )
