"""The jobs: what the scheduler's ticks start. It only ticks; what is due is decided by `now` and the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the table: its name, how often it ticks (seconds), and what is called."""

    id: str
    seconds: int
    call: Callable[[], Awaitable[None]]


class Scheduler:
    """The jobs, each at every tick of its own, and never beside itself; ended by breaking them off.

    A job runs in a task of ours and not of the scheduler's, which reports as an error what it breaks off itself.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})
        for job in jobs:
            self._scheduler.add_job(self._start, "interval", seconds=job.seconds, id=job.id, args=[job])

    def start(self) -> None:
        """Let them tick."""
        self._scheduler.start()

    async def _start(self, job: Job) -> None:
        task = self._under_way.get(job.id)
        if task is None or task.done():
            self._under_way[job.id] = asyncio.create_task(_told(job))

    async def end(self) -> None:
        """Tick no more, and break off what is under way."""
        self._scheduler.pause()
        await asyncio.sleep(0)  # a tick at this very moment starts its job, which is then broken off as one of ours
        self._scheduler.shutdown(wait=False)
        for task in self._under_way.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class BackgroundJob:
    """Work that may have to wait for Slack, beside the ticks that start it, and never beside itself."""

    def __init__(self, id: str, call: Callable[[], Awaitable[None]], patience: float) -> None:  # noqa: A002 - as of a job
        self._job, self._patience = Job(id, 0, call), patience
        self._task: asyncio.Task[None] | None = None
        self._is_late = False  # somebody has waited long enough for what is under way

    async def run(self) -> None:
        """Do it, and wait for it a moment: what takes longer goes on by itself, and holds up nobody any more."""
        if await self._is_free():
            self._is_late = False
            self._task = asyncio.create_task(_told(self._job))
            await self._wait()

    async def _is_free(self) -> bool:
        if self._task is not None and not self._task.done() and not self._is_late:
            await self._wait()
        return self._task is None or self._task.done()

    async def _wait(self) -> None:
        assert self._task is not None  # noqa: S101 - whoever waits has looked
        await asyncio.wait({self._task}, timeout=self._patience)
        self._is_late = not self._task.done()

    async def end(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def _told(job: Job) -> None:
    """Run it; what fails is a mistake of ours, told in the log, and the next tick tries again."""
    try:
        await job.call()
    except Exception:
        log.exception("a job failed", job=job.id)
