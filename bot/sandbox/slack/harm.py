"""What a fault does to a request: to its answer, to the connection, and to whether anything is done at all."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aiohttp import web

from bot.sandbox.slack.faults import Fault, Hang, Html, Late, Limited, Mangle, Refuse, Reset, Slow, Status
from bot.sandbox.slack.things import Json

LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST, not FIN


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be sent: JSON, or a text."""

    body: Json | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/plain"

    def response(self) -> web.Response:
        """The reply as the server library sends it."""
        if isinstance(self.body, str):
            kind = self.content_type
            return web.Response(text=self.body, status=self.status, headers=self.headers, content_type=kind)
        return web.json_response(self.body, status=self.status, headers=self.headers)


async def suffered(fault: Fault | None, do: Callable[[], Reply], asked: web.Request) -> web.StreamResponse:
    """Do what was asked and answer it, as far as the fault lets."""
    match fault:
        case Hang(done=done):
            _ = do() if done else None
            await asyncio.Event().wait()  # until the server library cancels
        case Reset(done=done):
            _ = do() if done else None
            return cut(asked)
        case Late(seconds=seconds):
            asyncio.get_running_loop().call_later(seconds, do)
            return cut(asked)
        case Slow(seconds=seconds, done=True):
            reply = do()
            await asyncio.sleep(seconds)
            return reply.response()
        case Slow(seconds=seconds):
            await asyncio.sleep(seconds)
    return _instead(fault, do).response()


def _instead(fault: Fault | None, do: Callable[[], Reply]) -> Reply:
    match fault:
        case Refuse(error=error, more=more):
            return Reply({"ok": False, "error": error, **more})
        case Limited(retry_after=seconds):
            return Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})
        case Status(status=status, code=code):
            return Reply({"ok": False, "error": code or "internal_error"}, status)
        case Html(status=status, body=body):
            return Reply(body, status, content_type="text/html")
        case Mangle(change=change):
            return _lied(do(), change)
    return do()


def _lied(reply: Reply, change: Callable[[Json], Json | None]) -> Reply:
    if isinstance(reply.body, str):
        return reply
    body = json.loads(json.dumps(reply.body))  # a copy: the truth stays
    changed = change(body)
    return replace(reply, body=body if changed is None else changed)


def cut(asked: web.Request) -> web.Response:
    """Reset the connection; the response that nobody gets."""
    if transport := asked.transport:  # gone when the client left first
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()
    return web.Response()
