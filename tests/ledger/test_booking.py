"""Booking is one transaction with whoever observes it, and the schema is what the tables say."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlmodel import SQLModel

from bot.database import lease, lease_holder
from bot.database.engine import Database, open_database
from bot.database.errors import LedgerError
from bot.database.reading import open_reader
from bot.database.schema import newest_revision
from bot.database.timing import LEASE_LIFETIME
from bot.domain.pricing import ByokUnit, Price
from bot.domain.tasks import Refused, Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.booking_result import BookingResult
from bot.ledger.passes.coverage import Interval, merged_intervals
from bot.ledger.repricing import reprice, spread
from bot.ledger.rules import EntryKind, KnownTask, Totals, change, is_doubtful
from bot.settings.database_place import DatabasePlace
from tests.support.engines import execute, sqlite_only

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def task(task_id: str = "one", credit: str | None = "1", **others: object) -> Task:
    amount = None if credit is None else Decimal(credit)
    values = {"model": "opus", "status": "completed", "created_at": NOW - timedelta(hours=1), "email": "ana@acme.dev"}
    return Task(task_id=task_id, neo_credits=amount, **{**values, **others})  # type: ignore[arg-type]


def count(database: Database, table: str) -> int:
    with database.transaction() as connection:
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def test_an_observer_sees_the_charges_inside_their_transaction(database: Database) -> None:
    seen: list[tuple[BookingResult, int]] = []

    def observe(connection: Connection, result: BookingResult) -> None:
        inside = connection.exec_driver_sql("SELECT sum(platform_nanos) FROM charge").scalar_one()
        connection.exec_driver_sql("INSERT INTO note (key, value) VALUES ('observed', 'yes')")
        seen.append((result, inside))

    with database.transaction() as connection:
        book(
            connection,
            [task(), task("two", None)],
            BookingPolicy(ByokUnit.CREDITS, observers=[observe], read_before=()),
            now=NOW,
        )
    [(booked, inside)] = seen
    assert inside == 10_000_000_000
    assert (booked.new, booked.backfill, len(booked.changes), len(booked.members)) == (2, True, 2, 1)
    assert booked.changes[0].entries[0].kind is EntryKind.FIRST
    assert count(database, "note") == 1


def test_an_observer_that_fails_undoes_the_booking_with_it(database: Database) -> None:
    def fail(_: Connection, __: BookingResult) -> None:
        raise RuntimeError("the observer's own trouble")

    with pytest.raises(RuntimeError), database.transaction() as connection:
        book(connection, [task()], BookingPolicy(ByokUnit.CREDITS, observers=[fail]), now=NOW)
    assert [count(database, name) for name in ("task", "charge", "member", "seen", "task_detail")] == [0] * 5


def test_the_status_before_is_told_and_an_unchanged_task_is_not(database: Database) -> None:
    heard: list[BookingResult] = []
    policy = BookingPolicy(ByokUnit.CREDITS, observers=[lambda _, booked: heard.append(booked)])
    for each in (task(status="error"), task(status="error"), task(status="completed")):
        with database.transaction() as connection:
            book(connection, [each], policy, now=NOW)
    assert [[one.was for one in booked.changes] for booked in heard] == [[None], [], ["error"]]
    assert heard[1].unchanged == 1


def test_a_row_in_quarantine_keeps_its_first_date_until_it_heals(database: Database) -> None:
    policy = BookingPolicy(ByokUnit.CREDITS)
    for hours in (0, 1):
        with database.transaction() as connection:
            book(connection, [], policy, now=NOW + timedelta(hours=hours), refused=[Refused("one", "negative")])
    with database.transaction() as connection:
        first, last = connection.exec_driver_sql("SELECT first_seen_at, last_seen_at FROM quarantine").one()
    assert last - first == 3_600_000_000
    with database.transaction() as connection:
        book(connection, [task()], policy, now=NOW)
    assert count(database, "quarantine") == 0


@pytest.mark.parametrize(
    ("stored", "now", "entries", "withdrawn"),
    [
        ((None, None), (5, 0), [(EntryKind.FIRST, 5, 0, 1)], False),
        ((None, None), (None, None), [], False),
        ((5, 0), (7, 0), [(EntryKind.GROWTH, 2, 0, 9)], False),
        ((5, 3), (7, 4), [(EntryKind.GROWTH, 2, 1, 9)], False),
        ((5, 0), (2, 0), [(EntryKind.RESTATED, -3, 0, 9)], False),
        ((5, 3), (7, 1), [(EntryKind.GROWTH, 2, 0, 9), (EntryKind.RESTATED, 0, -2, 9)], False),
        ((None, 3), (4, 5), [(EntryKind.FIRST, 4, 0, 1), (EntryKind.GROWTH, 0, 2, 9)], False),
        ((5, 0), (5, 0), [], False),
        ((5, 3), (None, None), [], True),
        ((5, 3), (None, 4), [(EntryKind.GROWTH, 0, 1, 9)], True),
        ((None, None), (0, 0), [(EntryKind.FIRST, 0, 0, 1)], False),
    ],
)
def test_what_a_new_price_books(
    stored: tuple[int | None, int | None], now: tuple[int | None, int | None], entries: list[object], withdrawn: bool  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    what = change(Totals(*stored), Price(*now), created_at=1, observed_at=9)
    found = [(each.kind, each.platform_nanos, each.provider_nanos, each.booked_at) for each in what.entries]
    assert (found, what.withdrawn) == (entries, withdrawn)


STORED = KnownTask(Totals(5, 0), created_at=100, stream_count=2)


@pytest.mark.parametrize(
    ("stored", "price", "created_at", "streams", "window_from", "doubtful"),
    [
        (None, (5, 0), 100, 1, 50, False),
        (None, (5, 0), 100, 1, 101, True),
        (None, (5, 0), 100, 1, None, False),
        (STORED, (5, 0), 100, 2, None, False),
        (STORED, (9, 0), 100, 3, None, False),
        (STORED, (4, 0), 100, 2, None, True),
        (STORED, (None, None), 100, 2, None, True),
        (STORED, (9, 0), 100, 1, None, True),
        (STORED, (9, 0), 120, 3, None, True),
        (STORED, (9, 0), 99, 3, None, False),
        (STORED, (9, 0), 98, 3, None, True),
    ],
)
def test_a_row_that_may_be_cut_is_doubted(
    stored: KnownTask | None, price: tuple[int | None, int | None], created_at: int, streams: int,
    window_from: int | None, doubtful: bool,  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    found = is_doubtful(stored, Price(*price), created_at=created_at, stream_count=streams, window_from=window_from)
    assert found is doubtful


@pytest.mark.parametrize(
    ("parts", "total", "new", "differences"),
    [
        ([10], 10, 1, [-9]),
        ([1, 2, 3], 6, 60, [9, 18, 27]),
        ([10, -4], 6, 60, [90, -36]),
        ([0, 0], 0, 7, [7, 0]),
        ([1, 1, 1], 3, 1, [-1, 0, -1]),
        ([5], 5, None, [0]),
        ([], 0, 5, []),
    ],
)
def test_a_repricing_is_spread_over_the_charges(
    parts: list[int], total: int, new: int | None, differences: list[int]
) -> None:
    assert spread(parts, total, new) == differences


def test_intervals_that_touch_are_one() -> None:
    found = merged_intervals([Interval(5, 7), Interval(1, 3), Interval(3, 4), Interval(6, 9)])
    assert found == [Interval(1, 4), Interval(5, 9)]


def test_the_migrations_make_the_tables_that_are_declared(database: Database) -> None:
    with database.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_a_newer_ledger_is_refused(database: Database, place: DatabasePlace) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    for opening in (open_database, open_reader):
        with pytest.raises(LedgerError, match="newer neo-usage"):
            opening(place)


@sqlite_only("a file may hold anything")
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish.db"
    rubbish.write_bytes(b"not a database, " * 300)
    for opening in (open_database, open_reader):
        with pytest.raises(LedgerError):
            opening(rubbish)
    assert rubbish.read_bytes() == b"not a database, " * 300


@sqlite_only("a server judges leases by its own clock: tests/database/test_both_engines.py")
def test_a_lease_is_one_holders_until_it_ends_or_its_process_does(database: Database) -> None:
    here, there = lease_holder.holder_name("a"), "elsewhere/1/b"
    with database.transaction() as connection:
        theirs = lease.acquire(connection, lease.SYNC, there, NOW)
        assert theirs == lease.HeldLease(lease.SYNC, there, 1, LEASE_LIFETIME)
        assert lease.acquire(connection, lease.SYNC, here, NOW) == lease.LeaseHolder(there, NOW + LEASE_LIFETIME)
        mine = lease.acquire(connection, lease.SYNC, here, NOW + LEASE_LIFETIME)
        assert mine == lease.HeldLease(lease.SYNC, here, 2, LEASE_LIFETIME)
        with pytest.raises(lease.LeaseLostError):
            lease.renew(connection, theirs, NOW)
        lease.release(connection, lease.SYNC, there)
        lease.renew(connection, mine, NOW)
        lease.release(connection, lease.SYNC, here)
    gone = subprocess.run(
        [sys.executable, "-c", "from bot.database.lease_holder import holder_name; print(holder_name('c'), end='')"],
        capture_output=True, text=True, check=True, env=dict(os.environ), cwd=Path(__file__).parent.parent.parent,
    ).stdout  # fmt: skip
    with database.transaction() as connection:
        assert lease.acquire(connection, lease.SYNC, gone, NOW) == lease.HeldLease(lease.SYNC, gone, 3, LEASE_LIFETIME)
        assert lease.acquire(connection, lease.SYNC, here, NOW) == lease.HeldLease(lease.SYNC, here, 4, LEASE_LIFETIME)


def test_the_newest_revision_is_the_last_migration(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == newest_revision()


def test_money_that_moves_between_the_amounts_is_not_counted_twice(database: Database) -> None:
    policy = BookingPolicy(ByokUnit.CREDITS)
    for own in (False, True):
        with database.transaction() as connection:
            book(connection, [task(credit="5", is_byok=own)], policy, now=NOW)
    with database.transaction() as connection:
        total = connection.exec_driver_sql("SELECT sum(platform_nanos), sum(provider_nanos) FROM charge").one()
    assert tuple(total) == (0, 50_000_000_000)


def test_a_repricing_corrects_the_member_who_was_charged(database: Database) -> None:
    for email, llm in (("a@acme.dev", 10), ("b@acme.dev", 11)):
        with database.transaction() as connection:
            one = task(credit=None, email=email, is_byok=True, llm_cost=Decimal(llm), neo_cost=Decimal(0))
            book(connection, [one], BookingPolicy(ByokUnit.CREDITS), now=NOW)
    with database.transaction() as connection:
        reprice(connection, ByokUnit.USD, 0)
        rows = connection.exec_driver_sql(
            "SELECT m.email, sum(c.provider_nanos) FROM charge c JOIN member m ON m.id = c.member GROUP BY 1"
        ).all()
    assert dict(rows) == {"a@acme.dev": 10_000_000_000, "b@acme.dev": 1_000_000_000}


@sqlite_only("on PostgreSQL tests/database/test_postgres_opening.py tries it")
def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "theirs.db"
    execute(foreign, "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(LedgerError, match="another program's tables"):
        open_database(foreign)
