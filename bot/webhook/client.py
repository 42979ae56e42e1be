"""The client of the webhook: one signed request an event, of whose answer only status and headers are read."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

import httpx

from bot import __version__
from bot.domain.connections import obstacle
from bot.domain.hosts import is_loopback
from bot.domain.http_headers import retry_after
from bot.outbox.receiver import Answer, Reply
from bot.settings.model import Settings
from bot.settings.webhook import secret_bytes
from bot.webhook.signature import signed_headers

_HEADERS = {"Content-Type": "application/json", "User-Agent": f"neo-usage/{__version__}"}
_UNAVAILABLE = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_NO_ANSWER = "no answer in time"


@dataclass(slots=True)
class WebhookClient:
    """Sends events to a receiver; `url` may hold a password, and is never logged."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    _certificates: ssl.SSLContext | None = field(default=None, repr=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """Return the client of the receiver in the settings; None if there is none."""
        if settings.webhook_url is None or settings.webhook_secret is None:
            return None
        return cls(settings.webhook_url.reveal(), secret_bytes(settings.webhook_secret))

    @property
    def address(self) -> str:
        """The fingerprint of the address."""
        return sha256(self.url.encode()).hexdigest()[:16]

    @property
    def host(self) -> str:
        """Scheme, host and port, which may be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    async def post(self, event_id: str, body: bytes, now: datetime, seconds: float) -> Answer:
        """Send an event, signed as of now, and return the answer."""
        headers = _HEADERS | signed_headers(self.secret, event_id, body, now)
        try:
            # the body of an answer is not read, however large it is
            async with (
                asyncio.timeout(seconds),
                self._http() as http,
                http.stream("POST", self.url, content=body, headers=headers) as response,
            ):
                return _answer(response.status_code, retry_after(response.headers, now))
        except (TimeoutError, httpx.TimeoutException):
            return Answer(Reply.UNAVAILABLE, _NO_ANSWER)
        except (httpx.HTTPError, httpx.InvalidURL, ImportError, OSError, ValueError) as error:
            return Answer(Reply.UNAVAILABLE, _why_unreachable(error))

    def _http(self) -> httpx.AsyncClient:
        encrypted = self.url.startswith("https://")
        if encrypted and self._certificates is None:
            self._certificates = httpx.create_ssl_context()
        return httpx.AsyncClient(
            verify=self._certificates or False,  # a plain request goes to the loopback alone
            trust_env=encrypted and not is_loopback(urlsplit(self.url).hostname or ""),
            follow_redirects=False,
            timeout=None,  # noqa: S113 - that of the whole request holds
        )


def _answer(status: int, asked_wait: float | None) -> Answer:
    why = f"HTTP {status}"
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(Reply.TAKEN)
    if status == HTTPStatus.GONE:
        return Answer(Reply.GONE, why)
    if status in _UNAVAILABLE or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Answer(Reply.UNAVAILABLE, why, asked_wait)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Answer(Reply.REFUSED, f"{why}, a redirect, which isn't followed", asked_wait)
    return Answer(Reply.REFUSED, why, asked_wait)


def _why_unreachable(error: Exception) -> str:
    """Return why there was no answer, without the exception's own text, which may hold the address."""
    proxy_status = str(error)[:3] if isinstance(error, httpx.ProxyError) else ""
    known_obstacle = obstacle(error, int(proxy_status) if proxy_status.isdigit() else None)
    return "the connection broke" if known_obstacle is None else known_obstacle.what
