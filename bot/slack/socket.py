"""The socket: a Socket Mode connection that comes back by itself, whatever happens to it."""

import asyncio
import time
from contextlib import suppress

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.door import Door

log = structlog.get_logger(__name__)

PING_SECONDS = 5.0
WATCH_SECONDS = 3.0  # between looks at the connection
CONNECT_SECONDS = 20.0
MISSED_PINGS = 4  # a connection that stays silent so long is dead, whatever it says


class Socket:
    """One connection to Slack, watched: the client's own word that it is connected can be wrong."""

    def __init__(self, door: Door, app_token: str, address: str) -> None:
        # it wants a session of its own: the client makes another when the connection is renewed
        web = AsyncWebClient(base_url=address, timeout=10)
        self._handler = AsyncSocketModeHandler(door.bolt, app_token, web_client=web, ping_interval=PING_SECONDS)
        self._client = self._handler.client
        self._watching: asyncio.Task[None] | None = None
        self._was_up = False

    async def start(self) -> None:
        """Connect, wait for it a moment, and go on watching."""
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
        await asyncio.sleep(0)

    async def _watch(self) -> None:
        while True:
            if not await self.is_connected():
                await self._connect()
            up = await self.is_connected()
            if up != self._was_up:
                log.info("connected to Slack") if up else log.warning("not connected to Slack; trying again")
                self._was_up = up
            await asyncio.sleep(WATCH_SECONDS)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._client.connect_to_new_endpoint(force=True)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is tried again
            log.warning("cannot connect to Slack", why=f"{type(error).__name__}: {error}")
