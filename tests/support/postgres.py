"""PostgreSQL for tests: a server a worker, started when a test first asks for it, and databases on it.

Where PostgreSQL is not installed, whatever asks for it is skipped; with NEO_USAGE_POSTGRES=required that is an error.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.abc import Query

from benchmarks.postgres.installation import OWNER, programs
from bot.database.postgres import open_server
from bot.settings.credentials import Secret
from bot.settings.postgres_address import PostgresAddress
from tests.support.postgres_cluster import PASSWORD, WITH_PASSWORD, Cluster, new_cluster

__all__ = ["PASSWORD", "WITH_PASSWORD", "PostgresServer", "running_server"]

REQUIRED = os.environ.get("NEO_USAGE_POSTGRES") == "required"
ABSENT = "POSTGRESQL IS NOT INSTALLED: nothing was tested on it. Install it: apt-get install postgresql"
_MANY = 300  # rows that are deleted leave a table slow to read; to make its files anew takes as long as a small test
_USES = 50  # after which a database is thrown away, for the same reason

_DISCONNECT = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SCHEMA = """
SELECT (SELECT version_num FROM alembic_version), (SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal), (
    SELECT string_agg(format('%s %s', relname, relnatts), ', ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
)
"""
_TABLES = """
SELECT c.relname, q.relname FROM pg_class c
LEFT JOIN pg_depend d ON d.refobjid = c.oid AND d.deptype = 'a' AND d.classid = 'pg_class'::regclass
LEFT JOIN pg_class q ON q.oid = d.objid AND q.relkind = 'S'
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'alembic_version'
ORDER BY c.relname, q.relname
"""
# a table whose rows were all deleted has counted up its ids
_IS_USED = sql.SQL("SELECT {name} WHERE EXISTS (SELECT FROM {table})")
_HAS_COUNTED = sql.SQL(" UNION ALL SELECT {name} FROM {sequence} WHERE is_called")


@dataclass
class _Ledger:
    """A ledger that one test after another is given, and the connection that empties it."""

    address: PostgresAddress
    connection: "psycopg.Connection[tuple[Any, ...]]"
    uses: int = 0


@dataclass
class PostgresServer:
    """The databases on a cluster."""

    cluster: Cluster
    _template: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _spare: list[_Ledger] = field(default_factory=list)
    _given: dict[str, _Ledger] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where its socket is."""
        return self.cluster.directory

    def start(self) -> None:
        """Start it; return once it answers."""
        self.cluster.start()

    def stop(self) -> None:
        """End it at once, as a crash does."""
        self.cluster.stop()

    def address(self, database: str = "postgres", user: str = OWNER) -> PostgresAddress:
        """Return the address of a database on it."""
        return PostgresAddress(str(self.directory), database, user)

    def connect(self, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        """Connect to a database as its owner, outside of any transaction."""
        return psycopg.connect(host=str(self.directory), dbname=database, user=OWNER, autocommit=True)

    def run(self, statement: Query, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement, and return its rows."""
        with self.connect(database) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> PostgresAddress:
        """Return a new database without tables."""
        return self._created(f"empty_{next(self._numbers)}", "template1")

    def migrated(self) -> PostgresAddress:
        """Return a ledger without rows, a copy of one that is migrated once."""
        ledger = self._spare.pop() if self._spare else self._copied()
        self._given[ledger.address.database] = ledger
        return ledger.address

    def _copied(self) -> _Ledger:
        address = self.copy_of(self.template)
        return _Ledger(address, self.connect(address.database))

    def copy_of(self, template: str) -> PostgresAddress:
        """Return a copy of a database to which nobody is connected."""
        return self._created(f"ledger_{next(self._numbers)}", template)

    def _created(self, name: str, template: str) -> PostgresAddress:
        with self.connect() as connection:
            # older servers know no other way; newer ones prefer one that takes three times as long
            by_files = " STRATEGY file_copy" if connection.info.server_version >= 150000 else ""
            create = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + by_files)
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return self.address(name)

    @cached_property
    def template(self) -> str:
        """The name of a database of the newest schema, to be copied."""
        template = self.empty()
        open_server(template).close()
        return template.database

    def take_back(self, address: PostgresAddress) -> None:
        """Empty a ledger for a later test, which takes a tenth of the time that a new one does; else delete it."""
        ledger = self._given.pop(address.database)
        ledger.uses += 1
        if ledger.uses < _USES and self._is_emptied(ledger.connection):
            self._spare.append(ledger)
        else:
            ledger.connection.close()
            self.drop(address)

    def _is_emptied(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> bool:
        """Empty a ledger; return False if it is not as it was: migrated otherwise, too full, or not even there."""
        try:
            connection.execute(_DISCONNECT)
            if connection.execute(_SCHEMA, prepare=True).fetchall() != self._schema:
                return False
            used = {name for (name,) in connection.execute(self._used, prepare=True)}
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")  # no table waits for another
                for name in used:
                    self._empty(connection, name)
        except psycopg.Error:
            return False
        return True

    def _empty(self, connection: "psycopg.Connection[tuple[Any, ...]]", table: str) -> None:
        rows = connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table))).rowcount
        if rows > _MANY:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.Identifier(table)))
        for sequence in self._sequences[table]:
            connection.execute("SELECT setval(%s, 1, false)", [sequence])

    @cached_property
    def _schema(self) -> list[tuple[Any, ...]]:
        """What a ledger is like as it was made."""
        return self.run(_SCHEMA, self.template)

    @cached_property
    def _sequences(self) -> dict[str, list[str]]:
        """The sequences of each table of a ledger."""
        found: dict[str, list[str]] = {}
        for table, sequence in self.run(_TABLES, self.template):
            found.setdefault(table, []).extend([sequence] if sequence else [])
        return found

    @cached_property
    def _used(self) -> sql.Composed:
        """The question which tables are not as they were made."""
        return sql.SQL(" UNION ALL ").join(
            sql.Composed(
                [
                    _IS_USED.format(name=sql.Literal(table), table=sql.Identifier(table)),
                    *(
                        _HAS_COUNTED.format(name=sql.Literal(table), sequence=sql.Identifier(sequence))
                        for sequence in sequences
                    ),
                ]
            )
            for table, sequences in self._sequences.items()
        )

    def close(self) -> None:
        """Disconnect from the ledgers that are kept."""
        for ledger in (*self._spare, *self._given.values()):
            ledger.connection.close()

    def drop(self, address: PostgresAddress) -> None:
        """Delete a database, whoever is connected to it."""
        self.run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(address.database)))


@contextmanager
def running_server(**settings: str) -> Iterator[PostgresServer]:
    """Run a server of its own in a directory of its own; both are gone afterwards."""
    found = programs()
    if found is None:
        pytest.skip(ABSENT)
    with new_cluster(found, settings) as cluster, closing(PostgresServer(cluster)) as server:
        yield server


def pytest_configure() -> None:
    if REQUIRED and programs() is None:
        raise pytest.UsageError(ABSENT)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if programs() is None:
        terminalreporter.write_line(ABSENT, red=True, bold=True)


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
    user = sql.Identifier(WITH_PASSWORD)
    postgres.run(sql.SQL("CREATE USER {} PASSWORD {}").format(user, PASSWORD))
    postgres.run(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(empty_postgres.database), user))
    yield replace(empty_postgres, user=WITH_PASSWORD, password=Secret(PASSWORD))
    postgres.drop(empty_postgres)
    postgres.run(sql.SQL("DROP USER {}").format(user))
