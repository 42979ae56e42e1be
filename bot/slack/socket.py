"""The socket: a Socket Mode connection that comes back by itself, whatever happens to it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.settings import proxy_for
from bot.slack.connection import ConnectionState
from bot.slack.errors import RefusedBySlackError, SlackError, translated
from bot.slack.listener import Listener
from bot.slack.transport import session, web_client

log = structlog.get_logger(__name__)

PING_SECONDS = 5.0
WATCH_SECONDS = 3.0  # between looks at the connection
REFUSED_SECONDS = 15.0  # between tries of a token that Slack does not take
CONNECT_SECONDS = 20.0
MISSED_PINGS = 4  # a connection that stays silent so long is dead, whatever it says
_WEB_SECONDS = 10.0  # for Slack to name the connection's address, and again for it to open

Changed = Callable[[], Awaitable[None]]


class SocketConnection:
    """One connection to Slack, watched: the client's own word that it is connected can be wrong.

    `state` is kept up to date; `changed` is awaited when the refusal in it has become another.
    """

    def __init__(
        self, listener: Listener, app_token: str, address: str, state: ConnectionState, changed: Changed
    ) -> None:
        self._session = session(address, aiohttp.ClientTimeout(total=_WEB_SECONDS))
        self._handler = _Handler(listener, app_token, address, self._session)
        self._client = self._handler.client
        self._changed = changed
        self._watching: asyncio.Task[None] | None = None
        self._was_up = False
        self._state = state

    async def start(self) -> None:
        """Connect, wait for it a moment, and go on watching."""
        await self._handler.use(self._session)
        self._watching = asyncio.create_task(self._watch())
        for _ in range(100):
            if await self.is_connected():
                return
            await asyncio.sleep(0.02)

    async def is_connected(self) -> bool:
        """Whether acts in Slack reach us now."""
        if not await self._client.is_connected():
            return False
        last = self._client.last_ping_pong_time
        # the client compares with the machine's clock too
        return last is None or time.time() - last < PING_SECONDS * MISSED_PINGS  # noqa: TID251 - the client's own stamp

    async def stop(self) -> None:
        """Take no more acts; Slack tells people that we are gone."""
        if self._watching is not None:
            self._watching.cancel()
            with suppress(asyncio.CancelledError):
                await self._watching
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
            await self._keep("" if up else refusal)
            await asyncio.sleep(max(WATCH_SECONDS, REFUSED_SECONDS if self._state.refusal else 0))

    async def _keep(self, refusal: str | None) -> None:
        """Remember whether Slack takes the token, and tell of it when that is new."""
        if refusal == self._state.refusal:
            return
        self._state.refusal = refusal
        if refusal:
            log.error("Slack does not take SLACK_APP_TOKEN", why=refusal)
        try:
            await self._changed()
        except Exception:
            log.exception("could not tell that the connection has changed")

    async def _connect(self) -> str | None:
        """Connect anew; the refusal after it, which nobody knows better than before where Slack does not answer."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                with translated():
                    await self._client.connect_to_new_endpoint(force=True)
        except RefusedBySlackError as refusal:
            return refusal.code
        except (SlackError, TimeoutError) as error:
            log.warning("cannot connect to Slack", why=str(error) or type(error).__name__)
            return self._state.refusal
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
            log.warning("cannot connect to Slack", why=type(error).__name__)
            return self._state.refusal
        return ""


class _Handler(AsyncSocketModeHandler):
    """Bolt's handler, which hands what comes to the door, and speaks to Slack alone."""

    client: SocketModeClient

    def __init__(self, listener: Listener, app_token: str, address: str, over: aiohttp.ClientSession) -> None:
        web = web_client(None, address, over)
        super().__init__(listener.bolt, app_token, web_client=web, ping_interval=PING_SECONDS)
        self._door = listener
        self.client.proxy = proxy_for(address)

    async def use(self, over: aiohttp.ClientSession) -> None:
        """Have the connection made over a session of ours; the client has made one of its own."""
        own, self.client.aiohttp_client_session = self.client.aiohttp_client_session, over
        await own.close()

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Acknowledge what came."""
        answer = await self._door.dispatch(req.payload, req.envelope_id)
        await send_async_response(client, req, answer, time.monotonic())
