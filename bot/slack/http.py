"""The HTTP server: whether the service is alive and ready, and without Socket Mode Slack's signed requests."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import hdrs, web

from bot.slack.deduplication import RequestDeduplicator
from bot.slack.listener import Listener
from bot.slack.origin import is_own_host
from bot.slack.payloads import MalformedError, decode_payload
from bot.slack.signature import SIGNATURE, TIMESTAMP, InvalidSignatureError, verify_signature

log = structlog.get_logger(__name__)

EVENTS = "/slack/events"
LARGEST = 256 * 1024  # bytes of a body; Slack accepts no view above 250 kB
TIMEOUT_SECONDS = 10.0  # to receive a request's headers, and again its body
_CLOSING_TURNS = 4  # turns of the event loop in which connections accepted while the server closes become known
_GET, _POST = {hdrs.METH_GET, hdrs.METH_HEAD}, {hdrs.METH_POST}

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""Returns what keeps the service from being ready, by what it concerns; empty if it is ready."""


class RefusedRequestError(Exception):
    """A request is refused with this status; the message says why, and quotes nothing of the request."""

    def __init__(self, status: HTTPStatus, why: str, allowed: Collection[str] = ()) -> None:
        super().__init__(why)
        self.status, self.allowed = status, allowed


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

    ready: Ready
    listener: Callable[[], Listener | None]
    events: EventsEndpoint | None
    host: str

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or refuse it and log why in one line."""
        try:
            return await self._answer(request)
        except RefusedRequestError as refusal:
            return _refusal(request, refusal)
        except Exception as error:  # noqa: BLE001 - anybody can send anything; it gets one line in the log
            return _failure(request, error)

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        _refuse_browsers(request)
        if request.path == EVENTS and self.events is not None:
            _allow(request, _POST)
            return await self._event(request, self.events)
        if not is_own_host(request.headers.getall(hdrs.HOST, []), self.host):
            raise RefusedRequestError(HTTPStatus.FORBIDDEN, "its Host is not this machine")
        if request.path == "/healthz":
            _allow(request, _GET)
            return _json(HTTPStatus.OK, {"ok": True})
        if request.path == "/readyz":
            _allow(request, _GET)
            problems = dict(await self.ready())
            status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
            return _json(status, {"ok": not problems, "problems": problems})
        raise RefusedRequestError(HTTPStatus.NOT_FOUND, "there is nothing at that path")

    async def _event(self, request: web.BaseRequest, events: EventsEndpoint) -> web.Response:
        body, headers = await _body(request), request.headers
        signatures = headers.getall(SIGNATURE, [])
        try:
            verify_signature(events.signing_secret, headers.getall(TIMESTAMP, []), signatures, body, events.now())
        except InvalidSignatureError as why:
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, str(why)) from None
        listener = self.listener()
        if listener is None:
            raise RefusedRequestError(HTTPStatus.SERVICE_UNAVAILABLE, "Slack has not answered yet")
        payload = _payload(request, body)
        proof = f"{headers[TIMESTAMP]}:{signatures[0]}"
        if not events.deduplicator.add(proof):
            raise RefusedRequestError(HTTPStatus.UNAUTHORIZED, "it was taken before")
        answer = await listener.dispatch(payload, proof)
        content_type = "application/json" if answer.body.startswith("{") else "text/plain"
        return _response(HTTPStatus(answer.status), answer.body, content_type)


def _refusal(request: web.BaseRequest, refusal: RefusedRequestError) -> web.Response:
    log.warning("refused a request", status=refusal.status.value, why=str(refusal), remote=request.remote)
    answer = _json(refusal.status, {"ok": False, "error": str(refusal)})
    if refusal.allowed:
        answer.headers[hdrs.ALLOW] = ", ".join(sorted(refusal.allowed))
    return answer


def _failure(request: web.BaseRequest, error: Exception) -> web.Response:
    """Log that a request could not be answered, without a traceback, which could quote it; return the response."""
    log.error("could not answer a request", why=type(error).__name__, remote=request.remote)
    return _json(HTTPStatus.INTERNAL_SERVER_ERROR, {"ok": False})


def _refuse_browsers(request: web.BaseRequest) -> None:
    """Refuse what a web page has sent: Slack, probes and proxies send neither of these headers."""
    if hdrs.ORIGIN in request.headers:
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, "it comes from a web page (Origin)")
    if request.headers.get("Sec-Fetch-Site", "none") != "none":
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, "it comes from a web page (Sec-Fetch-Site)")


def _allow(request: web.BaseRequest, methods: set[str]) -> None:
    if request.method not in methods:
        raise RefusedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, "that path has another method", methods)


async def _body(request: web.BaseRequest) -> bytes:
    """Return the bytes of the body. Raises RefusedRequestError if they are too many, or take too long."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise RefusedRequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "it is compressed")
    _check_length(request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                _check_length(len(body))
    except TimeoutError:
        raise RefusedRequestError(HTTPStatus.REQUEST_TIMEOUT, "its body did not come in time") from None
    except (web.RequestPayloadError, ValueError):
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "its body is broken") from None
    return bytes(body)


def _check_length(length: int) -> None:
    if length > LARGEST:
        raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"it is larger than {LARGEST:,} bytes")


def _payload(request: web.BaseRequest, body: bytes) -> dict[str, Any]:
    try:
        return decode_payload(body, request.content_type, request.charset)
    except MalformedError as why:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, str(why)) from None


def _json(status: HTTPStatus, content: Mapping[str, object]) -> web.Response:
    return _response(status, json.dumps(content), "application/json")


def _response(status: HTTPStatus, text: str, content_type: str) -> web.Response:
    """Return a response that does not reveal the server's software, and closes its connection, so that none is idle."""
    response = web.Response(status=status, text=text, content_type=content_type, headers={hdrs.SERVER: "neo-usage"})
    response.force_close()
    return response


# --- serving -------------------------------------------------------------------------------------


class _Connection(web.RequestHandler):
    """A connection that logs what is not HTTP in one line, and quotes nothing of it."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the response to what cannot be read."""
        del message  # it quotes what was sent
        why = "it is no HTTP" if exc is None else f"it is no HTTP ({type(exc).__name__})"
        log.warning("refused a request", status=status, why=why, remote=request.remote)
        return _json(HTTPStatus(status), {"ok": False})

    def log_exception(self, *_: object, **kw: object) -> None:
        """Log in one line that a connection broke."""
        log.warning("a connection broke", why=type(kw.get("exc_info")).__name__)


class _Server(web.Server):
    """aiohttp's server, with connections of the class above."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runners pass None for no log
            auto_decompress=False,  # a signature is of the bytes as they are sent
            keepalive_timeout=TIMEOUT_SECONDS,  # also for headers: until they are complete a connection counts as idle
            lingering_time=1.0,  # to read the rest of a body that is refused
        )


@asynccontextmanager
async def serve_http(endpoints: HttpEndpoints, host: str, port: int) -> AsyncIterator[int]:
    """Serve the endpoints, and give the port. Raises OSError if the port is in use."""
    runner = web.ServerRunner(_Server(endpoints.handle), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        for site in list(runner.sites):
            await site.stop()
        for _ in range(_CLOSING_TURNS):
            await asyncio.sleep(0)
        await runner.cleanup()
