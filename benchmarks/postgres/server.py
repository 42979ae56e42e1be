"""A PostgreSQL server of the benchmarks' own: on a socket only, set as in production, its data kept for the next."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.postgres.installation import OWNER, give_away, initialize, start
from benchmarks.workplace import WORK
from bot.settings.postgres_address import PostgresAddress

ABSENT = "POSTGRESQL IS NOT INSTALLED: nothing was measured on it. Install it: apt-get install postgresql"
Plain = psycopg.Connection[tuple[Any, ...]]
_WITH_US = ("setpriv", "--pdeathsig", "QUIT")  # it ends with this process even if that is killed
# as an operator sets a small server; what is committed is on the disk
_SETTINGS = {
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `socket` is the directory of its socket, `process` the id of the process that began it."""

    socket: Path
    version: str
    process: int

    def address(self, database: str = "postgres") -> PostgresAddress:
        """The address of a database on it."""
        return PostgresAddress(str(self.socket), database, OWNER)

    def connect(self, database: str = "postgres", *, autocommit: bool = True) -> Plain:
        """A bare connection of the driver."""
        return psycopg.connect(host=str(self.socket), dbname=database, user=OWNER, autocommit=autocommit)

    def databases(self) -> set[str]:
        """The names of the databases on it."""
        with self.connect() as connection:
            return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}

    def create(self, database: str, template: str = "template1") -> PostgresAddress:
        """Make a database, a copy of another one, where there is none of the name yet or another one is."""
        self.drop(database)
        with self.connect() as connection:
            connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(database), Identifier(template)))
        return self.address(database)

    def rename(self, database: str, name: str) -> None:
        """Give a database another name."""
        with self.connect() as connection:
            connection.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(database), Identifier(name)))

    def drop(self, database: str) -> None:
        """Delete a database, whoever uses it."""
        with self.connect() as connection:
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(database)))


@contextmanager
def running_server(found: Path) -> Iterator[Server]:
    """Run it over the data that the last run has left, if there are any."""
    version = _version(found)
    data = WORK / f"postgres-{version.partition('.')[0]}"
    socket = Path(tempfile.mkdtemp(prefix="neo-bench-pg-"))
    try:
        give_away(socket)
        if not (data / "PG_VERSION").is_file():
            _make(found, data)
        process = start(found, data, socket, _SETTINGS, _WITH_US if shutil.which(_WITH_US[0]) else ())
        try:
            yield Server(socket, version, process.pid)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(socket, ignore_errors=True)


def _version(found: Path) -> str:
    words = subprocess.run([found / "postgres", "--version"], check=True, capture_output=True, text=True).stdout.split()  # noqa: S603
    return words[2]


def _make(found: Path, data: Path) -> None:
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    give_away(data)
    initialize(found, data)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # its "fast" end: what is committed stays
        process.wait()
