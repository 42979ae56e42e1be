"""Pruning: once in a local night each owner deletes what nobody asks for any more, in many short transactions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from bot.budgets import store as budgets
from bot.database.engine import Database
from bot.database.reader import Reader
from bot.digest import store as digests
from bot.digest.planner import digest_topic
from bot.failures import store as failures
from bot.failures.grouper import failure_topic
from bot.home import store as home
from bot.incidents import monitor
from bot.ledger import passes, pruning
from bot.ledger.pruning import PruneStep
from bot.outbox import store as outbox
from bot.outbox.store import RetainedKeys
from bot.usage.welcome import STEM as WELCOME

if TYPE_CHECKING:
    from sqlalchemy import Connection

log = structlog.get_logger(__name__)

_Step = Callable[["Connection", datetime, int], PruneStep]
_WAIT = 1.0  # seconds at most, between two transactions, for which people go first


@dataclass(frozen=True, slots=True)
class Pruning:
    """The nightly pruning of a ledger; `clock` gives aware times."""

    database: Database
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def tick(self) -> None:
        """Prune, if that was not done since the last night.

        Raises:
            LedgerError: the ledger cannot be read; or SQLite's errors, where it cannot be used.
        """
        now = self.clock()
        if await self.database.read(lambda reader: pruning.due(reader, now, self.zone)):
            counts = await self.prune()
            await self.database.write(lambda connection: pruning.finished(connection, now))
            if rows := {what: count for what, count in counts.items() if count}:
                log.info("pruned", **rows)

    async def prune(self) -> dict[str, int]:
        """Delete what may go; returns how many rows of what."""
        now = self.clock()
        witnessed = await self.database.read(lambda reader: pruning.witnessed(reader, now))
        if witnessed is None:
            return {}
        lasting = await self.database.read(_lasting)
        return {what: await self._all(step, witnessed) for what, step in _steps(lasting).items()}

    async def _all(self, step: _Step, now: datetime) -> int:
        """Go through all keys of a table; how many rows went."""
        rows, at = 0, 0
        while True:
            await self.database.yield_to_readers(_WAIT)
            done = await self.database.write(partial(_taken, step, now, at))
            rows += done.rows
            if done.reached is None:
                return rows
            at = done.reached


def _taken(step: _Step, now: datetime, after: int, connection: "Connection") -> PruneStep:
    return step(connection, now, after)


def _steps(lasting: RetainedKeys) -> dict[str, _Step]:
    """What is pruned, in an order in which nothing is left that refers to what is gone."""
    return {
        "passes": passes.prune,
        "notifications": lambda connection, now, after: outbox.prune(connection, now, lasting, after),
        "living": lambda connection, now, after: outbox.prune_living(connection, now, lasting, after),
        "digests": _at_once(digests.prune),
        "incidents": _at_once(monitor.prune),
        "silences": _at_once(failures.prune),
        "viewers": _at_once(home.prune),
    }


def _at_once(prune: Callable[["Connection", datetime], int]) -> _Step:
    """Of a table that is small enough to be looked at in one transaction."""
    return lambda connection, now, _: PruneStep(prune(connection, now))


def _lasting(reader: Reader) -> RetainedKeys:
    """What the outbox keeps however old it is: what may change yet, what the next digest goes on from, the welcome."""
    with reader:
        things = [
            *budgets.things_open(reader),
            *map(failure_topic, failures.shown(reader)),
            *(digest_topic(channel, day) for channel, day in digests.last_owed(reader)),
        ]
    return RetainedKeys(things, (WELCOME,))
