"""Opening a ledger on a PostgreSQL server: what is wrong with the server or the address is said, the password never."""

import os
import re
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, ProgrammingError

from benchmarks.postgres.installation import unprivileged
from bot.database import metadata
from bot.database.copy_target import open_target
from bot.database.engine import open_database
from bot.database.errors import LedgerError, UnusableError
from bot.database.postgres import open_reader, try_making
from bot.database.postgres_errors import translated_errors
from bot.database.schema import newest_revision
from bot.settings.credentials import Secret
from bot.settings.postgres_address import PostgresAddress
from tests.support.old_server import old_server
from tests.support.postgres import PASSWORD, WITH_PASSWORD, PostgresServer, running_server


def test_it_is_made_once_and_found_again(careful: PostgresAddress) -> None:
    with pytest.raises(LedgerError, match="holds no ledger yet"):
        open_reader(careful)
    for _ in range(2):
        open_database(careful).close()
    with closing(open_reader(careful)) as reader:
        assert reader.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == newest_revision()


def test_a_missing_driver_is_said(empty_postgres: PostgresAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("postgres", "answer_limit"):
        monkeypatch.delitem(sys.modules, f"bot.database.{each}")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerError, match=r"needs psycopg\. Install neo-usage with its extra `postgres`"):
        open_database(empty_postgres)


def test_the_password_stands_in_no_error(careful: PostgresAddress) -> None:
    wrong = "another-s3cret"
    with pytest.raises(
        UnusableError, match=rf"refuses the password: correct DATABASE_URL\. The database is {careful}"
    ) as raised:
        open_database(replace(careful, password=Secret(wrong)))
    for shown in ("".join(traceback.format_exception(raised.value)), repr(raised.value), str(raised.value)):
        assert wrong not in shown
    with pytest.raises(UnusableError, match=rf"refuses the password: correct DATABASE_URL\. The database is {careful}"):
        open_database(replace(careful, password=None))


