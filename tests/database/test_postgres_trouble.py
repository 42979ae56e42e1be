"""A PostgreSQL server, its operator and the network between do to a ledger what they do: nothing is half done."""

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, text

from bot.database import metadata
from bot.database.errors import UnusableError
from bot.database.postgres import PostgresDatabase, open_server
from bot.settings.postgres_address import PostgresAddress
from tests.support.cutting_proxy import CuttingProxy, cutting_proxy
from tests.support.engines import connected
from tests.support.postgres import PostgresServer

SOON = 10.0
_SET = text("UPDATE note SET value = 'theirs' WHERE key = :key")
_WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"


@pytest.fixture
def proxy(postgres_ledger: PostgresAddress) -> Iterator[tuple[CuttingProxy, PostgresAddress]]:
    """What stands before the server, and the ledger's address there."""
    with tempfile.TemporaryDirectory(prefix="neo-px-", dir="/tmp") as name:
        server = Path(postgres_ledger.host) / f".s.PGSQL.{postgres_ledger.port}"
        with cutting_proxy(server, Path(name)) as cutting:
            yield cutting, replace(postgres_ledger, host=name)


def set_two(connection: Connection) -> None:
    metadata.write(connection, "one", "1")
    metadata.write(connection, "two", "2")


def two(connection: Connection) -> list[str | None]:
    return [metadata.read(connection, name) for name in ("one", "two")]


@contextmanager
def configured(server: PostgresServer, place: PostgresAddress, name: str, value: str) -> Iterator[PostgresDatabase]:
    """Open a ledger for whose database something was set, as its operator does."""
    which, what = Identifier(place.database), Identifier(name)
    server.run(SQL("ALTER DATABASE {} SET {} = {}").format(which, what, value))
    try:
        with closing(open_server(place)) as database:
            yield database
    finally:
        server.run(SQL("ALTER DATABASE {} RESET {}").format(which, what))


# --- the network ---------------------------------------------------------------------------------


async def test_connections_that_were_cut_are_made_anew(proxy: tuple[CuttingProxy, PostgresAddress]) -> None:
    cutting, address = proxy
    with closing(open_server(address)) as database:
        await database.write(set_two)
        for _ in range(3):
            cutting.cut()
            assert await database.read(two) == ["1", "2"]
            cutting.cut()
            await database.write(set_two)


async def test_what_is_cut_in_the_middle_of_a_transaction_is_undone(
    proxy: tuple[CuttingProxy, PostgresAddress],
) -> None:
    cutting, address = proxy

    def cut_between(connection: Connection) -> None:
        metadata.write(connection, "one", "1")
        cutting.cut()
        metadata.write(connection, "two", "2")

    with closing(open_server(address)) as database:
        with pytest.raises(UnusableError, match="lost"):
            await database.write(cut_between)
        assert await database.read(two) == [None, None]
        await database.write(set_two)
        assert await database.read(two) == ["1", "2"]


async def test_a_statement_that_is_under_way_when_the_connection_is_cut_ends_at_once(
    proxy: tuple[CuttingProxy, PostgresAddress],
) -> None:
    cutting, address = proxy
    begun = threading.Event()

    def endless(connection: Connection) -> None:
        begun.set()
        connection.execute(text("SELECT pg_sleep(600)"))

    with closing(open_server(address)) as database:
        async with asyncio.timeout(SOON):
            writing = asyncio.create_task(database.write(endless))
            await asyncio.to_thread(begun.wait)
            cutting.cut()
            with pytest.raises(UnusableError, match="lost"):
                await writing


async def test_whoever_does_not_hear_of_the_commit_is_told_and_all_of_it_is_done(
    proxy: tuple[CuttingProxy, PostgresAddress],
) -> None:
    cutting, address = proxy
    with closing(open_server(address)) as database:
        cutting.poison = b"COMMIT\0"
        with pytest.raises(UnusableError, match="lost"):
            await database.write(set_two)
        cutting.poison = b""
        assert await database.read(two) == ["1", "2"]


