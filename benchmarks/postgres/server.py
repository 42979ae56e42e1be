"""A PostgreSQL server of the benchmarks' own: on a socket only, set as in production, its data kept for the next."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pwd import getpwnam
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from benchmarks.workplace import WORK
from bot.settings.postgres_address import PostgresAddress

ABSENT = "POSTGRESQL IS NOT INSTALLED: nothing was measured on it. Install it: apt-get install postgresql"
Plain = psycopg.Connection[tuple[Any, ...]]
_PACKAGED = Path("/usr/lib/postgresql")
_OWNER = "neo"
_START_SECONDS = 60.0
# as an operator sets a small server; what is committed is on the disk
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "effective_cache_size": "2GB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "lc_messages": "C",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs; `socket` is the directory of its socket, `process` the id of the process that began it."""

    socket: Path
    version: str
    process: int

    def address(self, database: str = "postgres") -> PostgresAddress:
        """The address of a database on it."""
        return PostgresAddress(str(self.socket), database, _OWNER)

    def connect(self, database: str = "postgres", *, autocommit: bool = True) -> Plain:
        """A bare connection of the driver."""
        return psycopg.connect(host=str(self.socket), dbname=database, user=_OWNER, autocommit=autocommit)

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


def programs() -> Path | None:
    """The directory of PostgreSQL's programs, those of the newest version; None if it is not installed."""
    found = shutil.which("initdb")
    packaged = sorted(_PACKAGED.glob("*/bin"), key=lambda each: float(each.parent.name), reverse=True)
    places = [*([Path(found).resolve().parent] if found else []), *packaged]
    return next((each for each in places if (each / "initdb").exists() and (each / "postgres").exists()), None)


@contextmanager
def running_server(found: Path) -> Iterator[Server]:
    """Run it over the data that the last run has left, if there are any."""
    version = _version(found)
    data = WORK / f"postgres-{version.partition('.')[0]}"
    socket = Path(tempfile.mkdtemp(prefix="neo-bench-pg-"))
    try:
        if os.geteuid() == 0:
            os.chown(socket, *_unprivileged())
        if not (data / "PG_VERSION").is_file():
            _make(found, data)
        process = _started(found, data, socket)
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
    if os.geteuid() == 0:
        os.chown(data, *_unprivileged())
    how = ["-U", _OWNER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run(  # noqa: S603
        [found / "initdb", "-D", data, *how], check=True, cwd="/", stdout=subprocess.DEVNULL, **_identity()
    )


def _started(found: Path, data: Path, socket: Path) -> "subprocess.Popen[bytes]":
    """Start the server, which ends with this process even if that is killed; return once it answers."""
    command: list[str | Path] = [found / "postgres", "-D", data, "-k", socket]
    for name, value in _SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "QUIT", *command]
    log = socket / "log"
    with log.open("wb") as written:
        process = subprocess.Popen(command, cwd="/", stdout=written, stderr=written, **_identity())  # noqa: S603
    until = monotonic() + _START_SECONDS
    while not _answers(socket):
        if process.poll() is not None or monotonic() > until:
            _stop(process)
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")
        sleep(0.05)
    return process


def _answers(socket: Path) -> bool:
    try:
        psycopg.connect(host=str(socket), dbname="postgres", user=_OWNER).close()
    except psycopg.OperationalError:
        return False
    return True


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # its "fast" end: what is committed stays
        process.wait()


def _unprivileged() -> tuple[int, int]:
    """The user and group to run it as when we are root, as whom it does not start."""
    for name in ("postgres", "nobody"):
        try:
            entry = getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    user, group = _unprivileged()
    return {"user": user, "group": group, "extra_groups": []}
