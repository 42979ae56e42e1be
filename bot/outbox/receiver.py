"""The receiver of the webhook, as the outbox knows it: what it is asked, and what it can answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from bot.outbox.events import EventBuilder


class Reply(Enum):
    """What a receiver made of an event."""

    TAKEN = auto()
    GONE = auto()  # it wants no more events
    REFUSED = auto()  # it does not take this one; trying again helps once its operator has mended it
    UNAVAILABLE = auto()  # it takes none just now


ERROR_KINDS = tuple(reply.name.lower() for reply in Reply if reply is not Reply.TAKEN)
"""The kinds of failure that are counted."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered, why in words that hold nothing secret, and the seconds it asks to wait, if it does."""

    reply: Reply
    why: str = ""
    retry_after: float | None = None

    @property
    def error(self) -> str | None:
        """The kind of failure, one of ERROR_KINDS; None if the event was taken."""
        return None if self.reply is Reply.TAKEN else self.reply.name.lower()


class Receiver(Protocol):
    """Sends events to one receiver; `address` is a fingerprint of where, which tells it from others."""

    @property
    def address(self) -> str:
        """The fingerprint of the address."""

    async def post(self, event_id: str, body: bytes, now: datetime, seconds: float) -> Answer:
        """Send an event and return the answer within so many seconds, or that there was none."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver, and the builders of its events by the kind of their key."""

    receiver: Receiver
    builders: Mapping[str, EventBuilder]
