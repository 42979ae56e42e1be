"""The client: one page of the upstream at a time, requested again while that may help, and its summary.

Only it knows httpx.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import httpx
import stamina

from bot.domain.connections import NOT_IN_TIME, obstacle
from bot.domain.hosts import is_loopback
from bot.domain.http_headers import http_date, retry_after
from bot.domain.tasks import Refused
from bot.measurements import UNMEASURED, Measurements
from bot.neo.errors import (
    GarbledError,
    NeoError,
    ObstructedError,
    OversizedError,
    RejectedError,
    TooLargeError,
    TooLongError,
    TransientError,
    UnavailableError,
    error_of_answer,
)
from bot.neo.page import NotAPageError, Page
from bot.neo.summary import NotASummaryError, Summary, decode_summary
from bot.neo.wire import decode_page, error_code
from bot.unused_modules import note_if_missing

PATH = "/api/v1/usage/tasks"
SUMMARY_PATH = "/api/v1/usage/summary"
LARGEST_PAGE = 200
SMALLEST_PAGE = 20
CONCURRENCY = 4
_AHEAD = timedelta(days=1)  # how far ahead of this clock a task may be created; what is later is refused
_LONG = timedelta(days=4)  # longer than the window of a poll
_PERHAPS_TOO_LONG = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}  # a wrong address is 404
_ENCODINGS = {"", "identity", "gzip", "deflate"}  # only one at a time: several may unpack to a huge size
_MAX_BODY = 64 * 2**20  # bytes; a page of 200 with long histories is far below
_MAX_SUMMARY = 4 * 2**20  # bytes: days of many years and thirty thousand members, decoded before anybody waits for it


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long to wait, in seconds.

    `answer` and `connect` are for one request; `deadline` for all attempts of one, or `longest_retry_after` where the
    upstream itself asks for waits. `first_wait` is the pause before the second attempt; up to twice as much is added to
    every pause at random, so that not all clients come back at once. `summary` is for the one request of a summary,
    which is optional, and so is not requested again.
    """

    answer: float = 30.0
    connect: float = 10.0
    deadline: float = 60.0
    longest_retry_after: float = 240.0
    first_wait: float = 0.5
    summary: float = 20.0


@dataclass(frozen=True, slots=True)
class QueryWindow:
    """What `from` and `to` are set to; a missing start reaches back to the beginning."""

    start: datetime | None
    end: datetime

    @property
    def is_long(self) -> bool:
        """Whether Neo may refuse it for its length alone."""
        return self.start is None or self.end - self.start > _LONG


