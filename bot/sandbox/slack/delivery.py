"""Getting a payload to the app, over a socket or as a signed request, and its ack back."""

import asyncio
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.sockets import NoSocketError, Sockets
from bot.sandbox.slack.things import Json

PATIENCE_S = 3.0
TRIES = 3  # of an event


@dataclass(frozen=True, slots=True)
class Payload:
    """What is told to the app; one that was acknowledged too late may be told again, the very same."""

    kind: Literal["slash_commands", "interactive", "events_api"]
    body: Json


@dataclass(frozen=True, slots=True)
class Ack:
    """How the app took it. `seconds` are real; `body` is what the ack carried; `error` what the person is shown.

    `payload` is None where nothing had to be told. `tries` counts deliveries.
    """

    ok: bool
    seconds: float = 0.0
    body: Json | None = None
    error: str | None = None
    payload: Payload | None = None
    tries: int = 0

    @property
    def errors(self) -> dict[str, str]:
        """What a modal says at its inputs, by block id."""
        errors: dict[str, str] = (self.body or {}).get("errors") or {}
        return errors


class Delivery:
    """Delivers payloads: to a connected socket, else to `events_url`, else nowhere.

    An act must be acknowledged within `patience_s`; an event is told again, `TRIES` times in all.
    """

    def __init__(self, desk: Desk, sockets: Sockets) -> None:
        self.patience_s = PATIENCE_S
        self.events_url: str | None = None
        self._desk, self._sockets = desk, sockets

    async def deliver(self, payload: Payload, *, again: int = 0) -> Ack:
        """One payload and its ack; `again` counts earlier deliveries of the same."""
        begun = asyncio.get_running_loop().time()
        tries, error, body, reason = 0, None, None, "http_timeout" if again else ""
        for tries in range(1, (TRIES if payload.kind == "events_api" else 1) + 1):
            body, error, reason = await self._try(payload, again + tries - 1, reason)
            if error is None:
                break
        seconds = asyncio.get_running_loop().time() - begun
        return Ack(error is None, seconds, body, error, payload, tries)

    async def _try(self, payload: Payload, number: int, reason: str) -> tuple[Json | None, str | None, str]:
        """The ack's payload, what went wrong in the person's words, and in those of a retry."""
        try:
            if len(self._sockets) or self.events_url is None:
                envelope = self._envelope(payload, number, reason)
                return await self._sockets.deliver(envelope, self.patience_s), None, ""
            return await self._post(self.events_url, payload, number, reason), None, ""
        except TimeoutError:
            return None, "operation_timeout", "http_timeout"
        except NoSocketError:
            return None, "dispatch_failed", "connection_failed"
        except aiohttp.ClientResponseError:
            return None, "dispatch_failed", "http_error"
        except aiohttp.ClientError:
            return None, "dispatch_failed", "connection_failed"

    def _envelope(self, payload: Payload, number: int, reason: str) -> Json:
        secret = self._desk.secret("envelope")
        envelope = {
            "envelope_id": "-".join((secret[:8], secret[8:12], secret[12:16], secret[16:20], secret[20:])),
            "payload": payload.body,
            "type": payload.kind,
            "accepts_response_payload": payload.kind != "events_api",
        }
        retry = {"retry_attempt": number, "retry_reason": reason}
        return envelope | retry if payload.kind == "events_api" else envelope

    async def _post(self, url: str, payload: Payload, number: int, reason: str) -> Json | None:
        """Raises TimeoutError, or aiohttp.ClientError also when the answer is not 200."""
        body, headers = self._signed(payload)
        if number and payload.kind == "events_api":
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        timeout = aiohttp.ClientTimeout(self.patience_s)
        request = aiohttp.request(
            "POST", url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False
        )
        async with request as response:
            if response.status != HTTPStatus.OK:
                raise aiohttp.ClientResponseError(response.request_info, (), status=response.status)
            return _taken(await response.text())

    def _signed(self, payload: Payload) -> tuple[str, dict[str, str]]:
        body, content_type = _written(payload)
        stamp = str(int(self._desk.real().timestamp()))
        secret = self._desk.workspace.signing_secret.encode()
        signature = hmac.new(secret, f"v0:{stamp}:{body}".encode(), "sha256").hexdigest()
        return body, {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }


def _written(payload: Payload) -> tuple[str, str]:
    if payload.kind == "events_api":
        return json.dumps(payload.body), "application/json"
    fields = payload.body if payload.kind == "slash_commands" else {"payload": json.dumps(payload.body)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _taken(text: str) -> Json | None:
    """An ack's body: JSON, else a plain text to show."""
    if not text:
        return None
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return body if isinstance(body, dict) else {"text": text}
