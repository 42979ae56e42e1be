"""A sync run: reads planned windows completely, books what it finds page by page, and keeps the lease."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection
from structlog.contextvars import bound_contextvars

from bot.database import lease
from bot.database.engine import DATABASE_ERRORS, DATABASE_FAILURES, Database
from bot.database.errors import LedgerError
from bot.database.lease import HeldLease
from bot.ledger.api_key_warning import set_api_key_warning
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.missing_tasks import mark_missing
from bot.ledger.passes.coverage import intervals_read_before
from bot.ledger.passes.record import begin_pass, end_pass
from bot.ledger.passes.tally import PassOutcome
from bot.measurements import UNMEASURED, Measurements
from bot.neo.client import NeoClient
from bot.neo.errors import NeoError
from bot.neo.paging import Batch, Sweep
from bot.sync.booker import PassBooker, YieldToReaders
from bot.sync.outcome import SyncOutcome, SyncProgress
from bot.sync.row_count import ListedRows
from bot.sync.row_errors import error_text
from bot.sync.rules import PassKind, PlannedPass
from bot.sync.stall import StallTimeout
from bot.sync.window_reader import OVERLAP, UpstreamLimits, WindowReader

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Position:
    """Which window of how many is being read."""

    window: PlannedPass
    number: int
    windows: int


@dataclass(slots=True)
class SyncRun:
    """One sync: a client, a ledger, and how to book.

    `clock` gives aware times; `progress` is called after every page, `yield_to_readers` awaited before one is booked.
    Between windows the tail is read again once the last one is `tail_every` old. `measurements` counts the passes.
    """

    database: Database
    client: NeoClient
    clock: Clock
    policy: BookingPolicy
    held: HeldLease
    progress: Callable[[SyncProgress], None] = lambda _: None
    yield_to_readers: YieldToReaders | None = None
    tail_every: timedelta | None = None
    measurements: Measurements = UNMEASURED
    _outcome: SyncOutcome = field(default_factory=SyncOutcome)
    _all_rows: ListedRows = field(default_factory=ListedRows)
    _limits: UpstreamLimits = field(default_factory=UpstreamLimits)
    _saw_emails: bool = False

    async def run(self, planned: Sequence[PlannedPass], *, is_backfill: bool = False) -> SyncOutcome:
        """Read the windows in turn; the lease must be held.

        Args:
            planned: what to read.
            is_backfill: whether every new task is history, so that nobody is notified of it.

        Raises:
            NeoError: the upstream failed; what was booked stays.
            LeaseLostError: another process took over.
        """
        tail: PlannedPass | None = None
        async with self._heartbeat():
            for number, window in enumerate(planned, 1):
                position = _Position(window, number, len(planned))
                tail = await self._read_tail_again(tail, position, is_backfill=is_backfill)
                await self._run_pass(position, is_backfill=is_backfill)
        if len(planned) > 1:  # a row that several passes have read counts once
            self._outcome.tally = self._all_rows.with_counts(self._outcome.tally)
        return self._outcome

    async def _read_tail_again(
        self, last: PlannedPass | None, before: _Position, *, is_backfill: bool
    ) -> PlannedPass | None:
        """Read the tail again before a long window if the last one is old; return the last tail."""
        window, now = before.window, self.clock()
        if window.kind is PassKind.TAIL:
            return window
        if last is None or self.tail_every is None or now - last.end < self.tail_every:
            return last
        tail = replace(last, end=now)
        await self._run_pass(replace(before, window=tail), is_backfill=is_backfill)
        return tail

    @asynccontextmanager
    async def _heartbeat(self) -> AsyncIterator[None]:
        """Renew the lease in the background while pages are read."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self.held.lifetime.total_seconds() / 3)
            with suppress(*DATABASE_FAILURES):  # the database may be within reach again before the next beat
                await self.database.write(lambda c: lease.renew(c, self.held, self.clock()))

    # --- one pass ------------------------------------------------------------------------------------

    async def _run_pass(self, position: _Position, *, is_backfill: bool) -> None:
        """Read and book one window, and record how that ended, whatever happens; what is logged names the pass."""
        key = await self._begin(position.window, is_backfill=is_backfill)
        self._outcome.passes.append(key)
        with bound_contextvars(**{"pass": key}):
            await self._read_pass(key, position)

    async def _read_pass(self, key: int, position: _Position) -> None:
        stall = StallTimeout()
        booker = self._booker(stall)
        reader = WindowReader(
            self.client,
            self._limits,
            partial(self._book_batch, position, booker),
            partial(self._mark_missing, position.window),
        )
        try:
            async with stall.limit():
                complete = await reader.read(position.window.start, position.window.end)
            ending = PassOutcome.COMPLETE if complete else PassOutcome.INCOMPLETE
            await self._finish(key, position.window, booker, ending, None if complete else reader.why_incomplete)
        except Exception as failure:
            with suppress(*DATABASE_ERRORS):  # what failed first is what is to be reported
                await self._finish(key, position.window, booker, _ending(failure), error_text(failure))
            raise
        except BaseException:  # the task was cancelled: that is recorded, too
            with suppress(*DATABASE_ERRORS):
                await self._finish(key, position.window, booker, PassOutcome.INTERRUPTED, None)
            raise
        self._outcome.complete &= complete

    async def _begin(self, window: PlannedPass, *, is_backfill: bool) -> int:
        began = self.clock()

        def begin(connection: Connection) -> int:
            lease.renew(connection, self.held, began)
            is_tail = window.kind is PassKind.TAIL
            read_before = [] if is_backfill else intervals_read_before(connection, began, is_tail=is_tail)
            self.policy = replace(self.policy, read_before=read_before)
            return begin_pass(connection, window.kind, window.start, window.end, began)

        return await self.database.write(begin)

    def _booker(self, stall: StallTimeout) -> PassBooker:
        return PassBooker(self.database, self.client, self.clock, self.policy, self.held, self.yield_to_readers, stall)

    async def _book_batch(
        self, position: _Position, booker: PassBooker, start: datetime | None, sweep: Sweep, batch: Batch
    ) -> None:
        await booker.book_batch(start, batch)
        self.progress(SyncProgress(position.window, position.number, position.windows, sweep.rows, sweep.total))

    async def _mark_missing(self, window: PlannedPass, start: datetime | None, end: datetime, sweep: Sweep) -> None:
        """Mark the tasks that a slice should have listed and did not; warn if they are many."""
        # a window that ends in the past may rightly leave out a task that was continued after it
        if window.kind is PassKind.HISTORY or end != window.end:
            return
        begin = None if start is None else start + OVERLAP

        def mark(connection: Connection) -> str | None:
            lease.renew(connection, self.held, self.clock())
            missing = mark_missing(connection, begin, end - OVERLAP, sweep.seen, self.clock())
            if not missing.lost_view:
                return None
            warning = _warning(f"{missing.missed} of {missing.expected} tasks are no longer listed")
            set_api_key_warning(connection, warning)
            return warning

        self._add_warning(await self.database.write(mark))

    async def _finish(
        self, key: int, window: PlannedPass, booker: PassBooker, ending: PassOutcome, error: str | None
    ) -> None:
        tally = booker.rows.with_counts(booker.tally)
        self._outcome.tally.include(tally)
        self._all_rows.include(booker.rows)
        self._saw_emails |= booker.saw_emails
        warning = _warning(f"{tally.email_lost} tasks came without the e-mail they had") if tally.email_lost else None

        def finish(connection: Connection) -> None:
            complete = ending is PassOutcome.COMPLETE
            if complete:  # that a pass was broken off may be recorded in any case
                lease.renew(connection, self.held, self.clock())
            end_pass(connection, key, tally, ending, now=self.clock(), error=error)
            is_clear = complete and (self._saw_emails or self.policy.solo_member) and not self._outcome.warnings
            if warning or is_clear:
                set_api_key_warning(connection, warning)

        await self.database.finish_write(finish)
        self._add_warning(warning)
        self.measurements.record_pass(window.kind, ending, tally.pages, tally.rows)

    def _add_warning(self, warning: str | None) -> None:
        if warning is not None:
            self._outcome.warnings.append(warning)


def _warning(what: str) -> str:
    """Return the warning of a key that sees less than before."""
    return f"{what}: the key's owner seems to have lost admin rights in Neo. Spend by member isn't up to date."


def _ending(failure: Exception) -> PassOutcome:
    """Return the outcome of a failed pass; LedgerError means, for example, that another process took over the lease."""
    if isinstance(failure, NeoError):
        return PassOutcome.FAILED
    return PassOutcome.INTERRUPTED if isinstance(failure, LedgerError) else PassOutcome.BROKEN
