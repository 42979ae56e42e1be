"""The capability of the webhook: switches it on and off as the settings say."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Connection

from bot.capability import Capability, Context, Timer, apply_due
from bot.database.after_commit import after_commit
from bot.outbox.webhook_queue import is_on, is_switch_due, switch
from bot.webhook.client import WebhookClient

log = structlog.get_logger(__name__)


def webhook(context: Context) -> Capability:
    """Return the capability."""
    client = WebhookClient.from_settings(context.settings)
    work = WebhookSwitch(None if client is None else client.address)
    return Capability("webhook", timers=[Timer("webhook", 1, partial(apply_due, context, work))])


@dataclass(frozen=True, slots=True)
class WebhookSwitch:
    """Has events taken for the receiver of an address, by its fingerprint, or none without one."""

    address: str | None

    def due(self, reader: Connection, now: datetime) -> bool:  # noqa: ARG002 - other work depends on it
        """Return whether the database says otherwise."""
        return is_switch_due(reader, self.address)

    def apply_due(self, connection: Connection, now: datetime) -> None:
        """Record it, and drop what waits if events are no longer taken."""
        dropped = switch(connection, self.address, now)
        event = "the webhook is on" if is_on(connection) else "the webhook is off"
        after_commit(connection, partial(log.info, event, dropped=dropped))
