"""The reader pool: several threads read at once, so that nobody waits behind a long question."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, QueuePool, event

from bot.database.errors import translated_errors
from bot.database.read_engine import read_engine

THREADS = 4
CACHE_KIB = 8_000  # each; the operating system holds the rest of the file once for all
_INTERRUPT_SECONDS = 0.02  # between interruptions of what is still being read at the end

R = TypeVar("R")


class ReaderPool:
    """A few threads, and a connection for each, which is opened when first needed and kept open."""

    def __init__(self, path: Path, threads: int = THREADS) -> None:
        self._path = path
        self._engine = read_engine(path, CACHE_KIB, QueuePool, pool_size=threads, max_overflow=0)
        event.listen(self._engine, "connect", self._remember)
        self._open: list[sqlite3.Connection] = []
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._reading: set[Future[Any]] = set()

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run `work` in a thread over one snapshot, and return what it returns.

        Raises:
            LedgerError: there is no ledger, or not of this schema.
            UnusableError: it cannot be read now.
        """
        reading = self._threads.submit(self._run, work)
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
        with translated_errors(self._path), self._engine.connect() as connection:
            return work(connection)

    def _remember(self, connection: sqlite3.Connection, _record: object) -> None:
        self._open.append(connection)

    def close(self) -> None:
        """Interrupt what is being read, and close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while reading := set(self._reading):
            for connection in list(self._open):
                connection.interrupt()  # the query that runs; the next one of the same work needs another
            wait(reading, timeout=_INTERRUPT_SECONDS)
        self._engine.dispose()
