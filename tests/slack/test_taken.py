"""Each request is taken once: by one process of several, across restarts, and as long as it may come again."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.database.engine import Database, open_database
from bot.slack.deduplication import KEPT, RequestDeduplicator

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
R = TypeVar("R")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "ledger.db")
    yield opened
    opened.close()


def taken(database: Database, now: datetime = NOW) -> RequestDeduplicator:
    return RequestDeduplicator(database.write, lambda: now)


def kept(database: Database) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(database.path)) as ledger:
        return ledger.execute("SELECT key, taken_at FROM slack_request").fetchall()


async def test_of_two_processes_one_takes_a_request(database: Database) -> None:
    one, other = taken(database), taken(database)
    keys = [f"trigger-{number}" for number in range(50)]
    assert all([one.add(key) and other.add(key) for key in keys])  # noqa: C419 - each is added to both
    claims = await asyncio.gather(*(each.claim(key) for key in keys for each in (one, other)))
    assert sum(claims) == len(keys)
    assert len(kept(database)) == len(keys)


async def test_what_was_taken_is_known_after_a_restart_for_an_hour(database: Database) -> None:
    first = taken(database)
    assert first.add("signature")
    assert await first.claim("trigger", "signature")
    soon, later = taken(database, NOW + KEPT / 2), taken(database, NOW + 2 * KEPT)
    for each in (soon, later):
        await each.load()
    assert (soon.add("trigger"), soon.add("signature")) == (False, False)
    assert not await soon.claim("trigger")
    assert (later.add("trigger"), later.add("signature")) == (True, True)
    assert await later.claim("trigger")
    assert len(kept(database)) == 1  # what was older is forgotten


async def test_a_clock_that_ran_ahead_keeps_nothing_for_ever(database: Database) -> None:
    assert await taken(database, NOW + timedelta(days=300)).claim("one")
    assert await taken(database).claim("two")
    assert len(kept(database)) == 1


async def test_no_secret_is_kept_of_a_request(database: Database) -> None:
    assert await taken(database).claim("13345224609.738474920.8088930838d88f008e0")
    assert "13345224609" not in str(kept(database))


async def test_where_the_database_cannot_be_written_the_memory_decides(capsys: pytest.CaptureFixture[str]) -> None:
    async def write(_: Callable[[Connection], R]) -> R:
        raise OperationalError("INSERT ana@acme.example", {}, sqlite3.OperationalError("database or disk is full"))

    memory = RequestDeduplicator(write, lambda: NOW)
    await memory.load()
    assert memory.add("trigger")
    assert await memory.claim("trigger")
    assert not memory.add("trigger")
    logged = capsys.readouterr().out
    assert logged.count("disk is full") == 2
    assert "acme" not in logged


async def test_a_database_that_another_program_holds_costs_a_moment_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("bot.database.engine.BUSY_SECONDS", 0.05)
    held = Database(database.path)  # which waits no longer than that
    memory = taken(held)
    with database.transaction():
        await memory.load()
        async with asyncio.timeout(0.9):  # less than the patience: it is told at once
            assert await memory.claim("trigger")
        assert capsys.readouterr().out.count("is locked by the bot itself") == 2
    assert await memory.claim("another")
    assert not await taken(database).claim("another")
    held.close()


async def test_a_slow_database_is_waited_for_once_and_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.slack.deduplication.PATIENCE_SECONDS", 0.05)
    free = asyncio.Event()

    async def write(work: Callable[[Connection], R]) -> R:
        del work
        await free.wait()
        raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))

    locked: RequestDeduplicator = RequestDeduplicator(write, lambda: NOW)
    for number in range(20):
        async with asyncio.timeout(1):
            assert await locked.claim(f"trigger-{number}")
    free.set()
    await locked.end()


def test_forgetting_looks_at_what_is_old_alone(database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as ledger:
        plan = ledger.execute(
            "EXPLAIN QUERY PLAN DELETE FROM slack_request WHERE taken_at < ? OR taken_at > ?", (1, 2)
        ).fetchall()
    assert "SCAN" not in str(plan)
    assert "ix_slack_request_taken_at" in str(plan)
