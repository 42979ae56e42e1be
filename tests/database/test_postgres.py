"""A ledger on a PostgreSQL server: one writer among all, snapshots beside it, nothing half done when it breaks."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from psycopg.sql import SQL
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from bot.database import metadata
from bot.database.errors import ClosedError, LedgerError, UnusableError
from bot.database.postgres import BUSY_SECONDS, PostgresDatabase, driver_connection, open_server
from bot.settings.postgres_address import PostgresAddress
from tests.support.engines import execute, rows_of
from tests.support.postgres import PostgresServer, running_server

SOON = BUSY_SECONDS / 3


@pytest.fixture
def database(postgres_ledger: PostgresAddress) -> Iterator[PostgresDatabase]:
    with closing(open_server(postgres_ledger)) as opened:
        yield opened


@pytest.fixture
def other(postgres_ledger: PostgresAddress) -> Iterator[PostgresDatabase]:
    """The same ledger, opened by another process."""
    with closing(open_server(postgres_ledger)) as opened:
        yield opened


def set_note(connection: Connection, value: str = "b") -> None:
    metadata.write(connection, "a", value)


def note(connection: Connection) -> str | None:
    return metadata.read(connection, "a")


def increment(connection: Connection) -> None:
    before = int(note(connection) or 0)
    time.sleep(0.001)
    set_note(connection, str(before + 1))


def terminate(server: PostgresServer, connection: Connection) -> None:
    """End the connection on the server's side, as its restart does."""
    process = driver_connection(connection).info.backend_pid
    server.run(SQL("SELECT pg_terminate_backend({}, 10000)").format(process))


def failing(code: str) -> Callable[[Connection], None]:
    """Work that the server refuses with an error of that code."""
    statement = text(f"DO $$ BEGIN RAISE SQLSTATE '{code}'; END $$")

    def refused(connection: Connection) -> None:
        connection.execute(statement)

    return refused


# --- what was deleted ---------------------------------------------------------------------------


def test_the_statistics_of_the_server_hold_nothing_that_was_deleted(
    database: PostgresDatabase, postgres_ledger: PostgresAddress
) -> None:
    names = {f"key-{number}" for number in range(200)}
    with database.transaction() as connection:
        for name in names:
            metadata.write(connection, name, "ana@acme.dev")
    execute(postgres_ledger, "ANALYZE note")
    assert "ana@acme.dev" in statistics_of(postgres_ledger)
    with database.transaction() as connection:
        for name in names:
            metadata.write(connection, name, None)
    assert "ana@acme.dev" in statistics_of(postgres_ledger)
    database.overwrite_deleted()
    assert "ana@acme.dev" not in statistics_of(postgres_ledger)


def statistics_of(place: PostgresAddress) -> str:
    columns = "most_common_vals::text, histogram_bounds::text"
    return str(rows_of(place, f"SELECT {columns} FROM pg_stats WHERE schemaname = current_schema()"))


# --- one writer, many readers --------------------------------------------------------------------


async def test_a_read_is_of_one_moment(database: PostgresDatabase, other: PostgresDatabase) -> None:
    def twice(connection: Connection) -> list[str | None]:
        before = note(connection)
        with other.transaction() as writing:
            set_note(writing, "later")
        return [before, note(connection)]

    await database.write(set_note)
    assert await database.read(twice) == ["b", "b"]
    assert await database.read(note) == "later"


async def test_a_read_does_not_wait_for_a_write(database: PostgresDatabase) -> None:
    async with asyncio.timeout(SOON):
        with database.transaction() as connection:
            set_note(connection)
            assert await database.read(note) is None


async def test_a_read_cannot_write(database: PostgresDatabase) -> None:
    with pytest.raises(UnusableError, match="cannot be written"):
        await database.read(set_note)


async def test_what_raises_is_undone(database: PostgresDatabase) -> None:
    def broken(connection: Connection) -> None:
        set_note(connection)
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(broken)
    assert await database.write(note) is None


