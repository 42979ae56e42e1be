"""Tasks by kind and name, of each of which one runs at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

import structlog

from bot.cancellation import cancel_and_wait
from bot.database.engine import DATABASE_ERRORS

log = structlog.get_logger(__name__)


class NamedTasks:
    """Tasks that go on by themselves, none of which waits for another."""

    def __init__(self) -> None:
        self.stopping = False
        self._tasks: dict[tuple[Hashable, str], asyncio.Task[None]] = {}
        self._database_error: Exception | None = None

    def start(self, kind: Hashable, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Start a task, unless one of its kind and name runs, or all are being stopped."""
        key = kind, name
        if key not in self._tasks and not self.stopping:
            task = self._tasks[key] = asyncio.create_task(self._run(work))
            task.add_done_callback(lambda _: self._tasks.pop(key, None))

    async def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run a task; one that failed is started again by the next tick, whatever the error was."""
        try:
            await work()
        except DATABASE_ERRORS as error:
            self._database_error = error
        except Exception:
            log.exception("a task of the outbox failed")

    def names(self, kind: Hashable) -> set[str]:
        """Return the names of the tasks of a kind that run."""
        return {name for each, name in self._tasks if each == kind}

    def raise_database_error(self) -> None:
        """Raise what a task has met with in the database since the last call, if anything."""
        if self._database_error is not None:
            error, self._database_error = self._database_error, None
            raise error

    async def wait_for(self, kind: Hashable, seconds: float) -> None:
        """Wait until the tasks of a kind are done, so many seconds at most."""
        if waited_for := {task for (each, _), task in self._tasks.items() if each == kind}:
            await asyncio.wait(waited_for, timeout=seconds)

    async def wait_idle(self) -> None:
        """Wait until no task runs."""
        while self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    async def stop(self, seconds: float) -> None:
        """Start no more tasks, and cancel those that are not done after so many seconds."""
        self.stopping = True
        if tasks := set(self._tasks.values()):
            _, slow = await asyncio.wait(tasks, timeout=seconds)
            await cancel_and_wait(slow)
