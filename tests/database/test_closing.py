"""Closing the database: it waits for no one who waits, neither in this process nor for another one."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.database import errors
from bot.database.engine import Database
from bot.database.errors import ClosedError, UnusableError
from bot.database.sqlite import BUSY_SECONDS
from bot.settings.database_place import DatabasePlace
from tests.support.engines import rows_of, sqlite_only

SOON = BUSY_SECONDS / 3


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM slack_request")).scalar_one())


async def test_who_waits_for_a_transaction_under_way_is_told_and_that_one_is_committed(
    place: DatabasePlace, database: Database
) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> str:
        connection.execute(text("INSERT INTO slack_request (key, taken_at) VALUES ('a', 1)"))
        begun.set()
        goes_on.wait(SOON)
        return "done"

    async with asyncio.timeout(SOON):
        first = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait)
        waiting = [asyncio.create_task(database.write(count)) for _ in range(3)]
        closing = asyncio.create_task(asyncio.to_thread(database.close))
        await asyncio.sleep(0)
        goes_on.set()
        answers = await asyncio.gather(first, *waiting, return_exceptions=True)
        await closing
    assert answers[0] == "done"
    # one that had its turn before the end began was answered
    assert all(answer == 1 or isinstance(answer, ClosedError) for answer in answers[1:])
    assert rows_of(place, "SELECT key FROM slack_request") == [("a",)]


async def test_nothing_is_written_or_read_once_it_is_closed(database: Database) -> None:
    database.close()
    with pytest.raises(ClosedError, match="it has been started"):
        await database.write(count)
    with pytest.raises(ClosedError, match="it has been started"):
        await database.read(count)


@sqlite_only("on PostgreSQL tests/database/test_postgres.py holds it")
async def test_it_does_not_wait_for_another_process(
    place: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Event()

    def is_locked(error: object) -> bool:
        met.set()
        return errors.is_locked(error)

    monkeypatch.setattr("bot.database.sqlite.is_locked", is_locked)
    other = sqlite3.connect(place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with asyncio.timeout(SOON):
        waiting = [asyncio.create_task(database.write(count)) for _ in range(2)]
        await asyncio.to_thread(met.wait)
        await asyncio.to_thread(database.close)
        answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [ClosedError, ClosedError]
    other.close()


async def test_a_reader_is_interrupted_between_two_queries_as_well_as_in_one(database: Database) -> None:
    begun = threading.Event()

    def endless(reader: Connection) -> None:
        while True:
            reader.execute(text("SELECT 1")).all()
            begun.set()

    async with asyncio.timeout(SOON):
        reading = asyncio.create_task(database.read(endless))
        await asyncio.to_thread(begun.wait)
        await asyncio.to_thread(database.close)
        with pytest.raises((SQLAlchemyError, UnusableError)):
            await reading


async def test_a_write_that_is_to_be_finished_is_over_before_its_cancellation_is_seen(database: Database) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        begun.set()
        goes_on.wait(SOON)
        connection.execute(text("INSERT INTO slack_request (key, taken_at) VALUES ('a', 1)"))

    async with asyncio.timeout(SOON):
        writing = asyncio.create_task(database.finish_write(slow))
        await asyncio.to_thread(begun.wait)
        writing.cancel()
        asyncio.get_running_loop().call_soon(goes_on.set)
        with pytest.raises(asyncio.CancelledError):
            await writing
        assert await database.write(count) == 1
