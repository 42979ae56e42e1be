"""The jobs of a running service: a sync at every poll, and the timers of the capabilities at their intervals.

Of several services on one database one has the jobs (`jobs_lease`). The others stand by: they run the timers that run
everywhere, and take over with a sync.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.capability import After, Stage, Timer
from bot.database.engine import DATABASE_ERRORS, Database
from bot.database.errors import LedgerError
from bot.database.lease import LeaseLostError
from bot.service.database_alarm import DatabaseAlarm
from bot.service.jobs_lease import JobsLease
from bot.service.scheduler import BackgroundJob, Job, SingleTask
from bot.sync.scheduler import SyncScheduler

SLOW_SECONDS = 60  # timers with shorter intervals also run right after a sync


@dataclass(slots=True)
class Jobs:
    """Runs timers, those of one interval in their order. `stage` says how far the service has started.

    `lease` says whether it is this service that runs them.

    `ended` is set once nothing can be written to the ledger any more, for the reason `final_error`; from then on
    nothing runs.
    """

    database: Database
    scheduler: SyncScheduler
    timers: Sequence[Timer]
    alarm: DatabaseAlarm
    lease: JobsLease
    stage: Callable[[], Stage]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    final_error: LedgerError | None = None
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _calls: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    _background: list[BackgroundJob] = field(default_factory=list)
    _takeover: SingleTask = field(init=False)

    def __post_init__(self) -> None:
        """Put those that may have to wait for Slack into the background."""
        self._takeover = SingleTask("sync after taking over", self.sync)
        for timer in self.timers:
            self._calls[timer.id] = timer.run
            if timer.max_wait is not None:
                background = BackgroundJob(timer.id, partial(self._run_with_database, timer.run), timer.max_wait)
                self._background.append(background)
                self._calls[timer.id] = background.run

    def table(self, poll_seconds: int) -> list[Job]:
        """Return the jobs for the scheduler: one for each interval of the timers, and the sync."""
        jobs = [Job(f"every {seconds} s", seconds, partial(self.run_every, seconds)) for seconds in self._intervals()]
        return [Job("sync", poll_seconds, self.sync), *jobs]

    async def sync(self) -> None:
        """Read what is due now, with everything that follows; what fails is logged, and tried at the next poll."""
        async with self._syncing:
            if self._is_ended():
                return
            await self.run_every(1)  # what time has brought about comes before what is booked after it
            if self.lease.held is None:
                return
            with self.lease.fence():
                await self._run_with_database(self.scheduler.tick)
            await self.run_after(After.SYNC)
            for seconds in self._intervals():
                if seconds < SLOW_SECONDS:
                    await self.run_every(seconds)

    async def run_every(self, seconds: int) -> None:
        """Run the timers of an interval."""
        await self._run([timer for timer in self.timers if timer.seconds == seconds])

    async def run_after(self, what: After) -> None:
        """Run the timers that run after something has happened."""
        await self._run([timer for timer in self.timers if what in timer.after])

    async def wait_background(self) -> None:
        """Wait until nothing is in the background."""
        await asyncio.gather(*(job.wait() for job in self._background))

    async def end(self) -> None:
        """Break off what is in the background."""
        await asyncio.gather(self._takeover.end(), *(job.end() for job in self._background))

    def _intervals(self) -> list[int]:
        return sorted({timer.seconds for timer in self.timers if timer.seconds is not None})

    async def _run(self, timers: Sequence[Timer]) -> None:
        if self._is_ended() or not await self._run_with_database(self._hold_lease):
            return
        for timer in timers:
            if self._is_ended():
                return
            if timer.stage <= self.stage() and not await self._run_timer(timer):
                return

    async def _run_timer(self, timer: Timer) -> bool:
        """Run a timer, unless another service does; return whether the database could be used."""
        if timer.everywhere:
            return await self._run_with_database(self._calls[timer.id])
        if self.lease.held is None:
            return True
        with self.lease.fence():
            return await self._run_with_database(self._calls[timer.id])

    async def _hold_lease(self) -> None:
        """Take the jobs if nobody else has them, and sync at once if another service had."""
        if not await self.lease.hold() or not self.lease.has_waited:
            return
        self.lease.has_waited = False
        for timer in self.timers:
            if timer.begin is not None:
                timer.begin()
        await self._takeover.start()

    async def _run_with_database(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Call something that uses the database; return whether the database could be used."""
        held = self.lease.held
        try:
            await call()
        except LeaseLostError as error:
            self.lease.lose(held, error)
        except DATABASE_ERRORS as error:
            await self.alarm.report(error)
            return False
        return True

    def _is_ended(self) -> bool:
        if self.final_error is None and (error := self.database.final_error) is not None:
            self.final_error = error
            self.ended.set()
        return self.final_error is not None
