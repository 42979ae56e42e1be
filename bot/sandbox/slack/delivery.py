"""Delivers payloads to the app, over a socket or as a signed request, and returns its acks."""

import asyncio
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Json
from bot.sandbox.slack.sockets import NoSocketError, Sockets

ACK_TIMEOUT_S = 3.0
EVENT_TRIES = 3


@dataclass(frozen=True, slots=True)
class Payload:
    """What is sent to the app; an identical copy may follow if the ack comes too late."""

    kind: Literal["slash_commands", "interactive", "events_api"]
    body: Json


@dataclass(frozen=True, slots=True)
class Ack:
    """The outcome of an interaction. `seconds` are real time; `body` is the ack's; `error` is shown to the person.

    `payload` is None if nothing was sent to the app. `tries` counts deliveries.
    """

    ok: bool
    seconds: float = 0.0
    body: Json | None = None
    error: str | None = None
    payload: Payload | None = None
    tries: int = 0

    @property
    def errors(self) -> dict[str, str]:
        """The error of each input of a modal, by block id."""
        errors: dict[str, str] = (self.body or {}).get("errors") or {}
        return errors


class Delivery:
    """Delivers payloads to a connected socket, else to `events_url` if there is one.

    A payload must be acknowledged within `ack_timeout_s`; an event is delivered at most `EVENT_TRIES` times.
    """

    def __init__(self, context: SlackContext, sockets: Sockets) -> None:
        self.ack_timeout_s = ACK_TIMEOUT_S
        self.events_url: str | None = None
        self._context, self._sockets = context, sockets

    async def deliver(self, payload: Payload, *, again: int = 0) -> Ack:
        """Deliver a payload and return its ack; `again` is the number of its earlier deliveries."""
        start = asyncio.get_running_loop().time()
        tries, error, body, reason = 0, None, None, "http_timeout" if again else ""
        for tries in range(1, (EVENT_TRIES if payload.kind == "events_api" else 1) + 1):
            body, error, reason = await self._try(payload, again + tries - 1, reason)
            if error is None:
                break
        seconds = asyncio.get_running_loop().time() - start
        return Ack(error is None, seconds, body, error, payload, tries)

    async def _try(self, payload: Payload, number: int, reason: str) -> tuple[Json | None, str | None, str]:
        """Return the ack's payload, the error shown to the person, and the reason given in a retry."""
        try:
            if len(self._sockets) or self.events_url is None:
                envelope = self._envelope(payload, number, reason)
                return await self._sockets.deliver(envelope, self.ack_timeout_s), None, ""
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
        secret = self._context.tokens.new_token("envelope")
        envelope = {
            "envelope_id": "-".join((secret[:8], secret[8:12], secret[12:16], secret[16:20], secret[20:])),
            "payload": payload.body,
            "type": payload.kind,
            "accepts_response_payload": payload.kind != "events_api",
        }
        retry = {"retry_attempt": number, "retry_reason": reason}
        return envelope | retry if payload.kind == "events_api" else envelope

    async def _post(self, url: str, payload: Payload, number: int, reason: str) -> Json | None:
        """Return the ack's body. Raises TimeoutError, and aiohttp.ClientError also for a status other than 200."""
        body, headers = self._sign(payload)
        if number and payload.kind == "events_api":
            headers |= {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
        timeout = aiohttp.ClientTimeout(self.ack_timeout_s)
        request = aiohttp.request(
            "POST", url, data=body.encode(), headers=headers, timeout=timeout, allow_redirects=False
        )
        async with request as response:
            if response.status != HTTPStatus.OK:
                raise aiohttp.ClientResponseError(response.request_info, (), status=response.status)
            return _ack_body(await response.text())

    def _sign(self, payload: Payload) -> tuple[str, dict[str, str]]:
        body, content_type = _encode(payload)
        stamp = str(int(self._context.real().timestamp()))
        secret = self._context.workspace.signing_secret.encode()
        signature = hmac.new(secret, f"v0:{stamp}:{body}".encode(), "sha256").hexdigest()
        return body, {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature}",
        }


def _encode(payload: Payload) -> tuple[str, str]:
    if payload.kind == "events_api":
        return json.dumps(payload.body), "application/json"
    fields = payload.body if payload.kind == "slash_commands" else {"payload": json.dumps(payload.body)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def _ack_body(text: str) -> Json | None:
    """Return the ack's JSON; other text becomes the text of a message."""
    if not text:
        return None
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return body if isinstance(body, dict) else {"text": text}
