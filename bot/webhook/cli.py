"""The terminal's test of the webhook: one event, sent at once."""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex

from bot.outbox.events import EventPlace, WebhookEvent, event_body, event_id
from bot.outbox.receiver import Answer
from bot.webhook.client import WebhookClient

_SECONDS = 10.0  # that the receiver may take to answer, as for every event


@dataclass(frozen=True, slots=True)
class WebhookTest:
    """A test event for a receiver."""

    client: WebhookClient

    async def send(self, now: datetime) -> Answer:
        """Send it, and return what the receiver answered."""
        id_ = event_id(f"test:{token_hex(16)}")
        event = WebhookEvent("test", "This is a test from neo-usage.", {})
        return await self.client.post(id_, event_body(event, EventPlace(id_, id_, 1), now), now, _SECONDS)
