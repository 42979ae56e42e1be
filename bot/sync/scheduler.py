"""The sync scheduler: keeps the ledger of a running service up to date, one sync at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bot.cancellation import cancel_and_wait
from bot.database.engine import DATABASE_FAILURES, Database
from bot.database.errors import LedgerError, UnusableError
from bot.database.lease import LeaseHolder, LeaseLostError
from bot.neo.errors import NeoError
from bot.sync import rate_limit
from bot.sync.outcome import SyncOutcome, SyncProgress
from bot.sync.planner import SyncPlanner
from bot.sync.row_errors import error_text
from bot.sync.rules import PassKind, PlannedPass, SyncPlan
from bot.sync.runner import SyncRunner

log = structlog.get_logger(__name__)

YIELD_SECONDS = 0.25  # for which a page to be booked lets people's questions go first
PAUSE_AFTER_FAILURE = timedelta(seconds=20)  # before a question has the upstream asked again


@dataclass(frozen=True, slots=True)
class SyncFailure:
    """The last sync failed: the message, and when."""

    message: str
    at: datetime


@dataclass(slots=True)
class SyncScheduler:
    """One process's syncs; made by `build_sync_scheduler`.

    `read` reads passes under the lease and raises NeoError or LedgerError; `plan` returns what is due; `clock` gives
    aware times. `failure` is that of the last sync, `progress` where one stands that is under way.
    """

    read: Callable[[Sequence[PlannedPass], Callable[[SyncProgress], None]], Awaitable[SyncOutcome]]
    plan: Callable[[], Awaitable[SyncPlan]]
    clock: Callable[[], datetime]
    failure: SyncFailure | None = None
    progress: SyncProgress | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tail_task: asyncio.Task[None] | None = None
    _tail_is_due: bool = False

    async def tick(self) -> None:
        """Read whatever is due: what is new, then the calendar's passes, then missing history chunk by chunk.

        Between any two of them the tail is read again, so that new tasks are seen during a long backfill. A failure is
        logged and recorded in `failure`; the next tick goes on from there.

        Raises:
            UnusableError: the ledger cannot be written now.
            LeaseLostError: another process took over.
            SQLAlchemyError, sqlite3.Error: the database cannot be used.
        """
        try:
            await self.read_tail()
            plan = await self._current_plan()
            for planned in (*plan.calendar, *plan.history):
                await self._run(planned)
        except (*DATABASE_FAILURES, LeaseLostError):
            raise
        except Exception:  # noqa: BLE001 - recorded and logged where it happened
            return

    async def read_tail(self) -> None:
        """Read what is new; whoever asks while that is under way waits for the same pass.

        Raises:
            NeoError: the upstream failed.
            LedgerError: the ledger cannot be written.
        """
        if self._tail_task is None or self._tail_task.done():
            self._tail_task = asyncio.create_task(self._read_due_tail())
            self._tail_task.add_done_callback(_retrieve_error)
        await asyncio.shield(self._tail_task)

    async def refresh(self, seconds: float) -> None:
        """Have the tail read, and wait so many seconds at most; what fails is recorded in `failure`."""
        if self.failure is not None and timedelta(0) <= self.clock() - self.failure.at < PAUSE_AFTER_FAILURE:
            return
        with suppress(Exception):  # recorded and logged where it happened; the answer is from what the ledger holds
            async with asyncio.timeout(seconds):
                await self.read_tail()

    async def backfill(self, chunks: Sequence[PlannedPass]) -> bool:
        """Read missing history, each chunk in turn with others; return whether all of it is complete.

        Raises:
            NeoError: the upstream failed; what was booked stays.
            LedgerError: the ledger cannot be written.
        """
        return all([(await self._run(chunk)).complete for chunk in chunks])

    async def stop(self) -> None:
        """Break off the tail, if one is being read; what was booked stays."""
        if self._tail_task is not None:
            await cancel_and_wait([self._tail_task])

    async def _read_due_tail(self) -> None:
        await self._run((await self._current_plan()).tail)

    async def _current_plan(self) -> SyncPlan:
        try:
            return await self.plan()
        except DATABASE_FAILURES:
            raise
        except Exception as error:
            self._record_failure("plan", error_text(error), exc_info=True)
            raise

    async def _run(self, planned: PlannedPass) -> SyncOutcome:
        """Read a window in turn with others, and the tail between any two other windows."""
        while True:
            if self._tail_is_due and planned.kind is not PassKind.TAIL:
                await self.read_tail()
            async with self._turn:
                if not self._tail_is_due or planned.kind is PassKind.TAIL:
                    return await self._read(planned)

    async def _read(self, planned: PlannedPass) -> SyncOutcome:
        try:
            self._tail_is_due = planned.kind is not PassKind.TAIL
            outcome = await self.read([planned], self._record_progress)
        except LeaseLostError as error:  # no failure: another process reads
            log.warning("a sync was interrupted", kind=str(planned.kind), why=str(error))
            raise
        except (NeoError, LedgerError) as error:
            self._record_failure(planned.kind, error.why if isinstance(error, UnusableError) else str(error))
            raise
        except Exception as error:
            self._record_failure(planned.kind, error_text(error), exc_info=not isinstance(error, DATABASE_FAILURES))
            raise
        finally:
            self.progress = None
        self.failure = None
        _log_outcome(planned, outcome)
        return outcome

    def _record_failure(self, what: str, why: str, *, exc_info: bool = False) -> None:
        self.failure = SyncFailure(why, self.clock())
        log.warning("sync failed", kind=str(what), why=why, exc_info=exc_info)

    def _record_progress(self, progress: SyncProgress) -> None:
        self.progress = progress


def build_sync_scheduler(
    runner: SyncRunner, planner: SyncPlanner, database: Database, clock: Callable[[], datetime]
) -> SyncScheduler:
    """Return the scheduler of a service. It sends Neo no request before a wait is over that Neo has asked for."""

    async def read(passes: Sequence[PlannedPass], progress: Callable[[SyncProgress], None]) -> SyncOutcome:
        await database.read(lambda connection: rate_limit.require_wait_over(connection, clock()))
        return await runner.run(passes, progress, _log_wait, yield_to_readers=yield_to_readers)

    async def yield_to_readers() -> None:
        await database.yield_to_readers(YIELD_SECONDS)

    async def plan() -> SyncPlan:
        return await database.read(lambda connection: planner.plan(connection, clock()))

    return SyncScheduler(read, plan, clock)


def _log_wait(held: LeaseHolder) -> None:
    log.info("waiting for another sync to end", holder=held.who)


def _retrieve_error(task: asyncio.Task[None]) -> None:
    """Retrieve a task's error, which is recorded, as nobody may be waiting for the task: asyncio would report it."""
    if not task.cancelled():
        task.exception()


def _log_outcome(planned: PlannedPass, outcome: SyncOutcome) -> None:
    tally = outcome.tally
    log.info(
        "synced",
        kind=planned.kind.value,
        complete=outcome.complete,
        pages=tally.pages,
        new=tally.new,
        grown=tally.grown,
        **({"pass": outcome.passes[-1]} if outcome.passes else {}),
    )
    for warning in outcome.warnings:
        log.warning("the API key sees less than before", what=warning)
