"""The service as a process of its own, hurried, until it is killed, or ends upon SIGTERM."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import bot.app
from bot.app import build
from bot.cli.signals import run_until_signal
from bot.database import postgres
from bot.neo.client import RetryPolicy
from bot.outbox.rules import DeliveryTiming
from bot.service import service
from bot.service.log import configure
from bot.service.scheduler import Job, Scheduler
from bot.service.service import serve
from bot.settings.environment import load
from bot.settings.model import LogFormat, LogLevel
from tests.support.clock import clock_of
from tests.support.command import become_command

HURRIED = RetryPolicy(answer=2, connect=5, deadline=0.5, longest_retry_after=2.0, first_wait=0.01)
# a tenth of the real ones and less; a request takes a moment at the most
TIMES = DeliveryTiming(
    request=1.5, lease=3.5, unconfirmed=1.0, checks=(1.0, 2.0), pace=0.02, first_wait=0.1, longest_wait=0.5, margin=30.0
)
LIFETIME = timedelta(seconds=3)  # of a lease
FROZEN_SECONDS = 10.0  # half of the real ones; a start on a loaded machine may think for some of them


def main(path: Path) -> None:
    """Serve until SIGTERM, or until this process is killed, in the environment that a file holds as JSON."""
    configure(LogLevel.ERROR, LogFormat.CONSOLE)
    postgres.FROZEN_SECONDS = FROZEN_SECONDS
    environment = load(json.loads(path.read_text(encoding="utf-8")), path.parent)
    app = build(environment, clock_of(path.parent / CLOCK), HURRIED, TIMES, LIFETIME)
    asyncio.run(run_until_signal(lambda stop: serve(app, stop)))


# --- where simulated hours pass in moments ---------------------------------------------------------

CLOCK = "clock"  # beside the file of the environment: says by how much the clock is off, see `clock_of`


class EagerScheduler(Scheduler):
    """Looks each second what is due, which minutes or hours of simulated time may be.

    It counts what is under way, and its rounds; in a round each job has been done.
    """

    directory = Path()

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._ids = {job.id for job in jobs}
        self._to_do, self._rounds = set(self._ids), 0
        eager = [Job(job.id, 1, partial(self._do, job)) for job in jobs]
        super().__init__([*eager, Job("count", 1, self._count)])

    async def _do(self, job: Job) -> None:
        try:
            await job.call()
        finally:
            self._to_do.discard(job.id)
        if not self._to_do:
            self._to_do, self._rounds = set(self._ids), self._rounds + 1

    async def _count(self) -> None:
        _write_number(task_count(self.directory, os.getpid()), len(asyncio.all_tasks()))
        _write_number(round_count(self.directory, os.getpid()), self._rounds)


def _write_number(file: Path, number: int) -> None:
    new = file.with_name(f"{file.name}.new")
    new.write_text(str(number), encoding="utf-8")
    new.replace(file)


def task_count(directory: Path, process: int) -> Path:
    """The file that says how many tasks of asyncio an eager process has."""
    return directory / f"{process}.tasks"


def round_count(directory: Path, process: int) -> Path:
    """The file that says how many rounds an eager process has done."""
    return directory / f"{process}.rounds"


def eager(path: Path) -> None:
    """Serve as `main` does, with every job each second."""
    EagerScheduler.directory = path.parent
    service.Scheduler = EagerScheduler  # type: ignore[attr-defined]
    main(path)


def command(words: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> None:
    """Be a command that has the same clock as the services in a directory; what it says goes to files there."""
    bot.app.build = partial(build, clock=clock_of(directory / CLOCK))
    become_command(words, environment, directory)
