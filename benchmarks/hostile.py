"""Hostile clients of a port: what they send is forged, broken, huge or slow, and some do not wait for an answer."""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from random import Random

from bot.app import system_clock

MARK = "mallory-was-here"  # in whatever they send; it must never be read again
PATIENCE = 15.0  # seconds for an answer
AT_ONCE = 40
_BRIEF = 1_000  # bytes of what is sent by the dozen
_PATHS = ("/slack/events", "/healthz", "/readyz", "/metrics", "/", "/../../etc/passwd", "//", "*", "/%00", "/\x1b[2J")
_METHODS = ("GET", "HEAD", "POST", "PUT", "OPTIONS", "CONNECT", "BREW", "G\x00T", "POST" * 3_000)
_KINDS = ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "x" * 300)
_NO_GOODBYE = struct.pack("ii", 1, 0)  # SO_LINGER
Change = Callable[[bytes, Random], bytes]


class Ending(Enum):
    """What a client does once it has sent everything."""

    LISTEN = "waits for the answer"
    HALF_CLOSE = "says that nothing more comes, and waits for the answer"
    HANG_UP = "breaks the connection"


@dataclass(frozen=True)
class Attack:
    """What a client sends, piece by piece, and what it does then."""

    pieces: tuple[bytes, ...]
    pause: float
    ending: Ending


def attack(random: Random) -> Attack:
    """Make one up."""
    sent = random.choice((_request, _request, _unsigned_command, _noise))(random)
    for change in random.choices(_CHANGES, k=random.choice((0, 1, 1, 2, 4))):
        sent = change(sent, random)
    cuts = sorted(random.choices(range(len(sent) + 1), k=random.choice((0, 0, 1, 5))))
    pieces = tuple(sent[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(sent)], strict=True))
    return Attack(pieces, random.choice((0.0, 0.0, 0.02)), random.choice([*Ending]))


# --- what is sent --------------------------------------------------------------------------------


def _request(random: Random) -> bytes:
    body = MARK.encode() * random.choice((0, 0, 1, 20, 5_000, 30_000))
    length = f"Content-Length: {len(body)}\r\n" if body or random.choice((True, False)) else ""
    headers = f"Host: {random.choice(('127.0.0.1', 'localhost', MARK))}\r\nX-Mallory: {MARK}\r\n{length}"
    return f"{random.choice(_METHODS)} {random.choice(_PATHS)} HTTP/1.1\r\n{headers}\r\n".encode() + body


def _unsigned_command(random: Random) -> bytes:
    """A command that would tell everything, if Slack had signed it now."""
    body = f"command=%2Fneo-usage&text=team&user_id=U0HANNAH&channel_id=C0NEOSPEND&trigger_id={MARK}".encode()
    signatures = ("", "X-Slack-Signature: v0=" + "0" * 64 + "\r\n", f"X-Slack-Signature: {MARK}\r\n")
    age = random.choice((0, 0, 299, 301, 10**6, -(10**6), 10**11))
    stamp = f"X-Slack-Request-Timestamp: {int(system_clock().timestamp()) - age}\r\n"
    kind = f"Content-Type: {random.choice(_KINDS)}\r\nContent-Length: {len(body)}\r\n"
    head = f"POST /slack/events HTTP/1.1\r\nHost: x\r\n{stamp}{random.choice(signatures)}{kind}\r\n"
    return head.encode() + body


def _noise(random: Random) -> bytes:
    return random.choice((random.randbytes(random.randrange(1, 3_000)), b"\x16\x03\x01\x02\x00\x01\x00", b"\r\n" * 500))


def _flip(sent: bytes, random: Random) -> bytes:
    flipped = bytearray(sent)
    for place in random.choices(range(len(sent) or 1), k=min(len(sent), random.choice((1, 3, 20)))):
        flipped[place] = random.randrange(256)
    return bytes(flipped)


def _cut(sent: bytes, random: Random) -> bytes:
    return sent[: random.randrange(len(sent) + 1)]


def _repeat(sent: bytes, random: Random) -> bytes:
    """Several requests over one connection, before any is answered."""
    return sent * random.choice((2, 2 if len(sent) > _BRIEF else 50))


def _insert(sent: bytes, random: Random) -> bytes:
    """A header that does not belong there, as the second line or anywhere."""
    place = sent.find(b"\r\n") + 2 if random.choice((True, True, False)) else random.randrange(len(sent) + 1)
    return sent[:place] + random.choice(_INSERTED) + sent[place:]


_INSERTED = (
    b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1e3\r\n",
    b"Content-Length: " + b"9" * 30 + b"\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Transfer-Encoding: identity\r\n",
    b"Content-Encoding: gzip\r\n", b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: keep-alive\r\nKeep-Alive: timeout=99999\r\n", b"X: " + b"a" * 9_000 + b"\r\n", b"X: y\r\n" * 300,
    b" folded\r\n", b"NoColon\r\n", b"X\x00: y\r\n", b"Host: a\r\nHost: b\r\n", b"\x00" * 100, b"\r\n\r\n",
    b"Origin: https://evil.example\r\n", b"Sec-Fetch-Site: cross-site\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5;" + b"x" * 5_000 + b"\r\nhello\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", b"Cookie: " + MARK.encode() + b"\r\n",
)  # fmt: skip
_CHANGES: tuple[Change, ...] = (_flip, _cut, _repeat, _insert, _insert)


# --- sending it ----------------------------------------------------------------------------------


async def answer_to(port: int, played: Attack) -> bytes:
    """Play it, and return the whole answer; nothing for who does not wait, or is cut off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        with suppress(OSError):
            for piece in played.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(played.pause)
            if played.ending is Ending.HALF_CLOSE:
                writer.write_eof()
            if played.ending is not Ending.HANG_UP:
                async with asyncio.timeout(PATIENCE):
                    return await reader.read()
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_GOODBYE)
        return b""
    finally:
        writer.transport.abort()


async def answers_to(port: int, random: Random, number: int) -> list[bytes]:
    """Play so many attacks, many of them at once, and return their answers."""
    left = iter(range(number))
    answers: list[bytes] = []

    async def client() -> None:
        for _ in left:
            answers.append(await answer_to(port, attack(random)))  # noqa: PERF401 - each after the one before

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return answers


def attack_until_killed(ports: list[int], seed: int) -> None:
    """Attack ports again and again, in a process of its own."""

    async def attack_all() -> None:
        random = Random(seed)
        while True:
            await asyncio.gather(*(answers_to(port, random, 500) for port in ports))

    asyncio.run(attack_all())


if __name__ == "__main__":
    attack_until_killed([int(port) for port in sys.argv[1:]], 17)
