"""Events: what the webhook's receiver is sent, as JSON, and the builders by which capabilities make it.

An event names no member by e-mail unless that is asked for, and holds no title and no text of an error in any case.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection

from bot.domain.money import usd_text
from bot.settings.webhook import secret_bytes

if TYPE_CHECKING:
    from bot.settings.model import Settings

_ID_DIGITS, _MEMBER_DIGITS = 32, 16  # hexadecimal ones


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """What has happened: its type, such as `budget.step_reached`, a sentence about it, and the rest as JSON values."""

    type: str
    summary: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventRequest:
    """An event to be made: by its `dedup_key`, what happened `at` a moment; it is `now`."""

    dedup_key: str
    at: datetime
    now: datetime


EventBuilder = Callable[[Connection, EventRequest], WebhookEvent | None]
"""Returns an event, read in one snapshot; None if there is nothing to say any more."""


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event stands: its id, the id of its subject, and its number among the events about that."""

    id: str
    subject: str
    sequence: int


def event_id(message_key: str) -> str:
    """Return the id of an event, the same at every attempt to send it."""
    return f"evt_{hashlib.sha256(message_key.encode()).hexdigest()[:_ID_DIGITS]}"


def event_body(event: WebhookEvent, place: EventPlace, at: datetime) -> bytes:
    """Return the JSON that is sent."""
    about = {"subject": place.subject, "sequence": place.sequence, "summary": event.summary}
    return json.dumps({"type": event.type, "timestamp": moment(at), "data": {**about, **event.data}}).encode()


# --- values --------------------------------------------------------------------------------------


def moment(at: datetime) -> str:
    """Return a moment in ISO 8601, UTC: `2026-11-28T21:05:00.000000Z`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def amount(nanos: int) -> dict[str, str]:
    """Return an amount: its exact decimal and its unit."""
    return {"amount": usd_text(nanos), "unit": "USD"}


def optional_amount(nanos: int | None) -> dict[str, str] | None:
    """Return an amount; None for one that is unknown."""
    return None if nanos is None else amount(nanos)


@dataclass(frozen=True, slots=True)
class EventMembers:
    """How events name members: by a code that only the holder of the secret can make and, if asked for, by e-mail."""

    secret: bytes
    with_emails: bool

    @classmethod
    def from_settings(cls, settings: "Settings") -> Self:
        """Return what the settings ask for."""
        secret = settings.webhook_secret
        return cls(b"" if secret is None else secret_bytes(secret), settings.webhook_members)

    def reference(self, email: str) -> dict[str, str] | None:
        """Return what stands for a member, by the displayed e-mail; None for tasks that carry none."""
        if "@" not in email:
            return None
        code = hmac.new(self.secret, f"member:{email}".encode(), hashlib.sha256).hexdigest()[:_MEMBER_DIGITS]
        return {"id": code, "email": email} if self.with_emails else {"id": code}

    def name(self, email: str) -> str:
        """Return what a sentence calls a member."""
        if "@" not in email:
            return "Tasks without an owner"
        return email if self.with_emails else "A member"
