"""Opening a ledger on a PostgreSQL server: what is wrong with the server or the address is said, the password never."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from bot.database.engine import open_database
from bot.database.errors import LedgerError, UnusableError
from bot.database.postgres import open_reader
from bot.database.postgres_errors import translated_errors
from bot.database.schema import newest_revision
from bot.settings.credentials import Secret
from bot.settings.postgres_address import PostgresAddress
from tests.support.postgres import WITH_PASSWORD, PostgresServer

PASSWORD = "s3cret-p@ss/word"


@pytest.fixture
def careful(postgres: PostgresServer, empty_postgres: PostgresAddress) -> Iterator[PostgresAddress]:
    """An empty database that belongs to a user with a password."""
    user = Identifier(WITH_PASSWORD)
    postgres.run(SQL("CREATE USER {} PASSWORD {}").format(user, PASSWORD))
    postgres.run(SQL("ALTER DATABASE {} OWNER TO {}").format(Identifier(empty_postgres.database), user))
    yield replace(empty_postgres, user=WITH_PASSWORD, password=Secret(PASSWORD))
    postgres.drop(empty_postgres)
    postgres.run(SQL("DROP USER {}").format(user))


def test_it_is_made_once_and_found_again(careful: PostgresAddress) -> None:
    with pytest.raises(LedgerError, match="holds no ledger yet"):
        open_reader(careful)
    for _ in range(2):
        open_database(careful).close()
    with closing(open_reader(careful)) as reader:
        assert reader.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == newest_revision()


def test_a_missing_driver_is_said(empty_postgres: PostgresAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bot.database.postgres")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerError, match=r"needs psycopg\. Install neo-usage with its extra `postgres`"):
        open_database(empty_postgres)


def test_the_password_stands_in_no_error(careful: PostgresAddress) -> None:
    wrong = "another-s3cret"
    with pytest.raises(UnusableError, match=f"refuses the password of {WITH_PASSWORD}") as raised:
        open_database(replace(careful, password=Secret(wrong)))
    for shown in ("".join(traceback.format_exception(raised.value)), repr(raised.value), str(raised.value)):
        assert wrong not in shown
    with pytest.raises(UnusableError, match=f"refuses the password of {WITH_PASSWORD}"):
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
        ({"database": "none"}, "has no database none: create it, or mend DATABASE_URL"),
        ({"user": "none"}, "knows no user none: create it, or mend DATABASE_URL"),
        ({"host": "/nowhere"}, "no database server answers at /nowhere, port 5432: start it"),
        ({"host": "127.0.0.1", "port": 1}, "no database server answers at 127.0.0.1, port 1: start it"),
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
            "the host db of the database is not known",
        ),
        ("could not translate host name to address", "the host db of the database is not known"),
        ("connection timeout expired", "no database server answers at db, port 5432"),
        ("FATAL:  sorry, too many clients already", "raise its max_connections"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("FATAL:  no pg_hba.conf entry for host", "mend its pg_hba.conf"),
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
    with pytest.raises(UnusableError, match=r"user guest lacks a right .*: make it the owner of the database"):
        open_database(replace(empty_postgres, user="guest"))
    postgres.run("DROP USER guest")


def test_a_server_that_takes_no_writes_is_called_that(
    postgres: PostgresServer, empty_postgres: PostgresAddress
) -> None:
    postgres.run(
        SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(Identifier(empty_postgres.database))
    )
    with pytest.raises(UnusableError, match="its server is a read-only replica"):
        open_database(empty_postgres)


def test_an_old_server_is_refused(empty_postgres: PostgresAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.postgres_schema.OLDEST", 99)
    with pytest.raises(LedgerError, match=r"is PostgreSQL \d+\. Use 99 or newer"):
        open_database(empty_postgres)


def test_a_database_without_unicode_is_refused(postgres: PostgresServer) -> None:
    postgres.run("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(LedgerError, match="has the encoding LATIN1"):
        open_database(postgres.address("latin"))
    postgres.drop(postgres.address("latin"))


def test_another_programs_tables_are_left_alone(postgres: PostgresServer, empty_postgres: PostgresAddress) -> None:
    postgres.run("CREATE TABLE other (id integer)", empty_postgres.database)
    with pytest.raises(LedgerError, match="holds another program's tables"):
        open_database(empty_postgres)


def test_a_newer_ledger_is_left_alone(postgres: PostgresServer, postgres_ledger: PostgresAddress) -> None:
    postgres.run("UPDATE alembic_version SET version_num = '9999'", postgres_ledger.database)
    for opening in (open_database, open_reader):
        with pytest.raises(LedgerError, match="newer neo-usage"):
            opening(postgres_ledger)
