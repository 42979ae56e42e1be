"""What the database package promises holds on both engines alike: leases, metadata, reading without writing."""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from bot.database import lease, metadata
from bot.database.after_commit import after_commit
from bot.database.engine import Database, open_database
from bot.database.errors import LedgerError
from bot.database.fence import fenced
from bot.database.reading import open_reader, translated_errors
from bot.database.schema import newest_revision
from bot.database.timing import LEASE_LIFETIME
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def acquire(connection: Connection, holder: str, now: datetime = NOW) -> lease.HeldLease:
    """The lease that a holder gets."""
    found = lease.acquire(connection, lease.JOBS, holder, now)
    assert isinstance(found, lease.HeldLease), found
    return found


def let_expire(connection: Connection) -> None:
    """Have whoever holds a lease not have renewed it for as long as it lasts."""
    microseconds = LEASE_LIFETIME // timedelta(microseconds=1)
    connection.execute(text("UPDATE lease SET expires_at = expires_at - :by"), {"by": microseconds})


def test_a_lease_is_one_holders_until_it_expires(database: Database) -> None:
    with database.transaction() as connection:
        first = acquire(connection, "here/1/a")
        found = lease.acquire(connection, lease.JOBS, "there/1/b", NOW)
        assert isinstance(found, lease.LeaseHolder)
        assert found.who == "here/1"
        assert not lease.is_free(connection, lease.JOBS, "there/1/b", NOW)
        let_expire(connection)
        assert lease.is_free(connection, lease.JOBS, "there/1/b", NOW)
        second = acquire(connection, "there/1/b")
        with pytest.raises(lease.LeaseLostError):
            lease.renew(connection, first, NOW)
        lease.renew(connection, second, NOW)


def test_a_holder_who_may_go_on_renews_an_expired_lease(database: Database) -> None:
    with database.transaction() as connection:
        held = acquire(connection, "here/1/a")
        let_expire(connection)
        lease.renew(connection, held, NOW)
        assert isinstance(lease.acquire(connection, lease.JOBS, "there/1/b", NOW), lease.LeaseHolder)


def test_what_began_before_a_lease_was_lost_does_not_go_on_once_it_is_held_again(database: Database) -> None:
    with database.transaction() as connection:
        first = acquire(connection, "here/1/a")
        let_expire(connection)
        acquire(connection, "there/1/b")
        lease.release(connection, lease.JOBS, "there/1/b")
        again = acquire(connection, "here/1/a")
        assert again.token > first.token
        with pytest.raises(lease.LeaseLostError):
            lease.renew(connection, first, NOW)
        lease.renew(connection, again, NOW)


def test_a_lease_that_was_released_is_free_and_anothers_cannot_be(database: Database) -> None:
    with database.transaction() as connection:
        assert lease.is_free(connection, lease.JOBS, "there/1/b", NOW)
        held = acquire(connection, "here/1/a")
        lease.release(connection, lease.JOBS, "there/1/b")
        lease.renew(connection, held, NOW)
        lease.release(connection, lease.JOBS, "here/1/a")
        assert lease.is_free(connection, lease.JOBS, "there/1/b", NOW)
        assert acquire(connection, "there/1/b").token > held.token


@pytest.mark.parametrize("off", [timedelta(hours=-3), timedelta(minutes=-2), timedelta(minutes=2), timedelta(days=9)])
def test_on_a_server_the_clock_of_a_replica_does_not_matter(postgres_ledger: PostgresAddress, off: timedelta) -> None:
    with closing(open_database(postgres_ledger)) as database, database.transaction() as connection:
        held = acquire(connection, "here/1/a")
        for _ in range(3):  # neither takes it from the other
            found = lease.acquire(connection, lease.JOBS, "there/1/b", NOW + off)
            assert isinstance(found, lease.LeaseHolder)
            lease.renew(connection, held, NOW)
        let_expire(connection)
        acquire(connection, "there/1/b", NOW + off)


