"""The sync runner: connects to the upstream and reads planned passes under the sync lease, into one database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from bot.database import lease
from bot.database.engine import DATABASE_ERRORS, Database
from bot.database.lease import HeldLease, LeaseHolder
from bot.database.lease_holder import holder_name
from bot.database.timing import LEASE_LIFETIME
from bot.ledger.booking_policy import BookingPolicy
from bot.measurements import UNMEASURED, Measurements
from bot.neo.client import NeoClient
from bot.neo.errors import TransientError
from bot.sync import rate_limit
from bot.sync.booker import YieldToReaders
from bot.sync.outcome import SyncOutcome, SyncProgress
from bot.sync.rules import PlannedPass
from bot.sync.run import Clock, SyncRun

WAIT_SECONDS = 0.5  # between looks at another's lease

OnWait = Callable[[LeaseHolder], None]
"""Called once if another process's sync has to end first."""


Connect = Callable[[], AbstractAsyncContextManager[NeoClient]]
"""Opens a client of the upstream; raises SettingsError if there is no credential."""


@dataclass(frozen=True, slots=True)
class SyncRunner:
    """Runs syncs one at a time over all processes; the tail is read again between windows once it is `poll` old.

    `measurements` counts the passes.
    """

    database: Database
    connect: Connect
    policy: BookingPolicy
    poll: timedelta
    clock: Clock
    lifetime: timedelta = LEASE_LIFETIME
    measurements: Measurements = UNMEASURED

    async def run(
        self,
        passes: Sequence[PlannedPass],
        progress: Callable[[SyncProgress], None],
        on_wait: OnWait,
        *,
        is_backfill: bool = False,
        yield_to_readers: YieldToReaders | None = None,
    ) -> SyncOutcome:
        """Read the passes into the ledger and return the outcome. The event loop is never blocked.

        Args:
            passes: what to read.
            progress: called after every page.
            on_wait: called once if another sync has to end first.
            is_backfill: whether every new task is history, so that nobody is notified of it.
            yield_to_readers: awaited before each page is booked.

        Raises:
            NeoError: the upstream failed; what was booked stays.
            LedgerError: the ledger cannot be written, or another sync took over.
        """
        try:
            async with (
                self._holding_lease(holder_name(token_hex(4)), on_wait) as held,
                self.connect() as client,
            ):
                run = SyncRun(
                    self.database,
                    client,
                    self.clock,
                    self.policy,
                    held,
                    progress,
                    yield_to_readers,
                    self.poll,
                    self.measurements,
                )
                return await run.run(passes, is_backfill=is_backfill)
        except TransientError as error:
            if seconds := error.retry_after:
                await self.database.write(lambda connection: rate_limit.record_wait(connection, seconds, self.clock()))
            raise

    @asynccontextmanager
    async def _holding_lease(self, holder: str, on_wait: OnWait) -> AsyncIterator[HeldLease]:
        """Hold the sync lease inside; wait first while another process holds it."""
        try:
            held = await self._acquire_lease(holder, on_wait)
        except asyncio.CancelledError:
            with suppress(*DATABASE_ERRORS):
                await self._release_lease(holder)  # it may have been acquired at that moment
            raise
        try:
            yield held
        finally:
            with suppress(*DATABASE_ERRORS):  # it expires by itself; what failed before is what is to be reported
                await self._release_lease(holder)

    async def _release_lease(self, holder: str) -> None:
        await self.database.finish_release(lambda c: lease.release(c, lease.SYNC, holder))

    async def _acquire_lease(self, holder: str, on_wait: OnWait) -> HeldLease:
        has_waited = False
        while isinstance(found := await self._try_lease(holder), LeaseHolder):
            if not has_waited:
                on_wait(found)
            has_waited = True
            await asyncio.sleep(WAIT_SECONDS)
        return found

    async def _try_lease(self, holder: str) -> HeldLease | LeaseHolder:
        return await self.database.finish_write(
            lambda c: lease.acquire(c, lease.SYNC, holder, self.clock(), self.lifetime)
        )
