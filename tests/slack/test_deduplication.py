"""Each request is accepted once: by one of several processes, across restarts, for as long as it can be repeated."""

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.database.engine import Database, open_database
from bot.settings.database_place import DatabasePlace
from bot.slack.deduplication import RETENTION, RequestDeduplicator
from tests.support.engines import plan_by_index, rows_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENT = 60.0  # seconds, which no load exceeds
R = TypeVar("R")


def deduplicator(database: Database, now: datetime = NOW) -> RequestDeduplicator:
    return RequestDeduplicator(database.write, lambda: now, patient=PATIENT)


def stored(place: DatabasePlace) -> list[tuple[str, int]]:
    return rows_of(place, "SELECT key, taken_at FROM slack_request")


async def test_one_of_two_processes_accepts_a_request(place: DatabasePlace, database: Database) -> None:
    one, other = deduplicator(database), deduplicator(database)
    keys = [f"trigger-{number}" for number in range(50)]
    assert all([one.add(key) and other.add(key) for key in keys])  # noqa: C419 - each is added to both
    claims = await asyncio.gather(*(each.claim(key) for key in keys for each in (one, other)))
    assert sum(claims) == len(keys)
    assert len(stored(place)) == len(keys)


async def test_one_of_two_claims_to_a_request_at_once_is_new(database: Database) -> None:
    memory = deduplicator(database)
    claims = await asyncio.gather(memory.claim("first"), *(memory.claim("twice", proof) for proof in ("one", "two")))
    assert claims == [True, True, False]


async def test_accepted_requests_are_known_for_an_hour_after_a_restart(
    place: DatabasePlace, database: Database
) -> None:
    first = deduplicator(database)
    assert first.add("signature")
    assert await first.claim("trigger", "signature")
    soon, later = deduplicator(database, NOW + RETENTION / 2), deduplicator(database, NOW + 2 * RETENTION)
    for each in (soon, later):
        await each.load()
    assert (soon.add("trigger"), soon.add("signature")) == (False, False)
    assert not await soon.claim("trigger")
    assert (later.add("trigger"), later.add("signature")) == (True, True)
    assert await later.claim("trigger")
    assert len(stored(place)) == 1  # older keys are deleted


async def test_a_clock_that_was_ahead_leaves_no_key_for_ever(place: DatabasePlace, database: Database) -> None:
    assert await deduplicator(database, NOW + timedelta(days=300)).claim("one")
    assert await deduplicator(database).claim("two")
    assert len(stored(place)) == 1


async def test_no_secret_of_a_request_is_stored(place: DatabasePlace, database: Database) -> None:
    assert await deduplicator(database).claim("13345224609.738474920.8088930838d88f008e0")
    assert "13345224609" not in str(stored(place))


async def test_the_memory_decides_if_the_database_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
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


async def test_a_locked_database_delays_a_request_by_a_moment_only(
    place: DatabasePlace, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for engine in ("sqlite", "postgres"):
        monkeypatch.setattr(f"bot.database.{engine}.BUSY_SECONDS", 0.05)
    impatient = open_database(place)
    memory = deduplicator(impatient)
    with database.transaction():
        await memory.load()
        async with asyncio.timeout(PATIENT / 2):  # the lock is reported, not waited for
            assert await memory.claim("trigger")
        assert capsys.readouterr().out.count("the database stays locked by") == 2
    assert await memory.claim("another")
    assert not await deduplicator(database).claim("another")
    impatient.close()


async def test_a_slow_database_is_waited_for_once(database: Database) -> None:
    memory, free = slow_deduplicator(database, urgent=0.1, patient=0.5)
    async with asyncio.timeout(5):  # half of what twenty waits would take
        for number in range(20):
            assert await memory.claim(f"trigger-{number}")
            assert await memory.claim(f"form-{number}", is_urgent=True)
    free.set()
    await memory.close()


async def test_only_what_may_open_a_form_is_served_before_a_slow_database_knows_it(database: Database) -> None:
    memory, free = slow_deduplicator(database, urgent=0.01, patient=PATIENT)
    assert await deduplicator(database).claim("message")
    message = asyncio.create_task(memory.claim("message"))
    assert await memory.claim("form", is_urgent=True)
    assert not message.done()
    free.set()
    assert not await message


def slow_deduplicator(
    database: Database, *, urgent: float, patient: float
) -> tuple[RequestDeduplicator, asyncio.Event]:
    """One whose database answers only once the event is set."""
    free = asyncio.Event()

    async def write(work: Callable[[Connection], R]) -> R:
        await free.wait()
        return await database.write(work)

    return RequestDeduplicator(write, lambda: NOW, urgent=urgent, patient=patient), free


def test_deleting_old_keys_uses_the_index(place: DatabasePlace) -> None:
    plan = plan_by_index(place, "DELETE FROM slack_request WHERE taken_at < 1 OR taken_at > 2")
    assert "SCAN" not in plan
    assert "ix_slack_request_taken_at" in plan
