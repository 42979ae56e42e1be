"""A connection to a PostgreSQL server that ends itself once the server has been silent for too long.

A server that is gone is noticed by the operating system. One that is frozen is not, nor is a proxy or a firewall that
takes what is sent and gives nothing back: a thread would wait there for ever.
"""

import time
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

R = TypeVar("R")

ANSWER_SECONDS = 60.0  # twice as long as the server itself lets a statement wait for a lock


class LimitedConnection(psycopg.Connection[Any]):
    """Ends when nothing has come from the server for `answer_seconds` while something is awaited; None is no limit."""

    answer_seconds: float | None = None

    def wait(self, gen: PQGen[R], *arguments: float | None, **options: float | None) -> R:
        """Return what the driver waits for.

        Raises:
            OperationalError: the server has been silent for too long; the connection is closed.
        """
        return super().wait(self._limited(gen), *arguments, **options)  # type: ignore[arg-type] # more in newer versions

    def _limited(self, gen: PQGen[R]) -> Generator[Any, Any, R]:
        """Pass on what a step of the driver waits for, and count the time only once it has waited for a moment."""
        until: float | None = None
        try:
            ready = yield next(gen)
            while True:
                until = (
                    None if ready or self.answer_seconds is None else until or time.monotonic() + self.answer_seconds
                )
                if until is not None and time.monotonic() > until:
                    self.close()
                    raise psycopg.OperationalError("the server closed the connection, or has been silent for too long")
                ready = yield gen.send(ready)
        except StopIteration as end:
            result: R = end.value
            return result