def test_a_password_that_the_driver_quotes_is_hidden(careful: PostgresAddress) -> None:
    error = OperationalError("", {}, psycopg.OperationalError(f"cannot parse {PASSWORD}"))
    with (
        pytest.raises(UnusableError, match=r"cannot be reached .*cannot parse \*\*\*") as raised,
        translated_errors(careful),
    ):
        raise error
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"database": "none"}, r"has no such database: create it, or correct DATABASE_URL\. The database is .*/none"),
        (
            {"user": "none"},
            r"doesn't know the user: create it, or correct DATABASE_URL\. The database is postgresql://none@",
        ),
        (
            {"host": "/nowhere"},
            r"no database server answers: start it, or correct DATABASE_URL\. The database is .*@/nowhere:5432",
        ),
        (
            {"host": "127.0.0.1", "port": 1},
            r"no database server answers: start it, .*\. The database is .*@127\.0\.0\.1:1/",
        ),
    ],
)
def test_what_is_wrong_with_the_address_is_said(
    empty_postgres: PostgresAddress, change: dict[str, str], why: str
) -> None:
    for opening in (open_database, open_reader):
        with pytest.raises(UnusableError, match=why):
            opening(replace(empty_postgres, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("driver_text", "why"),
    [
        (
            'failed to resolve host "db": [Errno -2] Name or service not known',
            "the host of the database server is unknown",
        ),
        ("could not translate host name to address", "the host of the database server is unknown"),
        ("connection timeout expired", "no database server answers: start it"),
        ("FATAL:  sorry, too many clients already", "raise its max_connections"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("FATAL:  no pg_hba.conf entry for host", "correct its pg_hba.conf"),
        ('FATAL:  pg_hba.conf rejects connection for host "db", user "neo"', "correct its pg_hba.conf"),
        ('FATAL:  certificate authentication failed for user "neo"', "correct its pg_hba.conf"),
        ('FATAL:  LDAP authentication failed for user "neo"', "refuses the password"),
        ('FATAL:  role "neo" is not permitted to log in', "give it LOGIN"),
        ('FATAL:  database "usage" is not currently accepting connections', r"ALLOW_CONNECTIONS"),
        (
            "connection failed: FATAL:  kein Eintrag für Host »10.0.0.9«, Benutzer »neo«",
            r"cannot be reached \(FATAL: kein Eintrag für Host \.\.\., Benutzer \.\.\.\): correct it",
        ),
        (
            'connection is bad: root certificate file "/etc/ca.pem" does not exist',
            r"cannot be reached \(root certificate file of the settings does not exist\): correct it, or DATABASE_URL",
        ),
        ("server does not support SSL, but SSL was required", r"cannot be reached \(server does not support SSL"),
    ],
)
def test_what_keeps_from_connecting_is_said(driver_text: str, why: str) -> None:
    address = PostgresAddress("db", "usage", "neo", Secret(PASSWORD))
    with pytest.raises(UnusableError, match=why), translated_errors(address):
        raise OperationalError("", {}, psycopg.OperationalError(driver_text))


def test_who_may_not_create_tables_is_told(postgres: PostgresServer, empty_postgres: PostgresAddress) -> None:
    postgres.run("CREATE USER guest")
    postgres.run("REVOKE CREATE ON SCHEMA public FROM public", empty_postgres.database)
    with pytest.raises(
        UnusableError,
        match=r"user lacks a right \(permission denied for schema public\): make it",
    ):
        open_database(replace(empty_postgres, user="guest"))
    postgres.run("DROP USER guest")


def test_who_may_not_see_the_ledger_is_not_told_that_there_is_none(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    postgres.run("CREATE USER guest")
    postgres.run("REVOKE USAGE ON SCHEMA public FROM public", postgres_ledger.database)
    for opening in (open_database, open_reader):
        with pytest.raises(UnusableError, match=r"user lacks a right \(no schema .*\): make it the owner"):
            opening(replace(postgres_ledger, user="guest"))
    postgres.run("DROP USER guest")


def test_a_server_that_takes_no_writes_is_called_that(
    postgres: PostgresServer, empty_postgres: PostgresAddress
) -> None:
    postgres.run(
        SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(Identifier(empty_postgres.database))
    )
    with pytest.raises(UnusableError, match=r"default_transaction_read_only is on\. Switch it off"):
        open_database(empty_postgres)


@pytest.mark.parametrize("version", ["9.6.24", "10.23", "11.22", "12.22 (Debian 12.22-1.pgdg120+1)"])
@pytest.mark.parametrize("opening", [open_database, open_reader, open_target, try_making])
def test_an_old_server_is_refused_before_any_statement(
    opening: Callable[[PostgresAddress], object], version: str
) -> None:
    with old_server(version) as server:
        said = (
            f"is too old: PostgreSQL {version.partition(' ')[0]}. The database is {server.address}. Use PostgreSQL 13"
        )
        with pytest.raises(UnusableError, match=re.escape(said)):
            opening(server.address)
        assert server.statements == []


@pytest.mark.parametrize("version", ["13.0", "13beta1", "18.1", ""])
def test_whether_a_server_is_new_enough_or_does_not_say_it_is_asked(version: str) -> None:
    with old_server(version) as server:
        with pytest.raises(ProgrammingError, match="unrecognized configuration parameter"):
            open_reader(server.address)
        assert server.statements != []


def test_a_database_without_unicode_is_refused(postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(LedgerError, match="has the encoding LATIN1"):
        open_database(postgres.address("latin"))
    postgres.drop(postgres.address("latin"))


def test_texts_are_unicode_whatever_encoding_the_user_or_the_environment_asks_for(
    postgres: PostgresServer, empty_postgres: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = Identifier(empty_postgres.database)
    for encoding in ("LATIN1", "SQL_ASCII"):
        postgres.run(SQL("ALTER DATABASE {} SET client_encoding = {}").format(name, encoding))
        monkeypatch.setenv("PGCLIENTENCODING", encoding)
        with closing(open_database(empty_postgres)) as database, database.transaction() as connection:
            metadata.write(connection, encoding, "李雷 🦊 é")
        with closing(open_reader(empty_postgres)) as reader:
            assert metadata.read(reader, encoding) == "李雷 🦊 é"


def test_another_programs_tables_are_left_alone(postgres: PostgresServer, empty_postgres: PostgresAddress) -> None:
    postgres.run("CREATE TABLE other (id integer)", empty_postgres.database)
    with pytest.raises(LedgerError, match="holds another program's tables"):
        open_database(empty_postgres)


def test_a_newer_ledger_is_left_alone(postgres: PostgresServer, postgres_ledger: PostgresAddress) -> None:
    postgres.run("UPDATE alembic_version SET version_num = '9999'", postgres_ledger.database)
    for opening in (open_database, open_reader):
        with pytest.raises(LedgerError, match="newer neo-usage"):
            opening(postgres_ledger)


def test_a_ledger_that_has_become_read_only_is_called_that(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    name = Identifier(postgres_ledger.database)
    postgres.run(SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    with pytest.raises(UnusableError, match="default_transaction_read_only is on"):
        open_database(postgres_ledger)
    open_reader(postgres_ledger).close()
    postgres.run(SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(name))


@pytest.mark.slow
def test_a_replica_is_read_and_not_written() -> None:
    with running_server(wal_level="replica") as server:
        ledger = server.migrated()
        server.stop()
        (server.directory / "data" / "standby.signal").touch()
        server.start()
        with pytest.raises(UnusableError, match=r"is a read-only replica\. Name the primary in DATABASE_URL"):
            open_database(ledger)
        with closing(open_reader(ledger)) as reader:
            assert reader.execute(text("SELECT count(*) FROM task")).scalar_one() == 0


def test_where_no_more_connections_are_taken_that_is_said(postgres: PostgresServer, careful: PostgresAddress) -> None:
    postgres.run(SQL("ALTER USER {} CONNECTION LIMIT 1").format(Identifier(WITH_PASSWORD)))
    with closing(open_database(careful)), pytest.raises(UnusableError, match="takes no more connections: raise its"):
        open_reader(careful)


@pytest.fixture
def on_small_disk(postgres: PostgresServer) -> Iterator[PostgresAddress]:
    """An empty ledger on a disk that it fills soon; the server's own disk has room."""
    place = postgres.directory / "small"
    place.mkdir(mode=0o755)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:  # noqa: S603 - a disk of our own
        pytest.skip("only root may mount a disk")
    os.chown(place, *unprivileged())
    postgres.run(SQL("CREATE TABLESPACE small LOCATION {}").format(str(place)))
    postgres.run("CREATE DATABASE small TABLESPACE small")
    yield postgres.address("small")
    postgres.drop(postgres.address("small"))
    postgres.run("DROP TABLESPACE small")
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607
    place.rmdir()


def test_a_full_disk_is_called_that_and_nothing_is_half_done(on_small_disk: PostgresAddress) -> None:
    many = text("INSERT INTO note SELECT g, repeat(md5(g::text), 60) FROM generate_series(1, 99999) g")
    with closing(open_database(on_small_disk)) as database:
        with pytest.raises(UnusableError, match="the disk of the database is full"), database.transaction() as writing:
            writing.execute(many)
        with database.transaction() as connection:
            assert connection.execute(text("SELECT count(*) FROM note")).scalar_one() == 0