async def test_what_is_written_under_a_lease_is_undone_once_another_has_it(database: Database) -> None:
    with database.transaction() as connection:
        held = acquire(connection, "here/1/a")

    def note(value: str) -> Callable[[Connection], None]:
        return lambda connection: metadata.write(connection, "written", value)

    with fenced(lambda connection: lease.renew(connection, held, NOW)):
        late = asyncio.create_task(write_later(database, note("late"), released := asyncio.Event()))
        await database.write(note("in time"))
        with database.transaction() as connection:
            let_expire(connection)
            acquire(connection, "there/1/b")
        with pytest.raises(lease.LeaseLostError):
            await database.write(note("too late"))
        with pytest.raises(lease.LeaseLostError):
            await database.finish_write(note("too late"))
        await database.finish_release(lambda connection: metadata.write(connection, "ended", "yes"))
    released.set()
    with pytest.raises(lease.LeaseLostError):
        await late
    assert await database.read(lambda connection: metadata.read(connection, "written")) == "in time"
    assert await database.read(lambda connection: metadata.read(connection, "ended")) == "yes"
    await database.write(note("by anybody"))


async def write_later(database: Database, work: Callable[[Connection], None], after: asyncio.Event) -> None:
    """Write once something has happened: the task was begun before it."""
    await after.wait()
    await database.write(work)


async def test_of_two_processes_one_writes_at_a_time(place: DatabasePlace, database: Database) -> None:
    def increment(connection: Connection) -> None:
        before = int(metadata.read(connection, "count") or 0)
        time.sleep(0.001)  # in which the others try to write
        metadata.write(connection, "count", str(before + 1))

    with closing(open_database(place)) as other:
        await asyncio.gather(*(each.write(increment) for each in [database, other] * 10))
        assert await other.read(lambda connection: metadata.read(connection, "count")) == "20"


def test_what_follows_from_a_transaction_is_done_once_it_is_committed(database: Database) -> None:
    done: list[str] = []

    def fail(connection: Connection) -> None:
        after_commit(connection, lambda: done.append("of what was undone"))
        raise KeyError

    with pytest.raises(KeyError), database.transaction() as connection:
        fail(connection)
    with database.transaction() as connection:
        after_commit(connection, lambda: done.append("of what was taken back"))
        connection.rollback()
    with database.transaction() as connection:
        for name in ("one", "two"):
            after_commit(connection, partial(done.append, name))
        assert done == []
    assert done == ["one", "two"]
    with database.transaction():
        pass
    assert done == ["one", "two"]


async def test_facts_are_kept_by_key(database: Database) -> None:
    with database.transaction() as connection:
        for key, value in (("b:1", "x"), ("b:2", "y"), ("B:3", "z"), ("b:1", "X"), ("c", "c")):
            metadata.write(connection, key, value)
        metadata.write(connection, "c", None)
    assert await database.read(lambda connection: metadata.read_prefix(connection, "b:")) == {"1": "X", "2": "y"}
    assert await database.read(lambda connection: metadata.read(connection, "c")) is None


@pytest.mark.usefixtures("database")
def test_a_reader_sees_one_moment_and_cannot_write(place: DatabasePlace, database: Database) -> None:
    with closing(open_reader(place)) as reader:
        assert metadata.read(reader, "a") is None
        with database.transaction() as connection:
            metadata.write(connection, "a", "1")
        assert metadata.read(reader, "a") is None
        reader.rollback()
        assert metadata.read(reader, "a") == "1"
        with pytest.raises(LedgerError, match="read-only"), translated_errors(place):
            metadata.write(reader, "a", "2")


def test_a_ledger_of_an_older_schema_is_not_read(place: DatabasePlace, database: Database) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(LedgerError, match=f"at schema 0001 of {newest_revision()}"):
        open_reader(place)


def test_what_is_wrong_with_a_statement_is_no_fault_of_the_database(place: DatabasePlace, database: Database) -> None:
    with pytest.raises(SQLAlchemyError), translated_errors(place), database.transaction() as connection:
        connection.execute(text("SELECT 1 FROM nowhere"))
