"""Parsers of the webhook's settings: where events go, and the secret that they are signed with."""

import binascii
from base64 import b64decode

from bot.domain.hosts import is_loopback
from bot.settings.addresses import http_address
from bot.settings.credentials import Secret, credential_parser
from bot.settings.errors import InvalidValueError

SECRET_PREFIX = "whsec_"  # noqa: S105 - the scheme's own prefix, no secret
MAKE_SECRET = 'Make one with: echo "whsec_$(openssl rand -base64 32)"'  # noqa: S105 - a command, no secret
_LEAST_BYTES, _MOST_BYTES = 24, 64  # of a secret, by the Standard Webhooks scheme

_credential = credential_parser("WEBHOOK_SECRET", SECRET_PREFIX, "your receiver, or make a new one")


def webhook_url(text: str) -> Secret | None:
    """Return the address of the receiver, a secret since it may hold a password or a token; None for an empty text."""
    if not text:
        return None
    if not (text.isascii() and text.isprintable()) or set(text) & set(" \\"):
        raise InvalidValueError("it has spaces, backslashes or special characters. Paste the whole value again.")
    url = http_address(text)
    if url is None or url.fragment:
        raise InvalidValueError("it isn't an address. Give one such as https://hooks.example.com/neo-usage.")
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise InvalidValueError("plain http would show your spend to the network. Use https.")
    return Secret(text)


def webhook_secret(text: str) -> Secret | None:
    """Return the secret that events are signed with, with its prefix; None for an empty text."""
    secret = _credential(text)
    if secret is not None:
        secret_bytes(secret)
    return secret


def secret_bytes(secret: Secret) -> bytes:
    """Return the bytes of a secret. Raises InvalidValueError if it holds none, too few or too many."""
    try:
        found = b64decode(secret.reveal().removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidValueError(f"what follows {SECRET_PREFIX} isn't base64. {MAKE_SECRET}") from None
    if not _LEAST_BYTES <= len(found) <= _MOST_BYTES:
        raise InvalidValueError(
            f"it holds {len(found)} bytes, and must hold {_LEAST_BYTES} to {_MOST_BYTES}. {MAKE_SECRET}"
        )
    return found
