"""What a fault does: to the page before it is encoded, to the answer, and on the connection."""

import asyncio
import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from bot.sandbox.answers import Answer, Page
from bot.sandbox.faults import (
    Body,
    Duplicate,
    Fault,
    Hang,
    Html,
    Mangle,
    More,
    Redirect,
    Reset,
    Slow,
    Status,
    Total,
    Truncated,
)

LINGER_NOT = struct.pack("ii", 1, 0)  # closing sends RST, not FIN


def edited(page: Page, fault: Fault | None) -> Page:
    """The page of a good answer after the fault."""
    match fault:
        case Total(lie=lie):
            return replace(page, total=lie if isinstance(lie, int) else lie(page.total))
        case More(lie=lie):
            return replace(page, has_more=lie)
        case Duplicate(count=count):
            return replace(page, rows=[*page.rows, *page.rows[:count]])
        case Mangle(mangle=mangle):
            mangled = mangle(rows := [dict(row) for row in page.rows])
            return replace(page, rows=rows if mangled is None else mangled)
        case _:
            return page


def altered(answer: Answer, fault: Fault | None, number: int) -> Answer:
    """The answer to request `number`, good or not, after the fault."""
    match fault:
        case Status():
            return _failed(fault, number)
        case Html(status=status, body=html):
            return Answer(status, html.encode(), "text/html; charset=utf-8")
        case Body(body=body):
            return Answer(200, body)
        case Redirect(location=location, status=status):
            return Answer(status, b"", headers={"Location": location})
        case Truncated(share=share):
            return replace(answer, body=answer.body[: int(len(answer.body) * share)])
        case _:
            return answer


async def sent(answer: Answer, fault: Fault | None, request: web.Request) -> web.StreamResponse:
    """The response as it was, or is to be, sent."""
    match fault:
        case Hang():
            await asyncio.Event().wait()  # until the server library cancels
        case Reset(mid_body=True):
            await _reset_after_half(answer, request)
        case Reset():
            _reset(request)
        case Slow():
            return await _dripped(answer, fault, request)
    return answer.response()


def _failed(fault: Status, number: int) -> Answer:
    failed = Answer.error(fault.status, fault.detail, number, fault.code)
    match fault.retry_after:
        case None:
            return failed
        case datetime() as moment:
            return replace(failed, headers={"Retry-After": _http_date(moment)})
        case seconds:
            return replace(failed, headers={"Retry-After": str(seconds)})


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


async def _dripped(answer: Answer, slow: Slow, request: web.Request) -> web.StreamResponse:
    response = await _begun(answer, request)
    size = max(1, -(-len(answer.body) // slow.pieces))
    for start in range(0, len(answer.body), size):
        await asyncio.sleep(slow.seconds / slow.pieces)
        await response.write(answer.body[start : start + size])
    await response.write_eof()
    return response


async def _reset_after_half(answer: Answer, request: web.Request) -> None:
    response = await _begun(answer, request)
    await response.write(answer.body[: len(answer.body) // 2])
    _reset(request)


async def _begun(answer: Answer, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.head())
    response.content_length = len(answer.body)
    await response.prepare(request)
    return response


def _reset(request: web.Request) -> None:
    if transport := request.transport:  # gone when the client left first
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        transport.abort()
