"""The client: one page of the upstream at a time, asked again while that may help. httpx stays behind it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
import stamina

from bot.neo.errors import (
    GarbledError,
    RejectedError,
    TooLargeError,
    TransientError,
    UnavailableError,
    from_answer,
)
from bot.neo.wire import NotAPageError, Page, decode_page, fault_code
from bot.settings import is_loopback

PATH = "/api/v1/usage/tasks"
LARGEST_PAGE = 200
SMALLEST_PAGE = 20
CONCURRENCY = 4
_MAX_BODY = 64 * 2**20  # bytes; a page of 200 with long histories is far below


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    For one answer; in all, before a question is given up; or in all where the upstream itself asks for waits.
    """

    answer: float = 30.0
    connect: float = 10.0
    deadline: float = 60.0
    longest_retry_after: float = 240.0
    first_wait: float = 0.5


@dataclass(frozen=True, slots=True)
class Span:
    """What `from` and `to` are set to; a missing start reaches back to the beginning."""

    start: datetime | None
    end: datetime


class NeoClient:
    """Asks one upstream with one credential; use `connect`."""

    def __init__(self, http: httpx.AsyncClient, patience: Patience) -> None:
        self._http = http
        self._patience = patience
        self.upstream_time: datetime | None = None  # by the `Date` of the last answer

    async def page(self, span: Span, *, limit: int, offset: int) -> Page:
        """One page of the tasks of a span.

        Raises:
            TooLargeError: at once, while a smaller page is left to be tried.
            NeoError: when asking again does not help, or has not helped for long enough.
        """
        parameters = {"from": _utc_text(span.start), "to": _utc_text(span.end, up=True)}
        return await self._patiently(parameters | {"limit": str(limit), "offset": str(offset)})

    async def task(self, task_id: str) -> Page:
        """One task alone, free of any span that could clip it.

        Raises:
            NeoError: see `page`.
        """
        return await self._patiently({"task_id": task_id, "limit": "2"})

    async def _patiently(self, parameters: Mapping[str, str | None]) -> Page:
        loop = asyncio.get_running_loop()
        began = loop.time()
        may_shrink = int(parameters.get("limit") or 0) > SMALLEST_PAGE

        def again(error: Exception) -> bool | float:
            if not isinstance(error, TransientError) or (may_shrink and isinstance(error, TooLargeError)):
                return False
            if error.retry_after is None:
                return loop.time() - began < self._patience.deadline
            return loop.time() - began + error.retry_after <= self._patience.longest_retry_after and error.retry_after

        async for attempt in stamina.retry_context(
            on=again, attempts=None, timeout=None, wait_initial=self._patience.first_wait, wait_max=10.0
        ):
            with attempt:
                return await self._once({name: value for name, value in parameters.items() if value is not None})
        raise AssertionError

    async def _once(self, parameters: Mapping[str, str]) -> Page:
        try:
            async with asyncio.timeout(self._patience.answer):
                status, headers, body = await self._get(parameters)
        except (TimeoutError, httpx.ReadTimeout):
            raise TooLargeError(f"Neo gave no answer within {self._patience.answer:.0f} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # `from None`: a client's exception carries the request, and the request the key
            raise UnavailableError(f"Neo cannot be reached ({_what(error)}).") from None
        self.upstream_time = _http_date(headers.get("date"))
        if status != HTTPStatus.OK:
            raise from_answer(status, fault_code(body), _retry_after(headers))
        try:
            return decode_page(body)
        except NotAPageError as error:
            raise GarbledError(f"Neo's answer is no page of tasks: {error}. Is NEO_API_URL right?") from None

    async def _get(self, parameters: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
        async with self._http.stream("GET", PATH, params=parameters) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _MAX_BODY:
                    raise TooLargeError("Neo's answer is larger than 64 MB.")
            return response.status_code, response.headers, bytes(body)


@asynccontextmanager
async def connect(
    url: str, credential: Mapping[str, str], patience: Patience | None = None
) -> AsyncIterator[NeoClient]:
    """A client for an upstream, with its connections kept open until the end.

    Args:
        url: scheme and host, perhaps a path before `/api`.
        credential: the one header that authorises.
        patience: how long to wait.
    """
    patience = patience or Patience()
    stamina.instrumentation.set_on_retry_hooks([])  # what comes of the tries is said in one sentence at the end
    async with _http(url, credential, patience) as http:
        yield NeoClient(http, patience)


def _http(url: str, credential: Mapping[str, str], patience: Patience) -> httpx.AsyncClient:
    encrypted = url.startswith("https://")
    try:
        here = is_loopback(httpx.URL(url).host)
        return httpx.AsyncClient(
            base_url=url,
            # a plain request, to the loopback alone, needs no certificates to be read
            verify=httpx.create_ssl_context() if encrypted else False,
            headers={"Accept": "application/json", **credential},
            # a proxy would read the key of a plain request, and has nothing to do with what stays on this machine
            trust_env=encrypted and not here,
            follow_redirects=False,  # httpx would carry X-Api-Key along to another host
            timeout=httpx.Timeout(patience.answer, connect=patience.connect),
            limits=httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY),
        )
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        raise RejectedError(
            f"no connection can be set up ({error}). Check NEO_API_URL, proxy variables and SSL_CERT_FILE."
        ) from None


def _utc_text(moment: datetime | None, *, up: bool = False) -> str | None:
    """`...Z` in whole seconds, outwards; a raw `+00:00` would decode to a space."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    if up and utc.microsecond:
        utc += timedelta(seconds=1)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}"


def _what(error: Exception) -> str:
    names = {"ConnectError": "no connection", "ConnectTimeout": "no connection in time"}
    return names.get(type(error).__name__, "the connection broke")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the Retry-After header, in either of its forms; the date is read against `Date`."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    wanted, sent = _http_date(text), _http_date(headers.get("date"))
    return max(0.0, (wanted - sent).total_seconds()) if wanted and sent else None


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
