"""Taken requests: what Slack sent already, in memory and in the database, so that each is worked on once.

An acknowledgement waits for the memory alone; the work waits until the database has taken the request too, so that
neither a restart nor a second process does it again. Where the database cannot be written the memory decides.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, text

log = structlog.get_logger(__name__)

R = TypeVar("R")


class Write(Protocol):
    """Does something in one transaction, off the event loop."""

    def __call__(self, work: Callable[[Connection], R], /) -> Awaitable[R]:
        """Do it, and return what it returns."""


KEPT = timedelta(hours=1)  # Slack repeats an event within minutes, and a signature is valid for five
PATIENCE_SECONDS = 1.0  # of the three in which a form can be opened
_REMEMBERED = 20_000  # keys in memory

_INSERT = text("INSERT INTO slack_request (key, taken_at) VALUES (:key, :now) ON CONFLICT (key) DO NOTHING")
_PRUNE = text("DELETE FROM slack_request WHERE taken_at < :since OR taken_at > :until")
REQUESTS = "SELECT key, taken_at AS now FROM slack_request"  # in a ledger as it was before a restore
_KNOWN = text("SELECT key FROM slack_request WHERE taken_at BETWEEN :since AND :until")


@dataclass(frozen=True, slots=True)
class _Claim:
    """Keys that wait to be written, the first of which decides, and who waits for it."""

    keys: Sequence[str]
    is_first: "asyncio.Future[bool]"


class RequestDeduplicator:
    """The requests that were taken within the hour; `now` is a clock that Slack's agrees with."""

    def __init__(self, write: Write, now: Callable[[], datetime]) -> None:
        self._write, self._now = write, now
        self._known: OrderedDict[str, None] = OrderedDict()
        self._waiting: list[_Claim] = []
        self._writing: asyncio.Task[None] | None = None
        self._is_slow = False

    async def load(self) -> None:
        """Learn what was taken before this process began, if the database says so in time."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                self._known.update(dict.fromkeys(await self._write(partial(_known, now=self._now()))))
        except Exception as error:  # noqa: BLE001 - whatever it is, the memory decides then
            log.warning("what was taken before is not known", why=_reason(error))

    def add(self, key: str) -> bool:
        """Remember a key; whether it is new. Waits for nothing."""
        digest = _digest(key)
        if digest in self._known:
            return False
        self._known[digest] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    async def claim(self, *keys: str) -> bool:
        """Write keys into the database; whether the first was not there. True too if that takes long or fails."""
        digests = [_digest(key) for key in keys if key]
        if not digests:
            return True
        claim = _Claim(digests, asyncio.get_running_loop().create_future())
        self._waiting.append(claim)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_waiting())
        if self._is_slow:
            return True
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await asyncio.shield(claim.is_first)
        except TimeoutError:
            self._is_slow = True
            log.warning("the database is slow: a request is answered before it is known to be the first of its kind")
            return True

    async def end(self) -> None:
        """Wait a moment for what is being written."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=PATIENCE_SECONDS)

    async def _write_waiting(self) -> None:
        """Write all that waits, as often as something does: one transaction serves everybody."""
        while self._waiting:
            claims, self._waiting = self._waiting, []
            firsts = [True] * len(claims)
            try:
                firsts = await self._write(partial(_claimed, claims=claims, now=self._now()))
            except Exception as error:  # noqa: BLE001 - whatever it is, who waits must not wait in vain
                log.warning("a request could not be recorded", why=_reason(error))
            self._is_slow = False
            for claim, is_first in zip(claims, firsts, strict=True):
                if not claim.is_first.done():
                    claim.is_first.set_result(is_first)


def _reason(error: Exception) -> str:
    """What the database says, without the statement."""
    return str(getattr(error, "orig", error)) or "it takes too long"


def _digest(key: str) -> str:
    """What is kept of a key: triggers and signatures are nobody's business."""
    return sha256(key.encode(errors="replace")).hexdigest()[:32]


def _claimed(connection: Connection, claims: Sequence[_Claim], now: datetime) -> list[bool]:
    """Which claims came first; forgets what is too old to come again, or is dated by a clock that ran ahead."""
    connection.execute(_PRUNE, {"since": _us(now - KEPT), "until": _us(now + KEPT)})
    return [_is_first(connection, claim.keys, _us(now)) for claim in claims]


def import_requests(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep that the rows of `ALL` were taken: a restore is no chance to send a request again."""
    if rows:
        connection.execute(_INSERT, rows)


def _is_first(connection: Connection, keys: Sequence[str], now: int) -> bool:
    first, *_ = [connection.execute(_INSERT, {"key": key, "now": now}).rowcount for key in keys]
    return first == 1


def _known(connection: Connection, now: datetime) -> list[str]:
    window = {"since": _us(now - KEPT), "until": _us(now + KEPT)}
    return [str(key) for (key,) in connection.execute(_KNOWN, window)]


def _us(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
