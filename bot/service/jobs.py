"""The jobs of a running service: a sync at every poll, and the timers of the capabilities at their intervals."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from bot.capability import After, Stage, Timer
from bot.database.engine import DATABASE_ERRORS, Database
from bot.service.database_alarm import DatabaseAlarm
from bot.service.scheduler import BackgroundJob, Job
from bot.sync.scheduler import SyncScheduler

SLOW_SECONDS = 60  # timers with shorter intervals also run right after a sync


@dataclass(slots=True)
class Jobs:
    """Runs timers, those of one interval in their order. `stage` says how far the service has started.

    `replaced` is set once another file stands in the place of the ledger; from then on nothing runs.
    """

    database: Database
    scheduler: SyncScheduler
    timers: Sequence[Timer]
    alarm: DatabaseAlarm
    stage: Callable[[], Stage]
    replaced: asyncio.Event = field(default_factory=asyncio.Event)
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _calls: dict[str, Callable[[], Awaitable[object]]] = field(default_factory=dict)
    _background: list[BackgroundJob] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put those that may have to wait for Slack into the background."""
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
            if self._is_replaced():
                return
            await self.run_every(1)  # what time has brought about comes before what is booked after it
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

    async def end(self) -> None:
        """Break off what is in the background."""
        await asyncio.gather(*(job.end() for job in self._background))

    def _intervals(self) -> list[int]:
        return sorted({timer.seconds for timer in self.timers if timer.seconds is not None})

    async def _run(self, timers: Sequence[Timer]) -> None:
        for timer in timers:
            if self._is_replaced():
                return
            if timer.stage <= self.stage() and not await self._run_with_database(self._calls[timer.id]):
                return

    async def _run_with_database(self, call: Callable[[], Awaitable[object]]) -> bool:
        """Call something that uses the database; return whether the database could be used."""
        try:
            await call()
        except DATABASE_ERRORS as error:
            await self.alarm.report(error)
            return False
        return True

    def _is_replaced(self) -> bool:
        if self.database.is_replaced:
            self.replaced.set()
        return self.replaced.is_set()
