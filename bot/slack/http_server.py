"""An HTTP server for few, small requests: each is answered, or refused with one line in the log that quotes nothing.

Whoever is slow, or opens many connections, keeps nobody else waiting: headers and body have to come in time, a
connection has an end in any case, and beyond a number of them the oldest is closed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import structlog
from aiohttp import HttpVersion10, HttpVersion11, StreamReader, hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage

from bot.slack.origin import is_own_host

log = structlog.get_logger(__name__)

LARGEST = 256 * 1024  # bytes of a body; Slack accepts no view above 250 kB
TIMEOUT_SECONDS = 10.0  # to receive a request's headers, and again its body
LONGEST_SECONDS = 60.0  # of a connection, also of one that doesn't take its answer
MOST_CONNECTIONS = 200  # of one port; each may hold a body, and all together a fifth of the usual number of files
READING = {hdrs.METH_GET, hdrs.METH_HEAD}
_VERSIONS = {HttpVersion10, HttpVersion11}
_REPORT_SECONDS = 60.0  # between lines of the log about too many connections
_CLOSING_SECONDS = 1.0  # for requests that are being received or answered when the server closes
_CLOSING_TURNS = 4  # turns of the event loop in which connections accepted while the server closes become known

Answer = Callable[[web.BaseRequest], Awaitable[web.Response]]
"""Answers a request; raises RefusedRequestError if it is not answered."""


class RefusedRequestError(Exception):
    """A request is refused with this status; the message says why, and quotes nothing of the request."""

    def __init__(self, status: HTTPStatus, why: str, allowed: Collection[str] = ()) -> None:
        super().__init__(why)
        self.status, self.allowed = status, allowed


# --- what is checked of a request ----------------------------------------------------------------


def refuse_browsers(request: web.BaseRequest) -> None:
    """Refuse what a web page has sent: Slack, probes and proxies send neither of these headers."""
    if hdrs.ORIGIN in request.headers:
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, "it comes from a web page (Origin)")
    if request.headers.get("Sec-Fetch-Site", "none") != "none":
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, "it comes from a web page (Sec-Fetch-Site)")


def require_own_host(request: web.BaseRequest, host: str) -> None:
    """Refuse a request that was sent to another name than this machine's; `host` is what the server listens on."""
    if not is_own_host(request.headers.getall(hdrs.HOST, []), host):
        raise RefusedRequestError(HTTPStatus.FORBIDDEN, "its Host is not this machine")


def require_method(request: web.BaseRequest, methods: Collection[str]) -> None:
    """Refuse a request whose method is none of these."""
    if request.method not in methods:
        raise RefusedRequestError(HTTPStatus.METHOD_NOT_ALLOWED, "that path has another method", methods)


def keep_open(request: web.BaseRequest) -> None:
    """Keep a request's connection however many others there are, as it is proven that Slack has sent it."""
    if isinstance(request.protocol, _Connection):
        request.protocol.is_kept = True


async def read_body(request: web.BaseRequest) -> bytes:
    """Return the bytes of the body. Raises RefusedRequestError if they are too many, too slow, broken or cut off."""
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
    except ConnectionError:
        raise RefusedRequestError(HTTPStatus.BAD_REQUEST, "its connection broke off") from None
    return bytes(body)


def _check_length(length: int) -> None:
    if length > LARGEST:
        raise RefusedRequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"it is larger than {LARGEST:,} bytes")


# --- responses -----------------------------------------------------------------------------------


def json_response(status: HTTPStatus, content: Mapping[str, object]) -> web.Response:
    """Return a response of JSON."""
    return text_response(status, json.dumps(content), "application/json")


def text_response(status: HTTPStatus, text: str, content_type: str) -> web.Response:
    """Return a response that does not reveal the server's software, and closes its connection, so that none is idle."""
    response = web.Response(status=status, text=text, content_type=content_type, headers={hdrs.SERVER: "neo-usage"})
    response.force_close()
    return response


