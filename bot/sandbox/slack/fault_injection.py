"""Applies a fault to a request: to its answer, to the connection, and to whether the request is carried out."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aiohttp import web

from bot.sandbox.fault_injection import reset_connection
from bot.sandbox.slack.faults import Fault, Hang, Html, Late, Mangle, RateLimited, Refuse, Reset, Slow, Status
from bot.sandbox.slack.models import Json


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent: JSON or text."""

    body: Json | str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "text/plain"

    def to_aiohttp(self) -> web.Response:
        """Return the reply as aiohttp sends it."""
        if isinstance(self.body, str):
            kind = self.content_type
            return web.Response(text=self.body, status=self.status, headers=self.headers, content_type=kind)
        return web.json_response(self.body, status=self.status, headers=self.headers)


async def respond(fault: Fault | None, run: Callable[[], Reply], request: web.Request) -> web.StreamResponse:
    """Run what was requested and respond, as far as the fault allows."""
    match fault:
        case Hang(done=done):
            _ = run() if done else None
            await asyncio.Event().wait()  # until the server library cancels
        case Reset(done=done):
            _ = run() if done else None
            return reset(request)
        case Late(seconds=seconds):
            asyncio.get_running_loop().call_later(seconds, run)
            return reset(request)
        case Slow(seconds=seconds, done=True):
            reply = run()
            await asyncio.sleep(seconds)
            return reply.to_aiohttp()
        case Slow(seconds=seconds):
            await asyncio.sleep(seconds)
    return _reply(fault, run).to_aiohttp()


def reset(request: web.Request) -> web.Response:
    """Reset the connection and return a response that nobody receives."""
    reset_connection(request)
    return web.Response()


def _reply(fault: Fault | None, run: Callable[[], Reply]) -> Reply:
    match fault:
        case Refuse(error=error, more=more):
            return Reply({"ok": False, "error": error, **more})
        case RateLimited(retry_after=seconds):
            return Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(seconds)})
        case Status(status=status, code=code):
            return Reply({"ok": False, "error": code or "internal_error"}, status)
        case Html(status=status, body=body):
            return Reply(body, status, content_type="text/html")
        case Mangle(change=change):
            return _change_answer(run(), change)
    return run()


def _change_answer(reply: Reply, change: Callable[[Json], Json | None]) -> Reply:
    if isinstance(reply.body, str):
        return reply
    body = json.loads(json.dumps(reply.body))  # a copy, so that the stored message keeps its content
    changed = change(body)
    return replace(reply, body=body if changed is None else changed)
