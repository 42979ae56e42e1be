"""The scheduler: runs the service's jobs by the clock; what is due is decided by `now` and the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the table: its name, how often it runs (seconds), and what is called."""

    id: str
    seconds: int
    call: Callable[[], Awaitable[object]]


class Scheduler:
    """Runs each job at its interval, and never beside itself; the end breaks off what is under way.

    A job runs in a task of ours and not of APScheduler's, which reports as an error what it breaks off itself.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})
        for job in jobs:
            self._scheduler.add_job(self._start, "interval", seconds=job.seconds, id=job.id, args=[job])

    def start(self) -> None:
        """Begin to run the jobs, each after its first interval."""
        self._scheduler.start()

    async def _start(self, job: Job) -> None:
        task = self._tasks.get(job.id)
        if task is None or task.done():
            self._tasks[job.id] = asyncio.create_task(_run(job))

    async def end(self) -> None:
        """Start no more jobs, and break off what is under way."""
        self._scheduler.pause()
        await asyncio.sleep(0)  # a job that starts at this very moment is then broken off as one of ours
        self._scheduler.shutdown(wait=False)
        for task in self._tasks.values():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class BackgroundJob:
    """Work that may have to wait for Slack: whoever starts it waits `patience` seconds, and never runs it twice."""

    def __init__(self, id: str, call: Callable[[], Awaitable[object]], patience: float) -> None:  # noqa: A002 - as of a job
        self._job, self._patience = Job(id, 0, call), patience
        self._task: asyncio.Task[None] | None = None
        self._is_late = False  # somebody has waited long enough for what is under way

    async def run(self) -> None:
        """Do it, and wait for it a moment: what takes longer goes on by itself, and holds up nobody any more."""
        if await self._is_free():
            self._is_late = False
            self._task = asyncio.create_task(_run(self._job))
            await self._wait()

    async def _is_free(self) -> bool:
        if self._task is not None and not self._task.done() and not self._is_late:
            await self._wait()
        return self._task is None or self._task.done()

    async def _wait(self) -> None:
        assert self._task is not None  # noqa: S101 - the caller has looked
        await asyncio.wait({self._task}, timeout=self._patience)
        self._is_late = not self._task.done()

    async def end(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def _run(job: Job) -> None:
    """Run a job; what fails is a mistake of ours, which is logged, and it runs again at its next time."""
    try:
        await job.call()
    except Exception:
        log.exception("a job failed", job=job.id)
