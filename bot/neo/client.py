"""The client: one page of the upstream at a time, asked again while that may help. httpx stays behind it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx
import stamina

from bot.domain.connections import NOT_IN_TIME, obstacle
from bot.domain.hosts import is_loopback
from bot.domain.tasks import Refused
from bot.neo.errors import (
    GarbledError,
    NeoError,
    ObstructedError,
    RejectedError,
    TooLargeError,
    TooLongError,
    TransientError,
    UnavailableError,
    from_answer,
)
from bot.neo.wire import NotAPageError, Page, decode_page, fault_code

PATH = "/api/v1/usage/tasks"
LARGEST_PAGE = 200
SMALLEST_PAGE = 20
CONCURRENCY = 4
_AHEAD = timedelta(days=1)  # of this clock, that a task may be created; much more, and its day is no day yet
_LONG = timedelta(days=4)  # more than what every poll reads
_PERHAPS_TOO_LONG = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}  # a span; an address is 404
_ENCODINGS = {"", "identity", "gzip", "deflate"}  # one alone: several unfold to thousands of times the size each
_MAX_BODY = 64 * 2**20  # bytes; a page of 200 with long histories is far below


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait, in seconds.

    For one answer; in all, before a question is given up; or in all where the upstream itself asks for waits.
    """

    answer: float = 30.0
    connect: float = 10.0
    deadline: float = 60.0
    longest_retry_after: float = 240.0
    first_wait: float = 0.5


@dataclass(frozen=True, slots=True)
class QueryWindow:
    """What `from` and `to` are set to; a missing start reaches back to the beginning."""

    start: datetime | None
    end: datetime

    @property
    def is_long(self) -> bool:
        """Whether it may be refused for its length alone."""
        return self.start is None or self.end - self.start > _LONG


