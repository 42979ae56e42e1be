"""Applies a fault to a page before it is encoded, to a response, and to the connection."""

import asyncio
import socket
import struct
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime

from aiohttp import web

from bot.sandbox.faults import (
    Body,
    Duplicate,
    Fault,
    Hang,
    HasMore,
    Html,
    Mangle,
    Redirect,
    Reset,
    Slow,
    Status,
    Total,
    Truncated,
)
from bot.sandbox.responses import Page, Response

NO_LINGER = struct.pack("ii", 1, 0)  # closing sends RST, not FIN


def edit_page(page: Page, fault: Fault | None) -> Page:
    """Return the page of a successful response after the fault; faults of another kind leave it as it is."""
    match fault:
        case Total(value=value):
            return replace(page, total=value if isinstance(value, int) else value(page.total))
        case HasMore(value=value):
            return replace(page, has_more=value)
        case Duplicate(count=count):
            return replace(page, rows=[*page.rows, *page.rows[:count]])
        case Mangle(change=change):
            changed = change(rows := [dict(row) for row in page.rows])
            return replace(page, rows=rows if changed is None else changed)
    return page


def alter_response(response: Response, fault: Fault | None, number: int) -> Response:
    """Return the response to request `number`, successful or not, after the fault; other faults leave it as it is."""
    match fault:
        case Status():
            return _error_response(fault, number)
        case Html(status=status, body=html):
            return Response(status, html.encode(), "text/html; charset=utf-8")
        case Body(body=body):
            return Response(200, body)
        case Redirect(location=location, status=status):
            return Response(status, b"", headers={"Location": location})
        case Truncated(share=share):
            return replace(response, body=response.body[: int(len(response.body) * share)])
    return response


async def send(response: Response, fault: Fault | None, request: web.Request) -> web.StreamResponse:
    """Send the response as the fault allows, and return what aiohttp is to finish."""
    match fault:
        case Hang():
            await asyncio.Event().wait()  # until the server library cancels
        case Reset(mid_body=True):
            await _reset_after_half(response, request)
        case Reset():
            reset_connection(request)
        case Slow():
            return await _send_slowly(response, fault, request)
    return response.to_aiohttp()


def reset_connection(request: web.Request) -> None:
    """Close the connection of the request with RST."""
    if transport := request.transport:  # gone when the client left first
        connection: socket.socket = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        transport.abort()


def _error_response(fault: Status, number: int) -> Response:
    response = Response.error(fault.status, fault.detail, number, fault.code)
    match fault.retry_after:
        case None:
            return response
        case datetime() as moment:
            return replace(response, headers={"Retry-After": _http_date(moment)})
        case seconds:
            return replace(response, headers={"Retry-After": str(seconds)})


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


async def _send_slowly(response: Response, slow: Slow, request: web.Request) -> web.StreamResponse:
    stream = await _start_stream(response, request)
    size = max(1, -(-len(response.body) // slow.pieces))
    for start in range(0, len(response.body), size):
        await asyncio.sleep(slow.seconds / slow.pieces)
        await stream.write(response.body[start : start + size])
    await stream.write_eof()
    return stream


async def _reset_after_half(response: Response, request: web.Request) -> None:
    stream = await _start_stream(response, request)
    await stream.write(response.body[: len(response.body) // 2])
    reset_connection(request)


async def _start_stream(response: Response, request: web.Request) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers=response.all_headers())
    stream.content_length = len(response.body)
    await stream.prepare(request)
    return stream
