"""Signatures after the Standard Webhooks scheme: HMAC-SHA256 over id, time and body."""

import hmac
from base64 import b64encode
from datetime import datetime
from hashlib import sha256


def signed_headers(secret: bytes, event_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent an event, and when."""
    timestamp = str(int(now.timestamp()))
    signature = hmac.new(secret, b".".join((event_id.encode(), timestamp.encode(), body)), sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }
