"""Socket Mode: the connections of the app, the envelopes that go over them and the acks that come back."""

import asyncio
import json
from dataclasses import dataclass, field
from random import Random

from aiohttp import ClientConnectionResetError, WSMsgType, web

from bot.sandbox.slack.desk import Desk
from bot.sandbox.slack.things import Json

MOST = 10  # connections of one app


class NoSocketError(Exception):
    """The app has no connection."""


@dataclass(slots=True, eq=False)
class Link:
    """One connection."""

    ws: web.WebSocketResponse
    asked: web.Request
    loop: asyncio.AbstractEventLoop
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    def cut(self) -> None:
        """Break it without a word, from any thread."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        if transport := self.asked.transport:
            transport.abort()


class Sockets:
    """All connections of one app. Each payload goes to a random one of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._links: list[Link] = []
        self._unacked: dict[str, asyncio.Future[Json]] = {}
        self._random = Random(7)
        self._frozen = False

    def __len__(self) -> int:
        return len(self._links)

    async def serve(self, asked: web.Request) -> web.StreamResponse:
        """One connection, from its ticket to its end."""
        ticket = asked.query.get("ticket", "")
        if ticket not in self._desk.tickets:
            return web.Response(status=403, text="invalid ticket")
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(asked)
        self._desk.tickets.discard(ticket)
        link = Link(ws, asked, asyncio.get_running_loop())
        if not self._frozen:
            link.awake.set()
        await self._talk(link)
        return ws

    async def deliver(self, envelope: Json, patience_s: float) -> Json | None:
        """Send it to one connection, and give the payload of its ack, if any.

        Raises NoSocketError when there is no connection, TimeoutError when nobody acknowledged in time.
        """
        acked = self._unacked[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        try:
            await self._send(envelope)
            async with asyncio.timeout(patience_s):
                payload: Json | None = (await acked).get("payload")
                return payload
        finally:
            del self._unacked[envelope["envelope_id"]]

    def drop(self) -> None:
        """Break all connections without a word."""
        for link in list(self._links):
            link.cut()

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every client to connect anew, as Slack does every few hours; "warning" comes some seconds before."""
        told = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
        for link in list(self._links):
            await link.ws.send_json(told)
            if reason != "warning":
                await link.ws.close()

    def freeze(self) -> None:
        """Go deaf: connections stay, new ones are taken, but neither pings nor acks are heard."""
        self._frozen = True
        for link in self._links:
            link.loop.call_soon_threadsafe(link.awake.clear)

    def thaw(self) -> None:
        """Hear again."""
        self._frozen = False
        for link in self._links:
            link.loop.call_soon_threadsafe(link.awake.set)

    async def _talk(self, link: Link) -> None:
        self._links.append(link)
        self._desk.workspace.touch()
        try:
            if len(self._links) > MOST:
                await link.ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
                return
            await link.ws.send_json(self._hello())
            async for message in link.ws:
                await link.awake.wait()
                if message.type is WSMsgType.PING:
                    await link.ws.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._hear(message.data)
        except ClientConnectionResetError:
            pass  # the client left while it was answered
        finally:
            self._links.remove(link)
            self._desk.workspace.touch()

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._desk.workspace.app_id},
        }

    def _hear(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        if isinstance(ack, dict) and (acked := self._unacked.get(ack.get("envelope_id", ""))) and not acked.done():
            acked.set_result(ack)

    async def _send(self, envelope: Json) -> None:
        links = list(self._links)
        self._random.shuffle(links)
        for link in links:
            try:
                return await link.ws.send_json(envelope)
            except ClientConnectionResetError:
                continue
        raise NoSocketError