@pytest.mark.slow
async def test_who_waits_for_a_server_that_has_fallen_silent_is_told_and_goes_on_once_it_answers(
    proxy: tuple[CuttingProxy, PostgresAddress], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.answer_limit.ANSWER_SECONDS", 0.6)
    cutting, address = proxy

    def silenced(connection: Connection) -> None:
        metadata.write(connection, "one", "half")
        cutting.silent = True
        metadata.write(connection, "two", "half")

    with closing(open_server(replace(address, options={"connect_timeout": "2"}))) as database:
        await database.write(set_two)
        assert await database.read(two) == ["1", "2"]
        with pytest.raises(UnusableError, match="lost"):
            await asyncio.wait_for(database.write(silenced), SOON)
        for asking in (database.read(two), database.write(set_two)):  # a connection that was open, and a new one
            with pytest.raises(UnusableError, match="no database server answers"):
                await asyncio.wait_for(asking, SOON)
        cutting.cut()
        cutting.silent = False
        assert await database.read(two) == ["1", "2"]
        await database.write(set_two)


async def test_an_upgrade_may_take_as_long_as_it_needs(
    postgres_ledger: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(connection: Connection, *_: object) -> bool:
        connection.execute(text("SELECT pg_sleep(1)"))
        return False

    monkeypatch.setattr("bot.database.answer_limit.ANSWER_SECONDS", 0.5)
    monkeypatch.setattr("bot.database.postgres.upgrade", slow)
    with closing(open_server(postgres_ledger)) as database:
        with pytest.raises(UnusableError, match="lost"):  # as nothing else may
            await database.write(slow)
        assert await database.read(two) == [None, None]


# --- the operator --------------------------------------------------------------------------------


async def test_connections_that_the_server_ends_because_they_were_idle_are_made_anew(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    with configured(postgres, postgres_ledger, "idle_session_timeout", "300ms") as database:
        for _ in range(2):
            await database.write(set_two)
            await asyncio.sleep(0.7)
            assert await database.read(two) == ["1", "2"]


async def test_what_takes_longer_than_the_operator_allows_is_told_and_undone(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    def slow(connection: Connection) -> None:
        two(connection)
        connection.execute(text("SELECT pg_sleep(600)"))

    def set_and_wait(connection: Connection) -> None:
        set_two(connection)
        slow(connection)

    with configured(postgres, postgres_ledger, "statement_timeout", "500ms") as database:
        for asking in (database.write(set_and_wait), database.read(slow)):
            with pytest.raises(UnusableError, match="took too long"):
                await asking
        assert await database.read(two) == [None, None]


async def test_a_transaction_that_a_deadlock_with_another_program_has_ended_is_repeated(
    postgres: PostgresServer, postgres_ledger: PostgresAddress
) -> None:
    has_one, attempts = threading.Event(), list[list[str | None]]()

    def set_one_then_two(connection: Connection) -> None:
        attempts.append(two(connection))
        metadata.write(connection, "one", "ours")
        has_one.set()
        while not attempts[1:] and not postgres.run(_WAITING):
            time.sleep(0.01)
        metadata.write(connection, "two", "ours")

    def set_two_then_one(program: Connection) -> None:
        program.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # so that the other one is ended
        program.execute(_SET, {"key": "two"})
        writing = asyncio.run_coroutine_threadsafe(database.write(set_one_then_two), loop)
        assert has_one.wait(SOON)
        program.execute(_SET, {"key": "one"})
        program.commit()
        writing.result(SOON)

    loop = asyncio.get_running_loop()
    with configured(postgres, postgres_ledger, "deadlock_timeout", "10ms") as database:
        await database.write(set_two)
        with connected(postgres_ledger) as program:
            await asyncio.to_thread(set_two_then_one, program)
        first, repeated = attempts
        assert first == ["1", "2"]
        assert repeated in (["1", "2"], ["theirs", "theirs"])  # the program may still be about to commit
        assert await database.read(two) == ["ours", "ours"]


async def test_who_asks_for_a_table_that_another_program_has_locked_is_told(
    postgres_ledger: PostgresAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.postgres.BUSY_SECONDS", 0.5)
    monkeypatch.setattr("bot.database.postgres_connections.LOCKED_SECONDS", 0.5)
    with closing(open_server(postgres_ledger)) as database:
        with connected(postgres_ledger) as program:
            program.execute(text("LOCK TABLE note"))
            for asking in (database.write(set_two), database.read(two)):
                with pytest.raises(UnusableError, match="locked by another process") as raised:
                    await asking
                assert raised.value.locked
        await database.write(set_two)
        assert await database.read(two) == ["1", "2"]