class NeoClient:
    """A client of one upstream with one credential, made by `connect`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        retry_policy: RetryPolicy,
        clock: Callable[[], datetime] | None = None,
        measurements: Measurements = UNMEASURED,
    ) -> None:
        self._http = http
        self._measurements = measurements
        self._retry_policy = retry_policy
        self._clock = clock
        self.upstream_time: datetime | None = None  # by the `Date` of the last answer

    async def page(self, window: QueryWindow, *, limit: int, offset: int) -> Page:
        """Return one page of the tasks of a window.

        Raises:
            TooLargeError: at once, while a smaller page is left to be tried.
            TooLongError: Neo refuses so deep an offset, or so long a span: a shorter one is left to be tried.
            NeoError: when asking again does not help, or has not helped for long enough.
        """
        parameters = {"from": _utc_text(window.start), "to": _utc_text(window.end, up=True)}
        may_cut = offset > 0 or window.is_long
        can_ask_for_less = limit > SMALLEST_PAGE or may_cut
        try:
            return await self._get_page(
                parameters | {"limit": str(limit), "offset": str(offset)}, can_ask_for_less=can_ask_for_less
            )
        except (TooLargeError, RejectedError) as error:
            too_large = isinstance(error, TooLargeError) and limit <= SMALLEST_PAGE and may_cut
            refused = isinstance(error, RejectedError) and (offset or (error.status in _PERHAPS_TOO_LONG and may_cut))
            if not too_large and not refused:
                raise
            what = f"beyond the first {offset:,}" if offset else "of so long a window"
            raise TooLongError(f"Neo does not list the tasks {what}: {error}") from None

    async def task(self, task_id: str) -> Page:
        """Return one task alone, free of any window that could clip it; refused if Neo does not take the request.

        Raises:
            NeoError: see `page`.
        """
        try:
            return await self._get_page({"task_id": task_id, "limit": "2"}, can_ask_for_less=False)
        except (RejectedError, TooLargeError) as error:
            why = str(error).partition(". ")[0].rstrip(".")
            return Page((), (Refused(task_id, f"asked for alone: {why}"),), 1)

    async def summary(self, window: QueryWindow, *, by_day: bool = False) -> Summary:
        """Return the upstream's own totals of a window, from one request that is not repeated.

        Raises:
            NeoError: it did not answer in time, refused, or its answer is no summary.
        """
        parameters = {
            "from": _utc_text(window.start),
            "to": _utc_text(window.end, up=True),
            "group_by": "day" if by_day else None,
        }
        given = {name: value for name, value in parameters.items() if value is not None}
        with self._measured():
            body = await self._get_body(SUMMARY_PATH, given, self._retry_policy.summary, _MAX_SUMMARY)
            try:
                return decode_summary(body, by_day=by_day)
            except NotASummaryError as error:
                raise GarbledError(f"Neo's answer isn't a summary: {error}.") from None

    async def _get_page(self, parameters: Mapping[str, str | None], *, can_ask_for_less: bool) -> Page:
        """Return a page, asking again while that may help. A caller who can ask for less gets TooLargeError at once."""
        loop = asyncio.get_running_loop()
        began = loop.time()

        def may_retry(error: Exception) -> bool | float:
            if not isinstance(error, TransientError) or (can_ask_for_less and isinstance(error, TooLargeError)):
                return False
            if not error.retry_after:  # no wait was asked for: pauses that grow
                return loop.time() - began < self._retry_policy.deadline
            return (
                loop.time() - began + error.retry_after <= self._retry_policy.longest_retry_after and error.retry_after
            )

        async for attempt in stamina.retry_context(
            on=may_retry,
            attempts=None,
            timeout=None,
            wait_initial=self._retry_policy.first_wait,
            wait_jitter=2 * self._retry_policy.first_wait,
            wait_max=10.0,
        ):
            with attempt, self._measured():
                return await self._get_page_once(
                    {name: value for name, value in parameters.items() if value is not None}
                )
        raise AssertionError

    @contextmanager
    def _measured(self) -> Iterator[None]:
        """Count the request that is sent inside, by the error that it raises."""
        try:
            yield
        except NeoError as error:
            self._measurements.record_neo_request(error.kind)
            raise
        self._measurements.record_neo_request(None)

    async def _get_page_once(self, parameters: Mapping[str, str]) -> Page:
        body = await self._get_body(PATH, parameters, self._retry_policy.answer)
        now = self._clock() if self._clock else None
        try:
            return decode_page(body, latest=now and now + _AHEAD)
        except NotAPageError as error:
            raise GarbledError(f"Neo's answer isn't a page of tasks: {error}. Is NEO_API_URL right?") from None

    async def _get_body(self, path: str, parameters: Mapping[str, str], seconds: float, most: int = _MAX_BODY) -> bytes:
        """Return the body of an answer that came within so many seconds, of so many bytes at most.

        Raises NeoError for any other answer.
        """
        try:
            async with asyncio.timeout(seconds):
                status, headers, body = await self._stream_body(path, parameters, most)
        except (TimeoutError, httpx.ReadTimeout):
            raise TooLargeError(f"Neo gave no answer within {seconds:.0f} s.") from None
        except httpx.DecodingError:
            raise GarbledError("Neo's answer can't be read: its compression is broken.") from None
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # `from None`: a client's exception carries the request, and the request the key
            raise _unreachable(error) from None
        self.upstream_time = http_date(headers.get("date"))
        if status != HTTPStatus.OK:
            now = self._clock() if self._clock else None
            raise error_of_answer(status, error_code(body), retry_after(headers, now))
        return body

    async def _stream_body(
        self, path: str, parameters: Mapping[str, str], most: int
    ) -> tuple[int, httpx.Headers, bytes]:
        async with self._http.stream("GET", path, params=parameters) as response:
            if response.headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
                raise GarbledError("Neo's answer can't be read: its compression was not asked for.")
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > most:
                    raise OversizedError(f"Neo's answer is larger than {most // 2**20} MB.")
            return response.status_code, response.headers, bytes(body)


@asynccontextmanager
async def connect(
    url: str,
    credential: Mapping[str, str],
    retry_policy: RetryPolicy | None = None,
    clock: Callable[[], datetime] | None = None,
    measurements: Measurements = UNMEASURED,
) -> AsyncIterator[NeoClient]:
    """Yield a client of an upstream, whose connections stay open until the end.

    Args:
        url: scheme and host, perhaps a path before `/api`.
        credential: the one header that authorises.
        retry_policy: how long to wait.
        clock: gives aware times; without it, rows of the future are not recognised.
        measurements: counts each request.
    """
    retry_policy = retry_policy or RetryPolicy()
    stamina.instrumentation.set_on_retry_hooks([])  # the error raised at the end says what came of the attempts
    async with _http(url, credential, retry_policy) as http:
        yield NeoClient(http, retry_policy, clock, measurements)


def _http(url: str, credential: Mapping[str, str], retry_policy: RetryPolicy) -> httpx.AsyncClient:
    note_if_missing("sniffio")
    encrypted = url.startswith("https://")
    try:
        is_local = is_loopback(httpx.URL(url).host)
        return httpx.AsyncClient(
            base_url=url,
            # a plain request, to the loopback alone, needs no certificates to be read
            verify=httpx.create_ssl_context() if encrypted else False,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip, deflate", **credential},
            # a proxy would read the key of a plain request, and has nothing to do with what stays on this machine
            trust_env=encrypted and not is_local,
            follow_redirects=False,  # httpx would carry X-Api-Key along to another host
            timeout=httpx.Timeout(retry_policy.answer, connect=retry_policy.connect),
            limits=httpx.Limits(max_connections=CONCURRENCY, max_keepalive_connections=CONCURRENCY),
        )
    except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:
        raise RejectedError(
            f"no connection can be set up ({error}). Check NEO_API_URL, proxy variables and SSL_CERT_FILE."
        ) from None


def _utc_text(moment: datetime | None, *, up: bool = False) -> str | None:
    """Return `...Z` in whole seconds, rounded down, or `up`; a raw `+00:00` would decode to a space."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC)
    if up and utc.microsecond:
        utc += timedelta(seconds=1)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}"


def _unreachable(error: Exception) -> NeoError:
    proxy_status = str(error)[:3] if isinstance(error, httpx.ProxyError) else ""
    known_obstacle = obstacle(error, int(proxy_status) if proxy_status.isdigit() else None)
    if known_obstacle is None and isinstance(error, httpx.ConnectTimeout):
        known_obstacle = NOT_IN_TIME
    if known_obstacle is None:
        why = "no connection" if isinstance(error, httpx.ConnectError) else "the connection broke"
        return UnavailableError(f"Neo cannot be reached ({why}).")
    return (ObstructedError if known_obstacle.lasting else UnavailableError)(f"Neo cannot be reached: {known_obstacle}")
