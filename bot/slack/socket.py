"""The Socket Mode connection, which is made again by itself, whatever happens to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.cancellation import cancel_and_wait
from bot.measurements import UNMEASURED, Measurements
from bot.settings.proxy import proxy_for
from bot.slack.connection import ConnectionState
from bot.slack.errors import RefusedBySlackError, SlackError, translated_errors
from bot.slack.listener import Listener
from bot.slack.transport import slack_session, web_client

log = structlog.get_logger(__name__)

PING_SECONDS = 5.0
WATCH_SECONDS = 3.0  # between checks of the connection
REFUSED_SECONDS = 15.0  # between checks while Slack refuses the token
CONNECT_SECONDS = 20.0
CLOSE_SECONDS = 0.5  # for Slack to answer that the connection is being closed
MISSED_PINGS = 4  # pings without an answer after which a connection is dead, whatever the client says
_WEB_SECONDS = 10.0  # for Slack to name the connection's address, and again to open the connection

OnChange = Callable[[], Awaitable[None]]


class SocketConnection:
    """A connection to Slack that is watched, as slack-sdk can be wrong about whether it is connected.

    It keeps `state` up to date, and awaits `on_change` when the refusal in it has changed. `now` gives the real time,
    by which slack-sdk dates its pings. `measurements` counts its requests to Slack.
    """

    def __init__(
        self,
        listener: Listener,
        app_token: str,
        address: str,
        state: ConnectionState,
        *,
        on_change: OnChange,
        now: Callable[[], datetime],
        measurements: Measurements = UNMEASURED,
    ) -> None:
        self._session = slack_session(address, aiohttp.ClientTimeout(total=_WEB_SECONDS))
        self._handler = _Handler(listener, app_token, address, self._session, measurements)
        self._client = self._handler.client
        self._on_change, self._now = on_change, now
        self._watching: asyncio.Task[None] | None = None
        self._was_up = False
        self._state = state

    async def start(self) -> None:
        """Begin to connect and to watch the connection, and wait up to two seconds for it."""
        await self._handler.use_session(self._session)
        self._watching = asyncio.create_task(self._watch())
        for _ in range(100):
            if await self.is_connected():
                return
            await asyncio.sleep(0.02)

    async def is_connected(self) -> bool:
        """Return whether requests of Slack reach the service now."""
        if not await self._client.is_connected():
            return False
        last = self._client.last_ping_pong_time
        return last is None or self._now().timestamp() - last < PING_SECONDS * MISSED_PINGS

    async def stop(self) -> None:
        """Close the connection, also one that is dead; Slack tells people from now on that the app does not answer."""
        if self._watching is not None:
            await cancel_and_wait([self._watching], CLOSE_SECONDS)
        for _ in range(2):  # the first may be broken off before the client has ended its tasks
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._handler.close_async()  # type: ignore[no-untyped-call]
        await self._session.close()
        await asyncio.sleep(0)

    async def _watch(self) -> None:
        while True:
            refusal = "" if await self.is_connected() else await self._connect()
            up = await self.is_connected()
            if up != self._was_up:
                log.info("connected to Slack") if up else log.warning("not connected to Slack; trying again")
                self._was_up = up
            await self._record("" if up else refusal)
            await asyncio.sleep(max(WATCH_SECONDS, REFUSED_SECONDS if self._state.refusal else 0))

    async def _record(self, refusal: str | None) -> None:
        """Record whether Slack refuses the token, and log and report it if that has changed."""
        if refusal == self._state.refusal:
            return
        self._state.refusal = refusal
        if refusal:
            log.error("Slack rejects SLACK_APP_TOKEN", why=refusal)
        try:
            await self._on_change()
        except Exception:
            log.exception("could not report that the connection has changed")

    async def _connect(self) -> str | None:
        """Connect again, and return Slack's refusal, "" if there is none; the known one if Slack does not answer."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                with translated_errors():
                    await self._client.connect_to_new_endpoint(force=True)
        except RefusedBySlackError as refusal:
            return refusal.code
        except (SlackError, TimeoutError) as error:
            log.warning("cannot connect to Slack", why=str(error) or type(error).__name__)
            return self._state.refusal
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it is tried again
            log.warning("cannot connect to Slack", why=type(error).__name__)
            return self._state.refusal
        return ""


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, which passes requests to the listener, and connects to Slack alone."""

    client: SocketModeClient

    def __init__(
        self,
        listener: Listener,
        app_token: str,
        address: str,
        session: aiohttp.ClientSession,
        measurements: Measurements,
    ) -> None:
        web = web_client(None, address, session, measurements=measurements)
        super().__init__(listener.bolt, app_token, web_client=web, ping_interval=PING_SECONDS)
        self._listener = listener
        self.client.proxy = proxy_for(address)

    async def use_session(self, session: aiohttp.ClientSession) -> None:
        """Connect over this session from now on, instead of the one that the client made for itself."""
        own, self.client.aiohttp_client_session = self.client.aiohttp_client_session, session
        await own.close()

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Have the listener answer a request, and send its answer."""
        answer = await self._listener.dispatch(req.payload, req.envelope_id)
        await send_async_response(client, req, answer, time.monotonic())
