"""What the machine does to a ledger: the disk is full, somebody holds the lock, connections are cut."""

import asyncio
import resource
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from bot.database.postgres_schema import WRITER_LOCK
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from tests.support.cutting_proxy import CuttingProxy, cutting_proxy
from tests.support.postgres import PostgresServer

ROOM = 2**16  # bytes that a file may have where the disk is full
WAIT = 3.0  # seconds for a lock that somebody else has
_LIMITED = ("charge", "lease", "living", "notification", "note", "pass", "task")
_WRITTEN = """
CREATE OR REPLACE FUNCTION before_writing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN {} RETURN NULL; END$$
"""
_OF_SERVICES = """
SELECT concat_ws(' ', application_name, state, wait_event_type, wait_event, left(query, 200))
FROM pg_stat_activity WHERE datname = current_database() AND left(application_name, 10) = 'neo-usage '
"""
_NO_ROOM = "RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';"


class Surroundings(ABC):
    """What is around a ledger. `place` is the ledger, `services` its place as services have it.

    Each returns once it is so, or once it is clear that it can't be: what is frozen may hold it up.
    """

    place: DatabasePlace
    services: DatabasePlace

    @abstractmethod
    async def fill_disk(self, processes: Sequence[int]) -> None:
        """Let these processes write no more."""

    @abstractmethod
    async def empty_disk(self, processes: Sequence[int]) -> None:
        """Let them write again."""

    @abstractmethod
    async def lock(self) -> None:
        """Hold the lock of whoever writes."""

    @abstractmethod
    async def unlock(self) -> None:
        """Let go of it."""

    @abstractmethod
    async def cut(self) -> None:
        """Cut all connections, where there are any."""

    @abstractmethod
    def connections(self) -> list[str]:
        """What each connection of a service to a server does."""


@dataclass
class FileSurroundings(Surroundings):
    """Those of a file."""

    place: Path
    _holder: sqlite3.Connection | None = None

    @property
    def services(self) -> Path:  # type: ignore[override]
        """The file itself."""
        return self.place

    async def fill_disk(self, processes: Sequence[int]) -> None:
        _limit(processes, ROOM)

    async def empty_disk(self, processes: Sequence[int]) -> None:
        _limit(processes, resource.RLIM_INFINITY)

    async def lock(self) -> None:
        await asyncio.to_thread(self._lock)

    def _lock(self) -> None:
        holder = sqlite3.connect(self.place, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            holder.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            holder.close()
        else:
            self._holder = holder

    async def unlock(self) -> None:
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    async def cut(self) -> None:
        """There are none."""

    def connections(self) -> list[str]:
        return []


def _limit(processes: Sequence[int], size: int) -> None:
    for each in processes:
        with suppress(ProcessLookupError):
            resource.prlimit(each, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@dataclass
class ServerSurroundings(Surroundings):
    """Those of a database on a server, to which services connect through a proxy."""

    server: PostgresServer
    place: PostgresAddress
    services: PostgresAddress
    proxy: CuttingProxy
    _holder: "psycopg.Connection[Any] | None" = field(default=None)

    def _connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        connection = self.server.connect(self.place.database)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{round(WAIT * 1000)}"])
        return connection

    def watch_writing(self) -> None:
        """Ask a function before whatever is written, which can be changed while tables are locked."""
        with self._connect() as connection:
            connection.execute(_WRITTEN.format("").encode())
            for table in _LIMITED:
                connection.execute(
                    f"CREATE TRIGGER before_{table} BEFORE INSERT OR UPDATE ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION before_writing()"
                )

    async def fill_disk(self, processes: Sequence[int]) -> None:  # noqa: ARG002 - it is the server's disk
        await asyncio.to_thread(self._before_writing, _NO_ROOM)

    async def empty_disk(self, processes: Sequence[int]) -> None:  # noqa: ARG002 - see above
        await asyncio.to_thread(self._before_writing, "")

    def _before_writing(self, what: str) -> None:
        with self._connect() as connection:
            connection.execute(_WRITTEN.format(what).encode())

    async def lock(self) -> None:
        await asyncio.to_thread(self._lock)

    def _lock(self) -> None:
        self._holder = self._connect()
        with suppress(psycopg.errors.LockNotAvailable):
            self._holder.execute("BEGIN")
            self._holder.execute(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})".encode())

    async def unlock(self) -> None:
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    async def cut(self) -> None:
        self.proxy.cut()

    def connections(self) -> list[str]:
        return [text for (text,) in self.server.run(_OF_SERVICES, self.place.database)]


@contextmanager
def server_surroundings(server: PostgresServer, place: PostgresAddress) -> Iterator[ServerSurroundings]:
    """Give those of a ledger on a server."""
    with tempfile.TemporaryDirectory(prefix="neo-px-", dir="/tmp") as name:
        socket = Path(place.host) / f".s.PGSQL.{place.port}"
        with cutting_proxy(socket, Path(name)) as proxy:
            found = ServerSurroundings(server, place, replace(place, host=name), proxy)
            found.watch_writing()
            yield found
