"""Pruning: once a local night each package deletes what nobody needs any more, in many short transactions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.capability import Capability
from bot.database.engine import Database
from bot.database.prune_step import PruneStep
from bot.ledger.passes.pruning import prune_passes
from bot.ledger.retention import prune_details
from bot.maintenance.prune_schedule import is_due, mark_pruned, prune_time
from bot.outbox.pruning import RetainedKeys, prune_live_messages, prune_notifications

log = structlog.get_logger(__name__)

_Step = Callable[[Connection, datetime, int], PruneStep]
_WAIT = 1.0  # seconds at most that a transaction waits for people's queries


@dataclass(frozen=True, slots=True)
class Pruning:
    """The nightly pruning of a ledger; `clock` gives aware times.

    Details of tasks are deleted after `retain`; None keeps them.
    """

    database: Database
    capabilities: Sequence[Capability]
    zone: ZoneInfo
    clock: Callable[[], datetime]
    retain: timedelta | None = None

    async def tick(self) -> None:
        """Prune, if that was not done since the last night.

        Raises:
            LedgerError: the ledger cannot be read; or SQLite's errors, where it cannot be used.
        """
        now = self.clock()
        if await self.database.read(lambda connection: is_due(connection, now, self.zone)):
            counts = await self.prune()
            await self.database.write(lambda connection: mark_pruned(connection, now))
            if rows := {what: count for what, count in counts.items() if count}:
                log.info("pruned", **rows)

    async def prune(self) -> dict[str, int]:
        """Delete what is no longer needed; return the number of deleted rows by table."""
        now = self.clock()
        ages_from = await self.database.read(lambda connection: prune_time(connection, now))
        if ages_from is None:
            return {}
        retained = await self.database.read(self._retained)
        return {what: await self._run_step(step, ages_from) for what, step in self._steps(retained).items()}

    async def _run_step(self, step: _Step, now: datetime) -> int:
        """Run a step over a whole table, a transaction at a time; return how many rows were deleted."""
        rows, after = 0, 0
        while True:
            await self.database.yield_to_readers(_WAIT)
            result = await self.database.write(partial(_run_once, step, now, after))
            rows += result.rows
            if result.reached is None:
                return rows
            after = result.reached

    def _retained(self, connection: Connection) -> RetainedKeys:
        parts = [each.upkeep.retained(connection) for each in self.capabilities if each.upkeep.retained is not None]
        topics = [topic for part in parts for topic in part.topics]
        return RetainedKeys(topics, [key for part in parts for key in part.keys])

    def _steps(self, retained: RetainedKeys) -> dict[str, _Step]:
        """Return the steps by name, in an order that leaves no reference to a deleted row."""
        steps: dict[str, _Step] = {
            "passes": prune_passes,
            "notifications": lambda connection, now, after: prune_notifications(connection, now, retained, after),
            "living": lambda connection, now, after: prune_live_messages(connection, now, retained, after),
        }
        if (retain := self.retain) is not None:
            steps["details"] = lambda connection, now, after: prune_details(connection, now, after, retain)
        for capability in self.capabilities:
            steps |= {what: _whole_table(prune) for what, prune in capability.upkeep.prune.items()}
        return steps


def _run_once(step: _Step, now: datetime, after: int, connection: Connection) -> PruneStep:
    return step(connection, now, after)


def _whole_table(prune: Callable[[Connection, datetime], int]) -> _Step:
    """Return the step that prunes a small table in one transaction."""
    return lambda connection, now, _: PruneStep(prune(connection, now))
