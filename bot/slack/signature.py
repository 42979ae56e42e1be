"""Signatures: whether a request over HTTP is Slack's own, decided over its raw bytes before anything in it is read."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
VALID_SECONDS = 300  # to either side of now, as Slack advises
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class InvalidSignatureError(Exception):
    """Nothing proves that a request is Slack's; the message says why, and quotes nothing of it."""


def verify_signature(
    secret: str, timestamps: Sequence[str], signatures: Sequence[str], body: bytes, now: datetime
) -> None:
    """Compare a request's signature with that of its body.

    Args:
        secret: the app's signing secret.
        timestamps: every header of that name; there has to be one.
        signatures: likewise.
        body: the bytes as they came.
        now: the present, by a clock that Slack's agrees with.

    Raises:
        UnprovenError: the request is not Slack's, or not of these minutes.
    """
    if len(timestamps) != 1 or not _SECONDS.fullmatch(timestamps[0]):
        raise InvalidSignatureError("its timestamp is missing or no whole number")
    if len(signatures) != 1 or not _DIGEST.fullmatch(signatures[0]):
        raise InvalidSignatureError("its signature is missing or malformed")
    if abs(now.timestamp() - int(timestamps[0])) > VALID_SECONDS:
        raise InvalidSignatureError(f"its timestamp is more than {VALID_SECONDS} s from now")
    signed = b"v0:" + timestamps[0].encode() + b":" + body
    expected = "v0=" + hmac.new(secret.encode(), signed, "sha256").hexdigest()
    if not hmac.compare_digest(expected, signatures[0]):
        raise InvalidSignatureError("its signature does not match: is SLACK_SIGNING_SECRET that of this app?")
