"""The reader pool: several threads read at once, so that nobody waits behind a long question."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

from bot.database.errors import translated_errors
from bot.database.reader import Reader, open_reader

THREADS = 4
_INTERRUPT_SECONDS = 0.02  # between interruptions of what is still being read at the end
CACHE_KIB = 8_000  # each; the operating system holds the rest of the file once for all

R = TypeVar("R")


class ReaderPool:
    """A reader in each of a few threads, opened when first used and kept open."""

    def __init__(self, path: Path, threads: int = THREADS) -> None:
        self._path = path
        self._own = threading.local()
        self._open: list[Reader] = []
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._reading: set[Future[Any]] = set()

    async def read(self, work: Callable[[Reader], R]) -> R:
        """Run `work` with a reader, in a thread, and return what it returns.

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

    def _run(self, work: Callable[[Reader], R]) -> R:
        with translated_errors(self._path):
            return work(self._reader())

    def _reader(self) -> Reader:
        reader: Reader | None = getattr(self._own, "reader", None)
        if reader is None:
            reader = self._own.reader = open_reader(self._path, CACHE_KIB)
            self._open.append(reader)
        return reader

    def close(self) -> None:
        """Interrupt what is being read, and close the readers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while reading := set(self._reading):
            for reader in list(self._open):
                reader.interrupt()  # the query that runs; the next one of the same work needs another
            wait(reading, timeout=_INTERRUPT_SECONDS)
        for reader in self._open:
            reader.close()
