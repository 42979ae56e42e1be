"""A receiver of the webhook's events on the loopback: keeps what comes, and answers as it is told to."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.sandbox.http_server import Server

PATH = "/hook"
_HUGE = b"x" * 2**20  # sent as often as anybody reads


@dataclass(frozen=True, slots=True)
class WebhookFault:
    """How one event is answered: after `seconds`, with a status and headers, or by cutting the connection.

    Where `taken` is set the event is kept although its sender does not learn so. A `huge` answer does not end.
    """

    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    cut: bool = False
    huge: bool = False
    taken: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether the event is kept."""
        return self.taken or (not self.cut and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that came: its headers, its body, and the status of the answer (0: none)."""

    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def id(self) -> str:
        """The id of the event."""
        return self.headers.get("webhook-id", "")


@dataclass(slots=True)
class WebhookApi:
    """Receives events: `deliveries` are those that were taken, `attempts` every request.

    `faults` are used up one by one; once there are none, `lasting` holds for all.
    """

    faults: deque[WebhookFault] = field(default_factory=deque)
    lasting: WebhookFault | None = None
    attempts: list[Delivery] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def application(self) -> web.Application:
        """Return a new application."""
        application = web.Application()
        application.add_routes([web.post(PATH, self._receive)])
        return application

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.popleft() if self.faults else self.lasting
        status = 204 if fault is None else 0 if fault.cut else fault.status
        headers: dict[str, Any] = {name.lower(): value for name, value in request.headers.items()}
        delivery = Delivery(headers, await request.read(), status)
        self.attempts.append(delivery)
        if fault is None or fault.is_taken:
            self.deliveries.append(delivery)
        return web.Response(status=status) if fault is None else await _answer(request, fault)


async def _answer(request: web.Request, fault: WebhookFault) -> web.StreamResponse:
    await asyncio.sleep(fault.seconds)
    if fault.cut:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if not fault.huge:
        return web.Response(status=fault.status, headers=fault.headers, text="kept from the log")
    response = web.StreamResponse(status=fault.status, headers=fault.headers)
    await response.prepare(request)
    while True:
        await response.write(_HUGE)


class WebhookServer(Server[WebhookApi]):
    """Serves a WebhookApi."""

    @property
    def hook_url(self) -> str:
        """The address that events are sent to."""
        return f"{self.url}{PATH}"