class NeoClient:
    """Asks one upstream with one credential; use `connect`."""

    def __init__(
        self, http: httpx.AsyncClient, retry_policy: RetryPolicy, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._http = http
        self._patience = retry_policy
        self._clock = clock
        self.upstream_time: datetime | None = None  # by the `Date` of the last answer

    async def page(self, span: QueryWindow, *, limit: int, offset: int) -> Page:
        """One page of the tasks of a span.

        Raises:
            TooLargeError: at once, while a smaller page is left to be tried.
            TooLongError: Neo refuses so deep an offset, or so long a span: a shorter one is left to be tried.
            NeoError: when asking again does not help, or has not helped for long enough.
        """
        parameters = {"from": _utc_text(span.start), "to": _utc_text(span.end, up=True)}
        may_cut = offset > 0 or span.is_long
        less = limit > SMALLEST_PAGE or may_cut
        try:
            return await self._patiently(parameters | {"limit": str(limit), "offset": str(offset)}, less=less)
        except (TooLargeError, RejectedError) as error:
            too_large = isinstance(error, TooLargeError) and limit <= SMALLEST_PAGE and may_cut
            refused = isinstance(error, RejectedError) and (offset or (error.status in _PERHAPS_TOO_LONG and may_cut))
            if not too_large and not refused:
                raise
            what = f"beyond the first {offset:,}" if offset else "of so long a window"
            raise TooLongError(f"Neo does not list the tasks {what}: {error}") from None

    async def task(self, task_id: str) -> Page:
        """One task alone, free of any span that could clip it; refused if Neo does not take a question for it.

        Raises:
            NeoError: see `page`.
        """
        try:
            return await self._patiently({"task_id": task_id, "limit": "2"}, less=False)
        except (RejectedError, TooLargeError) as error:
            why = str(error).partition(". ")[0].rstrip(".")
            return Page((), (Refused(task_id, f"asked for alone: {why}"),), 1)

    async def _patiently(self, parameters: Mapping[str, str | None], *, less: bool) -> Page:
        """Ask again while that may help; with `less`, what is too large is left to whoever can ask for less."""
        loop = asyncio.get_running_loop()
        began = loop.time()

        def again(error: Exception) -> bool | float:
            if not isinstance(error, TransientError) or (less and isinstance(error, TooLargeError)):
                return False
            if not error.retry_after:  # none, or no wait at all: then pauses that grow
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
        except httpx.DecodingError:
            raise GarbledError("Neo's answer is no page of tasks: its compression is broken.") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # `from None`: a client's exception carries the request, and the request the key
            raise _unreachable(error) from None
        now = self._clock() if self._clock else None
        self.upstream_time = _http_date(headers.get("date"))
        if status != HTTPStatus.OK:
            raise from_answer(status, fault_code(body), _retry_after(headers, now))
        try:
            return decode_page(body, latest=now and now + _AHEAD)
        except NotAPageError as error:
            raise GarbledError(f"Neo's answer is no page of tasks: {error}. Is NEO_API_URL right?") from None

    async def _get(self, parameters: Mapping[str, str]) -> tuple[int, httpx.Headers, bytes]:
        async with self._http.stream("GET", PATH, params=parameters) as response:
            if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                raise GarbledError("Neo's answer is no page of tasks: its compression was not asked for.")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _MAX_BODY:
                    raise TooLargeError("Neo's answer is larger than 64 MB.")
            return response.status_code, response.headers, bytes(body)


@asynccontextmanager
async def connect(
    url: str,
    credential: Mapping[str, str],
    retry_policy: RetryPolicy | None = None,
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[NeoClient]:
    """A client for an upstream, with its connections kept open until the end.

    Args:
        url: scheme and host, perhaps a path before `/api`.
        credential: the one header that authorises.
        retry_policy: how long to wait.
        clock: gives aware times; without it, rows of the future are not told.
    """
    retry_policy = retry_policy or RetryPolicy()
    stamina.instrumentation.set_on_retry_hooks([])  # what comes of the tries is said in one sentence at the end
    async with _http(url, credential, retry_policy) as http:
        yield NeoClient(http, retry_policy, clock)


def _http(url: str, credential: Mapping[str, str], retry_policy: RetryPolicy) -> httpx.AsyncClient:
    encrypted = url.startswith("https://")
    try:
        here = is_loopback(httpx.URL(url).host)
        return httpx.AsyncClient(
            base_url=url,
            # a plain request, to the loopback alone, needs no certificates to be read
            verify=httpx.create_ssl_context() if encrypted else False,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip, deflate", **credential},
            # a proxy would read the key of a plain request, and has nothing to do with what stays on this machine
            trust_env=encrypted and not here,
            follow_redirects=False,  # httpx would carry X-Api-Key along to another host
            timeout=httpx.Timeout(retry_policy.answer, connect=retry_policy.connect),
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


def _unreachable(error: Exception) -> NeoError:
    proxy_status = str(error)[:3] if isinstance(error, httpx.ProxyError) else ""
    found = obstacle(error, int(proxy_status) if proxy_status.isdigit() else None)
    if found is None and isinstance(error, httpx.ConnectTimeout):
        found = NOT_IN_TIME
    if found is None:
        why = "no connection" if isinstance(error, httpx.ConnectError) else "the connection broke"
        return UnavailableError(f"Neo cannot be reached ({why}).")
    return (ObstructedError if found.lasting else UnavailableError)(f"Neo cannot be reached: {found}")


_SECONDS = re.compile(r"(\d+)(\.\d*)?", re.ASCII)  # whole by the standard, and yet some send fractions


def _retry_after(headers: Mapping[str, str], now: datetime | None) -> float | None:
    """Seconds to wait by the Retry-After header, in either of its forms; the date is read against `Date`, else now."""
    text = headers.get("retry-after", "").strip()
    if seconds := _SECONDS.fullmatch(text):
        return float(f"{seconds[1][:9]}{seconds[2] or ''}")
    wanted, sent = _http_date(text), _http_date(headers.get("date")) or now
    return max(0.0, (wanted - sent).total_seconds()) if wanted and sent else None


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
