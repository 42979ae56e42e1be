"""Deduplication: which requests were accepted already, in memory and in the database, so that each is served once.

A request is acknowledged after a look at the memory alone. It is served once the database holds its key too, so that
neither a restart nor a second process serves it again. If the database cannot be written in time, the memory decides.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import Any, Protocol, TypeVar

import structlog
from sqlalchemy import Connection, bindparam, delete, or_, select

from bot.database.statements import insert
from bot.domain.timestamps import to_us
from bot.slack.tables import slack_request

log = structlog.get_logger(__name__)

R = TypeVar("R")


class Write(Protocol):
    """Runs work in one transaction, off the event loop."""

    def __call__(self, work: Callable[[Connection], R], /) -> Awaitable[R]:
        """Run it, and return what it returns."""


RETENTION = timedelta(hours=1)  # Slack repeats an event within minutes, and a signature is valid for five
URGENT_SECONDS = 1.0  # to wait for the database, of the three seconds in which a form can be opened
PATIENT_SECONDS = 10.0  # to wait for it where no form is opened: what Slack sends again is such a request
_REMEMBERED = 20_000  # keys in memory

_INSERT = insert(slack_request).on_conflict_do_nothing()
_CLAIM = _INSERT.returning(slack_request.c.key)  # gives the keys that were not known
_PRUNE = delete(slack_request).where(
    or_(slack_request.c.taken_at < bindparam("since"), slack_request.c.taken_at > bindparam("until"))
)
SELECT_REQUESTS = select(slack_request.c.key, slack_request.c.taken_at)  # of a ledger before a restore
_KNOWN = select(slack_request.c.key).where(slack_request.c.taken_at.between(bindparam("since"), bindparam("until")))


@dataclass(frozen=True, slots=True)
class _Claim:
    """The keys of a request that are to be written, the first of which decides whether the request is new."""

    keys: Sequence[str]
    is_new: "asyncio.Future[bool]"


class RequestDeduplicator:
    """The requests that were accepted within RETENTION; `now` is a clock that agrees with Slack's.

    The database is waited for up to `patient` seconds, and up to `urgent` seconds where a form may have to be opened.
    """

    def __init__(
        self,
        write: Write,
        now: Callable[[], datetime],
        *,
        urgent: float = URGENT_SECONDS,
        patient: float = PATIENT_SECONDS,
    ) -> None:
        self._write, self._now = write, now
        self._urgent, self._patient = urgent, patient
        self._known: OrderedDict[str, None] = OrderedDict()
        self._waiting: list[_Claim] = []
        self._writing: asyncio.Task[None] | None = None
        self._waited = 0.0  # seconds, in vain, since the database last answered

    async def load(self) -> None:
        """Load the keys that were accepted before this process began, unless the database takes too long or fails."""
        keys = asyncio.wait_for(self._write(partial(_known_keys, now=self._now())), self._urgent)
        self._known.update(dict.fromkeys(await _attempt(keys, [], "earlier requests could not be loaded")))

    def add(self, key: str) -> bool:
        """Add a key to the memory, and return whether it was new."""
        digest = _digest(key)
        if digest in self._known:
            return False
        self._known[digest] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return True

    async def claim(self, *keys: str, is_urgent: bool = False) -> bool:
        """Write a request's keys, and return whether the first was new; also true if the database fails or is slow."""
        digests = [_digest(key) for key in keys if key]
        if not digests:
            return True
        claim = _Claim(digests, asyncio.get_running_loop().create_future())
        self._waiting.append(claim)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_waiting())
        seconds = self._urgent if is_urgent else self._patient
        if self._waited >= seconds:
            return True
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(claim.is_new)
        except TimeoutError:
            self._waited = max(self._waited, seconds)
            log.warning("the database is slow: a request is served before it is known to be new")
            return True

    async def close(self) -> None:
        """Wait a moment for what is being written."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=self._urgent)

    async def _write_waiting(self) -> None:
        """Write all waiting claims in one transaction, again and again until none is waiting."""
        while self._waiting:
            claims, self._waiting = self._waiting, []
            writing = self._write(partial(_write_claims, claims=claims, now=self._now()))
            are_new = await _attempt(writing, [True] * len(claims), "a request could not be recorded")
            self._waited = 0.0
            for claim, is_new in zip(claims, are_new, strict=True):
                if not claim.is_new.done():
                    claim.is_new.set_result(is_new)


async def _attempt(work: Awaitable[R], default: R, failure: str) -> R:
    """Return what comes of a transaction; if it fails, log that, and return the default."""
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the memory decides
        log.warning(failure, why=_reason(error))
        return default


def _reason(error: Exception) -> str:
    """Return the database's message, without the statement."""
    return str(getattr(error, "orig", error)) or "it takes too long"


def _digest(key: str) -> str:
    """Return what is stored of a key: triggers and signatures are secrets."""
    return sha256(key.encode(errors="replace")).hexdigest()[:32]


def _write_claims(connection: Connection, claims: Sequence[_Claim], now: datetime) -> list[bool]:
    """Write the claims, and return which are new. Deletes keys that are too old, or from a clock that was ahead."""
    connection.execute(_PRUNE, {"since": to_us(now - RETENTION), "until": to_us(now + RETENTION)})
    keys = dict.fromkeys(chain.from_iterable(claim.keys for claim in claims))
    new = set(connection.execute(_CLAIM, [{"key": key, "taken_at": to_us(now)} for key in keys]).scalars())
    return [_remove(new, claim.keys[0]) for claim in claims]


def _remove(keys: set[str], key: str) -> bool:
    """Remove a key, and return whether it was there: only the first of two claims to it is new."""
    was_there = key in keys
    keys.discard(key)
    return was_there


def import_requests(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows of SELECT_REQUESTS: what was accepted before a restore is not accepted again after it."""
    if rows:
        connection.execute(_INSERT, rows)


def _known_keys(connection: Connection, now: datetime) -> list[str]:
    window = {"since": to_us(now - RETENTION), "until": to_us(now + RETENTION)}
    return list(connection.execute(_KNOWN, window).scalars())
