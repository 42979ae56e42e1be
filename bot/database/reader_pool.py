"""The reader pool: several threads read at once, so that nobody waits behind a long question."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event

from bot.database.errors import ClosedError

THREADS = 4
_PATIENCE_SECONDS = 0.5  # with work whose queries are so short that none is met by an interruption
_INTERRUPT_SECONDS = 0.02  # between interruptions of what is still being read at the end

R = TypeVar("R")


class ReaderPool:
    """A few threads, and a connection for each, which is opened when first needed and kept open.

    Args:
        engine: its connections read, each transaction in one snapshot; it has as many as there are threads.
        interrupt: end the query that runs on a connection of the driver.
        cut: end a connection of the driver on which one query after another is asked; None if each is interrupted.
        translated_errors: raises what is wrong with the database in words for people.
    """

    def __init__(
        self,
        engine: Engine,
        interrupt: Callable[[Any], object],
        translated_errors: Callable[[], AbstractContextManager[None]],
        threads: int = THREADS,
        *,
        cut: Callable[[Any], object] | None = None,
    ) -> None:
        self._engine, self._interrupt, self._translated_errors = engine, interrupt, translated_errors
        self._cut = cut or interrupt
        event.listen(engine, "connect", self._remember)
        event.listen(engine, "close", self._forget)
        self._open: list[Any] = []
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._reading: set[Future[Any]] = set()

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a thread over one snapshot, and return what it returns.

        Raises:
            LedgerError: there is no ledger, or not of this schema.
            UnusableError: it cannot be read now.
            ClosedError: the pool has been closed.
        """
        try:
            reading = self._threads.submit(self._run, work)
        except RuntimeError as error:
            raise ClosedError from error
        self._reading.add(reading)
        reading.add_done_callback(self._reading.discard)
        return await asyncio.wrap_future(reading)

    async def wait_until_idle(self, seconds: float) -> None:
        """Wait until nothing is being read, for `seconds` at most."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._reading and loop.time() < until:  # noqa: ASYNC110 - a look now and then costs less than an event each
            await asyncio.sleep(0.01)

    def _run(self, work: Callable[[Connection], R]) -> R:
        with self._translated_errors(), self._engine.connect() as connection:
            return work(connection)

    def _remember(self, connection: object, _record: object) -> None:
        self._open.append(connection)

    def _forget(self, connection: object, _record: object) -> None:
        if connection in self._open:
            self._open.remove(connection)

    def close(self) -> None:
        """Interrupt what is being read, and close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        until = time.monotonic() + _PATIENCE_SECONDS
        while reading := set(self._reading):
            end = self._interrupt if time.monotonic() < until else self._cut
            for connection in list(self._open):
                end(connection)  # the query that runs; the next one of the same work needs another
            wait(reading, timeout=_INTERRUPT_SECONDS)
        self._engine.dispose()
