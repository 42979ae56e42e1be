"""Socket Mode: the app's connections, the envelopes sent over them and the acks received."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from aiohttp import ClientConnectionResetError, WSMsgType, web

from bot.sandbox.slack.context import SlackContext
from bot.sandbox.slack.models import Json

MAX_CONNECTIONS = 10  # of one app


class NoSocketError(Exception):
    """The app has no open connection."""


@dataclass(slots=True, eq=False)
class Connection:
    """One connection. Its methods may be called from any thread."""

    ws: web.WebSocketResponse
    request: web.Request
    loop: asyncio.AbstractEventLoop

    def abort(self) -> None:
        """Break the connection without a closing handshake."""
        self._with_transport(lambda transport: transport.abort())

    def pause(self) -> None:
        """Read no more, not even that the other side closes the connection."""
        self._with_transport(lambda transport: transport.pause_reading())

    def resume(self) -> None:
        """Read again."""
        self._with_transport(lambda transport: transport.resume_reading())

    def _with_transport(self, act: Callable[[asyncio.Transport], None]) -> None:
        def run() -> None:
            if isinstance(transport := self.request.transport, asyncio.Transport):
                act(transport)

        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(run)


class Sockets:
    """The connections of the app; `opened` counts all that there were. An envelope goes to a random one."""

    def __init__(self, context: SlackContext) -> None:
        self.opened = 0
        self._context = context
        self._connections: list[Connection] = []
        self._unacked: dict[str, asyncio.Future[Json]] = {}
        self._random = Random(7)
        self._frozen = False

    def __len__(self) -> int:
        return len(self._connections)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection, from its ticket to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._context.tokens.tickets:
            return web.Response(status=403, text="invalid ticket")
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        self._context.tokens.tickets.discard(ticket)
        connection = Connection(ws, request, asyncio.get_running_loop())
        if self._frozen:
            connection.pause()
        await self._run(connection)
        return ws

    async def deliver(self, envelope: Json, ack_timeout_s: float) -> Json | None:
        """Send an envelope over one connection and return the payload of its ack, if it has one.

        Raises NoSocketError if there is no connection, TimeoutError if no ack arrives in time.
        """
        ack = self._unacked[envelope["envelope_id"]] = asyncio.get_running_loop().create_future()
        try:
            await self._send(envelope)
            async with asyncio.timeout(ack_timeout_s):
                payload: Json | None = (await ack).get("payload")
                return payload
        finally:
            del self._unacked[envelope["envelope_id"]]

    def drop(self) -> None:
        """Break all connections without a closing handshake."""
        for connection in list(self._connections):
            connection.abort()

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every client to reconnect, as Slack does every few hours; "warning" announces it seconds before."""
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}
        for connection in list(self._connections):
            await connection.ws.send_json(message)
            if reason != "warning":
                await connection.ws.close()

    def freeze(self) -> None:
        """Stop reading: connections stay open and new ones are accepted, but pings and acks are not processed."""
        self._frozen = True
        for connection in self._connections:
            connection.pause()

    def thaw(self) -> None:
        """Read again."""
        self._frozen = False
        for connection in self._connections:
            connection.resume()

    async def _run(self, connection: Connection) -> None:
        self._connections.append(connection)
        self.opened += 1
        self._context.workspace.touch()
        try:
            await self._read(connection)
        except ClientConnectionResetError:
            pass  # the client disconnected while it was sent something
        finally:
            self._connections.remove(connection)
            self._context.workspace.touch()

    async def _read(self, connection: Connection) -> None:
        if len(self._connections) > MAX_CONNECTIONS:
            await connection.ws.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            return
        await connection.ws.send_json(self._hello())
        async for message in connection.ws:
            if message.type is WSMsgType.PING:
                await connection.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                self._receive_ack(message.data)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {"host": "applink-sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._context.workspace.app_id},
        }

    def _receive_ack(self, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        waiting = self._unacked.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(ack)

    async def _send(self, envelope: Json) -> None:
        connections = list(self._connections)
        self._random.shuffle(connections)
        for connection in connections:
            try:
                return await connection.ws.send_json(envelope)
            except ClientConnectionResetError:
                continue
        raise NoSocketError
