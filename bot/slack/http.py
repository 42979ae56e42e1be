"""The HTTP endpoints: whether the service is alive and ready, and without Socket Mode Slack's signed requests."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web

from bot.slack.deduplication import RequestDeduplicator
from bot.slack.http_server import (
    READING,
    RefusedRequestError,
    json_response,
    keep_open,
    read_body,
    refuse_browsers,
    require_method,
    require_own_host,
    text_response,
)
from bot.slack.listener import Listener
from bot.slack.payloads import MalformedError, decode_payload
from bot.slack.signature import SIGNATURE, TIMESTAMP, InvalidSignatureError, verify_signature

EVENTS = "/slack/events"
_POST = {hdrs.METH_POST}

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns what keeps the service from being ready, by what it concerns; empty if it is ready."""

Identity = Callable[[], Mapping[str, object]]
"""Returns what the service says of itself, so that nobody takes it for another program, or another one for it."""


@dataclass(frozen=True, slots=True)
class EventsEndpoint:
    """What is needed to receive Slack's requests over HTTP. `now` is the real time, which signatures are dated by."""

    signing_secret: str
    deduplicator: RequestDeduplicator
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class HttpEndpoints:
    """What is served: `/healthz` and `/readyz`, and Slack's one path if there are `events`.

    `listener` returns None until Slack has answered; `host` is the name that the server listens on.
    """

    identity: Identity
    ready: Ready
    listener: Callable[[], Listener | None]
    events: EventsEndpoint | None
    host: str

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request. Raises RefusedRequestError if it is not answered."""
        refuse_browsers(request)
        if request.path == EVENTS and self.events is not None:
            require_method(request, _POST)
            return await self._event(request, self.events)
        require_own_host(request, self.host)
        if request.path == "/healthz":
            require_method(request, READING)
            return json_response(HTTPStatus.OK, {"ok": True, **self.identity()})
        if request.path == "/readyz":
            require_method(request, READING)
            problems = dict(await self.ready())
            status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
            return json_response(status, {"ok": not problems, "problems": problems})
        raise RefusedRequestError(HTTPStatus.NOT_FOUND, "there is nothing at that path")

    async def _event(self, request: web.BaseRequest, events: EventsEndpoint) -> web.Response:
        body, headers = await read_body(request), request.headers
        signatures = headers.getall(SIGNATURE, [])
        try:
            verify_signature(events.signing_secret, headers.getall(TIMESTAMP, []), signatures, body, events.now())
        except InvalidSignatureError as why:
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, str(why)) from None
        keep_open(request)
        listener = self.listener()
        if listener is None:
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, "Slack has not answered yet")
        payload = _payload(request, body)
        proof = f"{headers[TIMESTAMP]}:{signatures[0]}"
        if not events.deduplicator.add(proof):
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, "it was taken before")
        answer = await listener.dispatch(payload, proof)
        content_type = "application/json" if answer.body.startswith("{") else "text/plain"
        return text_response(HTTPStatus(answer.status), answer.body, content_type)


def _payload(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    try:
        return decode_payload(body, request.content_type, request.charset)
    except MalformedError as why:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, str(why)) from None
