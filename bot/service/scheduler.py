"""The scheduler: runs the service's jobs by the clock; what is due is decided by `now` and the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from structlog.contextvars import bound_contextvars

from bot.cancellation import cancel_and_wait

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the table: its id, how often it runs (seconds), and what is called."""

    id: str
    seconds: int
    call: Callable[[], Awaitable[object]]


@dataclass(slots=True)
class SingleTask:
    """Work that runs in a task of its own, and never twice at a time; what fails is logged."""

    name: str
    call: Callable[[], Awaitable[object]]
    _task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the work is under way."""
        return self._task is not None and not self._task.done()

    async def start(self) -> None:
        """Start the work, unless it is under way."""
        if not self.is_running:
            self._task = asyncio.create_task(self._run())

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the work is done, at most so many seconds if given."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds)

    async def end(self) -> None:
        """Break off what is under way."""
        if self._task is not None:
            await cancel_and_wait([self._task])

    async def _run(self) -> None:
        with bound_contextvars(job=self.name):
            try:
                await self.call()
            except Exception:  # a mistake of ours; it is tried again at the next time
                log.exception("a job failed")


class Scheduler:
    """Starts each job at its interval unless it is still under way; the end breaks off what is.

    APScheduler only starts tasks, which end by themselves: it would report as errors what it breaks off itself, and
    warn of each time at which a job is still under way.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._tasks = [SingleTask(job.id, job.call) for job in jobs]
        self._scheduler = AsyncIOScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})
        for job, task in zip(jobs, self._tasks, strict=True):
            self._scheduler.add_job(task.start, "interval", seconds=job.seconds, id=job.id)

    def start(self) -> None:
        """Begin to run the jobs, each after its first interval."""
        self._scheduler.start()

    async def end(self) -> None:
        """Start no more jobs, and break off what is under way."""
        self._scheduler.pause()
        await asyncio.sleep(0)  # a job that starts at this very moment is then broken off with the others
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(*(task.end() for task in self._tasks))


class BackgroundJob:
    """Work that may have to wait for Slack: who runs it waits `max_wait` seconds, then it goes on by itself."""

    def __init__(self, name: str, call: Callable[[], Awaitable[object]], max_wait: float) -> None:
        self._task, self._max_wait = SingleTask(name, call), max_wait
        self._is_late = False  # somebody has waited long enough for what is under way

    async def run(self) -> None:
        """Start the work, and wait for it a moment; if it is still under way from before, only wait, and only once."""
        if self._task.is_running and not self._is_late:
            await self._wait()
        if not self._task.is_running:
            await self._task.start()
            await self._wait()

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until the work is done, at most so many seconds if given."""
        await self._task.wait(seconds)

    async def end(self) -> None:
        """Break off what is under way."""
        await self._task.end()

    async def _wait(self) -> None:
        await self.wait(self._max_wait)
        self._is_late = self._task.is_running
