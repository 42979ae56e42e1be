"""The reader pool: several threads read at once, so that nobody waits behind a long question."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from bot.database.errors import translated_errors
from bot.database.reader import Reader, open_reader

THREADS = 4
CACHE_KIB = 8_000  # each; the operating system holds the rest of the file once for all

R = TypeVar("R")


class ReaderPool:
    """A reader in each of a few threads, opened when first used and kept open."""

    def __init__(self, path: Path, threads: int = THREADS) -> None:
        self._path = path
        self._own = threading.local()
        self._open: list[Reader] = []
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._reading = 0

    async def read(self, work: Callable[[Reader], R]) -> R:
        """Run `work` with a reader, in a thread, and return what it returns.

        Raises:
            LedgerError: there is no ledger, or not of this schema.
            UnusableError: it cannot be read now.
        """
        self._reading += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._run(work))
        finally:
            self._reading -= 1

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
        for reader in self._open:
            reader.interrupt()
        self._threads.shutdown(cancel_futures=True)
        for reader in self._open:
            reader.close()