def _refusal(request: web.BaseRequest, refusal: RefusedRequestError) -> web.Response:
    log.warning("refused a request", status=refusal.status.value, why=str(refusal), remote=request.remote)
    answer = json_response(refusal.status, {"ok": False, "error": str(refusal)})
    if refusal.allowed:
        answer.headers[hdrs.ALLOW] = ", ".join(sorted(refusal.allowed))
    return answer


def _failure(request: web.BaseRequest, error: Exception) -> web.Response:
    """Log that a request could not be answered, without a traceback, which could quote it; return the response."""
    log.error("could not answer a request", why=type(error).__name__, remote=request.remote)
    return json_response(HTTPStatus.INTERNAL_SERVER_ERROR, {"ok": False})


# --- serving -------------------------------------------------------------------------------------


class _Connection(web.RequestHandler):
    """A connection that ends in time, logs what is not HTTP in one line, and quotes nothing of it."""

    __slots__ = ("_deadline", "is_kept")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve it, and see to it that it ends."""
        self.is_kept = False
        self._deadline = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self.abort)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of it."""
        self._deadline.cancel()
        super().connection_lost(exc)

    @property
    def may_be_closed(self) -> bool:
        """Whether it may be closed to make room for another."""
        return not self.is_kept and self.is_open

    @property
    def is_open(self) -> bool:
        """Whether anything may still come over it."""
        return self.transport is not None and not self.transport.is_closing()

    def abort(self) -> None:
        """Close it, whatever has not been sent yet."""
        if self.transport is not None:
            self.transport.abort()

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
        return json_response(HTTPStatus(status), {"ok": False})

    def log_exception(self, *_: object, **kw: object) -> None:
        """Log in one line that a connection broke."""
        log.warning("a connection broke", why=type(kw.get("exc_info")).__name__)


class _Server(web.Server):
    """aiohttp's server, with connections of the class above, and not too many of them."""

    _reported_at: float | None = None

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Add a connection; if there are too many, close the oldest one that has proven nothing."""
        super().connection_made(handler, transport)
        if len(self.connections) <= MOST_CONNECTIONS:
            return
        connections = [each for each in self.connections if isinstance(each, _Connection) and each.is_open]
        if len(connections) > MOST_CONNECTIONS:
            self._report()
            oldest = next((each for each in connections if each.may_be_closed), None)
            if oldest is not None:
                oldest.abort()

    def _report(self) -> None:
        """Log that there are too many connections, once a minute at most."""
        now = asyncio.get_running_loop().time()
        if self._reported_at is None or now - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = now
            log.warning("too many connections: the oldest ones are closed", most=MOST_CONNECTIONS)

    async def wait_closed(self, seconds: float) -> None:
        """Wait that long for connections to end by themselves."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.connections:  # noqa: ASYNC110 - aiohttp tells nobody
                    await asyncio.sleep(0.01)

    def __call__(self) -> web.RequestHandler:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own runners pass None for no log
            auto_decompress=False,  # a signature is of the bytes as they are sent
            keepalive_timeout=TIMEOUT_SECONDS,  # also for headers: until they are complete a connection counts as idle
            lingering_time=1.0,  # to read the rest of a body that is refused
        )


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    """Return a request; one that claims HTTP/0.9 or 2.0 is answered in 1.0, as neither is spoken here."""
    if message.version not in _VERSIONS:
        message = message._replace(version=HttpVersion10)
    return web.BaseRequest(message, payload, protocol, writer, task, asyncio.get_running_loop())


@asynccontextmanager
async def serve_http(answer: Answer, host: str, port: int) -> AsyncIterator[int]:
    """Serve what answers requests, and give the port. Raises OSError if the port is in use.

    In the end it accepts no more connections, and gives those that there are a second to end.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await answer(request)
        except RefusedRequestError as refusal:
            return _refusal(request, refusal)
        except Exception as error:  # noqa: BLE001 - anybody can send anything; it gets one line in the log
            return _failure(request, error)

    server = _Server(handle, request_factory=_request)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        for site in list(runner.sites):
            await site.stop()
        for _ in range(_CLOSING_TURNS):
            await asyncio.sleep(0)
        await server.wait_closed(_CLOSING_SECONDS)
        await runner.cleanup()
