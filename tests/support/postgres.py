"""A PostgreSQL server for tests: one a worker, of its own, on a socket only, without a wait for the disk.

Where PostgreSQL is not installed, whatever asks for it is skipped; with NEO_USAGE_POSTGRES=required that is an error.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from pwd import getpwnam
from typing import Any

import psycopg
import pytest
from psycopg.abc import Query
from psycopg.sql import SQL, Identifier

from bot.database.postgres import open_server
from bot.database.schema import newest_revision
from bot.settings.credentials import Secret
from bot.settings.postgres_address import PostgresAddress

REQUIRED = os.environ.get("NEO_USAGE_POSTGRES") == "required"
ABSENT = "POSTGRESQL IS NOT INSTALLED: nothing was tested on it. Install it: apt-get install postgresql"
OWNER = "neo"
START_SECONDS = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "lc_messages": "C",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "fatal",
}

WITH_PASSWORD = "careful"  # a user that may be made, of whom alone a password is asked
PASSWORD = "s3cret-p@ss/word"
_WHO = f"local all {WITH_PASSWORD} scram-sha-256\nlocal all all trust\n"

_DISCONNECT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# a table whose rows were all deleted has counted up its ids
_EMPTY = """
DO $$
DECLARE
    each record; has_rows boolean; used text[] := '{}';
BEGIN
    SET LOCAL lock_timeout = '2s';
    FOR each IN
        SELECT c.oid::regclass::text AS name, s.last_value FROM pg_class c
        LEFT JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype = 'a' AND d.classid = 'pg_class'::regclass
        LEFT JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
        LEFT JOIN pg_sequences s ON s.schemaname = 'public' AND s.sequencename = q.relname
        WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || each.name || ')' INTO has_rows;
        IF has_rows OR each.last_value IS NOT NULL THEN
            used := used || each.name;
        END IF;
    END LOOP;
    IF used <> '{}' THEN
        EXECUTE 'TRUNCATE ' || array_to_string(used, ', ') || ' RESTART IDENTITY CASCADE';
    END IF;
END $$
"""


def programs() -> Path | None:
    """Return the directory of PostgreSQL's programs, those of the newest version; None if it is not installed."""
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    packaged = sorted(_DEBIAN.glob("*/bin"), key=lambda each: float(each.parent.name), reverse=True)
    return next(
        (each for each in (*on_path, *packaged) if (each / "initdb").exists() and (each / "postgres").exists()), None
    )


@dataclass
class PostgresServer:
    """A server with its data and its socket in a directory; the programs are those of its version."""

    directory: Path
    programs: Path
    settings: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    template: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _spare: list[PostgresAddress] = field(default_factory=list)

    def start(self) -> None:
        """Start it; return once it answers."""
        self.process = _started(self.programs, self.directory, self.settings)

    def stop(self) -> None:
        """End it at once, as a crash does."""
        if self.process is not None:
            _stop(self.process)
            self.process = None

    def address(self, database: str = "postgres", user: str = OWNER) -> PostgresAddress:
        """Return the address of a database on it."""
        return PostgresAddress(str(self.directory), database, user)

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Connect to a database as its owner, outside of any transaction."""
        with psycopg.connect(host=str(self.directory), dbname=database, user=OWNER, autocommit=True) as connection:
            yield connection

    def run(self, statement: Query, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement, and return its rows."""
        with self.connected(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> PostgresAddress:
        """Return a new database without tables."""
        name = f"empty_{next(self._numbers)}"
        self.run(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.address(name)

    def migrated(self) -> PostgresAddress:
        """Return a new ledger without rows, copied from one that is migrated once."""
        if not self.template:
            template = self.empty()
            open_server(template).close()
            self.template = template.database
        if self._spare:
            return self._spare.pop()
        name = f"ledger_{next(self._numbers)}"
        self.run(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(self.template)))
        return self.address(name)

    def take_back(self, address: PostgresAddress) -> None:
        """Empty a ledger for the next test, which takes a sixth of the time that a new one does; else delete it."""
        try:
            with self.connected(address.database) as connection:
                connection.execute(_DISCONNECT)
                revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                connection.execute(_EMPTY)
        except psycopg.Error:
            self.drop(address)
            return
        if revision == (newest_revision(),):
            self._spare.append(address)
        else:
            self.drop(address)

    def drop(self, address: PostgresAddress) -> None:
        """Delete a database, whoever is connected to it."""
        self.run(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(address.database)))


@contextmanager
def running_server(**settings: str) -> Iterator[PostgresServer]:
    """Run a server of its own in a directory of its own; both are gone afterwards."""
    found = programs()
    if found is None:
        if REQUIRED:
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    directory = Path(tempfile.mkdtemp(prefix="neo-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            os.chown(directory, *unprivileged())
        data = directory / "data"
        _run(
            [found / "initdb", "-D", data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            directory,
        )
        (data / "pg_hba.conf").write_text(_WHO)
        server = PostgresServer(directory, found, _SETTINGS | settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def unprivileged() -> tuple[int, int]:
    """Return the user and group to run it as when we are root, as whom it does not start."""
    for name in ("postgres", "nobody"):
        try:
            entry = getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _identity() -> dict[str, Any]:
    """Return how to start a process that is not root."""
    if os.geteuid() != 0:
        return {}
    user, group = unprivileged()
    return {"user": user, "group": group, "extra_groups": []}


def _run(command: list[str | Path], directory: Path) -> None:
    subprocess.run(command, check=True, cwd=directory, stdout=subprocess.DEVNULL, **_identity())  # noqa: S603


def _started(found: Path, directory: Path, settings: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start the server, which ends with this process even if that is killed; return once it answers."""
    command: list[str | Path] = [found / "postgres", "-D", directory / "data", "-k", directory]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "QUIT", *command]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log, **_identity())  # noqa: S603
    until = time.monotonic() + START_SECONDS
    while not _answers(directory):
        if process.poll() is not None or time.monotonic() > until:
            _stop(process)
            pytest.fail(f"PostgreSQL did not start: {(directory / 'log').read_text()}")
        time.sleep(0.02)
    return process


def _answers(directory: Path) -> bool:
    try:
        psycopg.connect(host=str(directory), dbname="postgres", user=OWNER).close()
    except psycopg.OperationalError:
        return False
    return True


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End it at once, as what it holds is thrown away."""
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The worker's PostgreSQL server, started when a test first asks for it."""
    with running_server() as server:
        yield server


@pytest.fixture
def empty_postgres(postgres: PostgresServer) -> Iterator[PostgresAddress]:
    """A database without tables."""
    address = postgres.empty()
    yield address
    postgres.drop(address)


@pytest.fixture
def postgres_ledger(postgres: PostgresServer) -> Iterator[PostgresAddress]:
    """A ledger without rows."""
    address = postgres.migrated()
    yield address
    postgres.take_back(address)


@pytest.fixture
def careful(postgres: PostgresServer, empty_postgres: PostgresAddress) -> Iterator[PostgresAddress]:
    """An empty database that belongs to a user with a password."""
    user = Identifier(WITH_PASSWORD)
    postgres.run(SQL("CREATE USER {} PASSWORD {}").format(user, PASSWORD))
    postgres.run(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(empty_postgres.database), user))
    yield replace(empty_postgres, user=WITH_PASSWORD, password=Secret(PASSWORD))
    postgres.drop(empty_postgres)
    postgres.run(SQL("DROP USER {}").format(user))
