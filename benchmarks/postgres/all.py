"""The benchmarks on PostgreSQL, on one server; where PostgreSQL is not installed, a loud line and no bar."""

import sys
from collections.abc import Iterator
from typing import Protocol

from benchmarks.bars import Bar
from benchmarks.postgres import booking, questions, replicas, scrapes, service
from benchmarks.postgres.installation import programs
from benchmarks.postgres.server import ABSENT, Server, running_server


class OnServer(Protocol):
    """Measures on a server, at full size or quickly, and yields the bars as they are known."""

    def __call__(self, server: Server, *, quick: bool) -> Iterator[Bar]:
        """The bars."""
        ...


_PARTS: tuple[OnServer, ...] = (
    questions.measure,
    booking.measure,
    replicas.measure,
    scrapes.measure,
    service.measure,
)


def measure(*, quick: bool) -> Iterator[Bar]:
    """Questions beside their SQL, bookings beside COPY, commands by one service and by two, scrapes, the service."""
    found = programs()
    if found is None:
        sys.stderr.write(f"{ABSENT}\n")
        return
    with running_server(found) as server:
        for part in _PARTS:
            yield from part(server, quick=quick)
