"""Signatures: whether a request over HTTP is Slack's, decided from its raw bytes before anything in it is parsed."""

import hmac
import re
from collections.abc import Sequence
from datetime import datetime

TIMESTAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"
VALID_SECONDS = 300  # before and after now, as Slack advises
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)


class InvalidSignatureError(Exception):
    """A request is not proven to be Slack's; the message says why, and quotes nothing of the request."""


def verify_signature(
    secret: str, timestamps: Sequence[str], signatures: Sequence[str], body: bytes, now: datetime
) -> None:
    """Check the signature of a request.

    Args:
        secret: the app's signing secret.
        timestamps: the values of all X-Slack-Request-Timestamp headers; exactly one is valid.
        signatures: the values of all X-Slack-Signature headers; exactly one is valid.
        body: the bytes as they were received.
        now: the present time, by a clock that agrees with Slack's.

    Raises:
        InvalidSignatureError: the request is not Slack's, or is not from the last or next few minutes.
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
