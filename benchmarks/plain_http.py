"""HTTP/1.1 without a framework, whose milliseconds would count as the app's."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_LENGTH = b"\r\ncontent-length:"


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A request; `head` is all before its body."""

    head: bytes
    body: bytes

    @property
    def target(self) -> SplitResult:
        """What is asked for: the path, and the query."""
        return urlsplit(self.head.split(b" ", 2)[1].decode())


async def received(reader: StreamReader) -> AsyncIterator[PlainRequest]:
    """The requests that come over one connection, until it ends."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            yield PlainRequest(head, await reader.readexactly(_length(head)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return


def _length(head: bytes) -> int:
    """How long the body is: its sender names it, or there is none."""
    _, named, rest = head.lower().partition(_LENGTH)
    return int(rest.partition(b"\r\n")[0]) if named else 0


def json_answer(body: bytes) -> bytes:
    """An answer to a request, whole."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def post(url: str, headers: Mapping[str, str], body: str) -> None:
    """Send a body over a connection of its own, to a server that closes it; whatever it answers must be a 200."""
    target, content = urlsplit(url), body.encode()
    lines = [f"POST {target.path} HTTP/1.1", f"host: {target.netloc}", f"content-length: {len(content)}"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())])
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    try:
        writer.write(f"{head}\r\n\r\n".encode() + content)
        answer = await reader.read()
    finally:
        await _close(writer)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


async def get(url: str, headers: Mapping[str, str]) -> bytes:
    """Ask for something over a connection of its own; whatever a server answers must be a 200 of a known length."""
    target = urlsplit(url)
    lines = [f"GET {target.path}?{target.query} HTTP/1.1", f"host: {target.netloc}"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items())])
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    try:
        writer.write(f"{head}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(answer))
    finally:
        await _close(writer)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
    return body


async def _close(writer: StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()