def test_who_waits_too_long_for_another_process_is_told(
    database: PostgresDatabase, other: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.postgres.BUSY_SECONDS", 0.1)
    with database.transaction():
        for each, who in ((other, "another process"), (database, "the bot itself")):
            with pytest.raises(UnusableError, match=who) as raised, each.transaction():
                pytest.fail("it was let in")
            assert raised.value.locked


async def test_what_is_read_again_and_again_is_prepared_once_and_planned_each_time(database: PostgresDatabase) -> None:
    prepared = text(
        "SELECT name, custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%note%'"
    )
    one = PostgresDatabase(database.address, reader_threads=1)
    with closing(one):
        for _ in range(20):
            await one.read(note)
        [(_, custom_plans, generic_plans)] = await one.read(lambda connection: connection.execute(prepared).all())
    assert custom_plans > 10
    assert generic_plans == 0


async def test_no_statement_is_compiled_by_the_server(database: PostgresDatabase) -> None:
    for ask in (database.read, database.write):
        assert await ask(lambda connection: connection.execute(text("SHOW jit")).scalar()) == "off"


# --- what breaks ---------------------------------------------------------------------------------


async def test_of_a_transaction_whose_connection_is_lost_nothing_is_done(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    def cut_off(connection: Connection) -> None:
        set_note(connection)
        terminate(postgres, connection)

    with pytest.raises(UnusableError, match="the connection to the database server was lost"):
        await database.write(cut_off)
    assert await database.read(note) is None
    await database.write(set_note)
    assert await database.read(note) == "b"


async def test_a_connection_that_is_lost_while_nobody_uses_it_is_replaced(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    await database.read(note)
    postgres.run(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name LIKE 'neo-usage%'"
    )
    await database.write(set_note)
    assert await database.read(note) == "b"


async def test_a_read_whose_connection_is_lost_is_repeated(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    attempts = []

    def cut_off_once(connection: Connection) -> str | None:
        attempts.append(note(connection))
        if len(attempts) == 1:
            terminate(postgres, connection)
        return note(connection)

    await database.write(set_note)
    assert await database.read(cut_off_once) == "b"
    assert len(attempts) == 2


@pytest.mark.slow
async def test_while_the_server_is_down_it_is_told_and_afterwards_all_goes_on() -> None:
    keeping = running_server(synchronous_commit="on")
    with keeping as server, closing(open_server(server.empty())) as database:
        await database.write(set_note)
        assert await database.read(note) == "b"
        server.stop()
        for asking in (database.write(increment), database.read(note)):
            with pytest.raises(UnusableError, match="no database server answers"):
                await asking
        server.start()
        assert await database.read(note) == "b"
        await database.write(lambda connection: set_note(connection, "c"))
        assert await database.read(note) == "c"


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_a_transaction_that_another_program_got_in_the_way_of_is_repeated(
    database: PostgresDatabase, code: str
) -> None:
    attempts = []

    def hindered_twice(connection: Connection) -> None:
        increment(connection)
        attempts.append(note(connection))
        if len(attempts) < 3:
            failing(code)(connection)

    await database.write(hindered_twice)
    assert attempts == ["1", "1", "1"]
    assert await database.read(note) == "1"
    with pytest.raises(UnusableError, match="in the way") as raised:
        await database.write(failing(code))
    assert raised.value.locked


async def test_who_is_frozen_in_a_transaction_loses_it(
    database: PostgresDatabase, other: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.postgres.FROZEN_SECONDS", 0.6)
    begun, goes_on = threading.Event(), threading.Event()

    def frozen(connection: Connection) -> None:
        set_note(connection)
        begun.set()
        goes_on.wait(SOON)
        set_note(connection, "never")

    async with asyncio.timeout(2 * SOON):
        freezing = asyncio.create_task(database.write(frozen))
        await asyncio.to_thread(begun.wait)
        assert await other.write(note) is None
        await other.write(set_note)
        goes_on.set()
        with pytest.raises(UnusableError, match="lost"):
            await freezing
    assert await other.read(note) == "b"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("53100", "the disk of the database is full"),
        ("25006", "its server is a read-only replica"),
        ("58030", "the disk of the database failed"),
        ("42501", "lacks a right"),
        ("57014", "took too long"),
        ("XX001", "restore a backup"),
    ],
)
async def test_what_the_server_cannot_do_is_said_in_words(database: PostgresDatabase, code: str, why: str) -> None:
    with pytest.raises(UnusableError, match=why) as raised:
        await database.write(failing(code))
    assert str(database.address) in str(raised.value)
    assert str(database.address) not in raised.value.why
    await database.write(set_note)


async def test_no_error_quotes_a_value(database: PostgresDatabase) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(text("INSERT INTO note (key, value) VALUES (:key, '')"), {"key": "ana@example.com"})

    with pytest.raises(IntegrityError, match="duplicate key value violates unique constraint") as raised:
        await database.write(twice)
    assert "ana" not in str(raised.value)
    assert "ana" not in str(raised.value.orig)


async def test_a_text_with_a_nul_is_kept_with_a_mark_in_its_place(database: PostgresDatabase) -> None:
    await database.write(lambda connection: metadata.write(connection, "a\0", "b\0c"))
    assert await database.read(lambda connection: metadata.read(connection, "a\0")) == "b\ufffdc"


# --- the end -------------------------------------------------------------------------------------


async def test_who_waits_is_told_at_the_end_and_a_transaction_under_way_is_committed(
    database: PostgresDatabase, other: PostgresDatabase
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        set_note(connection)
        begun.set()
        goes_on.wait(SOON)

    async with asyncio.timeout(SOON):
        under_way = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait)
        waiting = [asyncio.create_task(database.write(note)) for _ in range(2)]
        closing_it = asyncio.create_task(asyncio.to_thread(database.close))
        await asyncio.sleep(0)
        goes_on.set()
        await closing_it
        await under_way
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(answer == "b" or isinstance(answer, ClosedError) for answer in answers)
    assert await other.read(note) == "b"
    with pytest.raises(ClosedError):
        await database.write(note)


async def test_the_end_does_not_wait_for_another_process(database: PostgresDatabase, other: PostgresDatabase) -> None:
    async with asyncio.timeout(SOON):
        with other.transaction():
            waiting = asyncio.create_task(database.write(note))
            while database._waiting is None:  # noqa: SLF001, ASYNC110 - it is seen nowhere else
                await asyncio.sleep(0.01)
            await asyncio.to_thread(database.close)
            with pytest.raises(ClosedError):
                await waiting


async def test_the_end_does_not_wait_for_a_long_question(database: PostgresDatabase) -> None:
    begun = threading.Event()

    def endless(connection: Connection) -> None:
        begun.set()
        connection.execute(text("SELECT pg_sleep(600)"))

    async with asyncio.timeout(SOON):
        reading = asyncio.create_task(database.read(endless))
        await asyncio.to_thread(begun.wait)
        await asyncio.to_thread(database.close)
        with pytest.raises(LedgerError):
            await reading


async def test_the_end_does_not_wait_for_ever_for_a_transaction_that_does_not_end(
    database: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.postgres.CLOSE_SECONDS", 0.1)
    begun = threading.Event()

    def endless(connection: Connection) -> None:
        set_note(connection)
        begun.set()
        connection.execute(text("SELECT pg_sleep(600)"))

    async with asyncio.timeout(SOON):
        writing = asyncio.create_task(database.write(endless))
        await asyncio.to_thread(begun.wait)
        await asyncio.to_thread(database.close)
        with pytest.raises(UnusableError, match="lost"):
            await writing
