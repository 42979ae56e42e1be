"""The jobs: what the scheduler's ticks call. It only ticks; what is due is decided by `now` and the database."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from apscheduler.schedulers.asyncio import AsyncIOScheduler


@dataclass(frozen=True, slots=True)
class Job:
    """A line of the table: its name, how often it ticks (seconds), and what is called."""

    id: str
    seconds: int
    call: Callable[[], Awaitable[None]]


def scheduler_of(jobs: Sequence[Job]) -> AsyncIOScheduler:
    """A scheduler of the jobs, not started; a tick that comes late comes once, and never beside itself."""
    scheduler = AsyncIOScheduler(
        timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    for job in jobs:
        scheduler.add_job(job.call, "interval", seconds=job.seconds, id=job.id)
    return scheduler
