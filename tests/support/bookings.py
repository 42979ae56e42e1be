"""Ledgers for tests of queries: a small one, of five tasks of three members, and one of random work."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from bot.database.engine import Database
from bot.domain.pricing import ByokUnit
from bot.domain.tasks import Task
from bot.ledger.booking import book
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.member_merge import merge_emails
from bot.neo.wire import decode_page
from bot.sandbox.responses import ENCODER
from bot.sandbox.world import START, World, row
from tests.support.clock import AdjustableClock
from tests.support.random_work import RandomWork

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOLLAR = 10**9  # nanos
ANA, BOB = "ana@acme.dev", "bob@acme.dev"

TASKS = (
    Task(task_id="one", model="opus", status="completed", created_at=NOW - 2 * HOUR, email=ANA, neo_credits=Decimal(1)),
    Task(
        task_id="two", model="sonnet", status="failed", created_at=NOW - HOUR, email=ANA, neo_credits=Decimal(2),
        title="Scan", error_message="disk is full",
    ),
    Task(task_id="three", model="opus", status="error", created_at=NOW - HOUR, email=BOB, neo_credits=Decimal(3)),
    Task(task_id="four", model="opus", status="completed", created_at=NOW - 3 * HOUR),
    Task(
        task_id="five", model="haiku", status="completed", created_at=NOW - HOUR / 2, email=BOB, is_byok=True,
        llm_cost=Decimal(1), neo_cost=Decimal("0.5"),
    ),
)  # fmt: skip
GROWN = Task(
    task_id="two", model="sonnet", status="failed", created_at=NOW - HOUR, email=ANA, neo_credits=Decimal("2.5"),
    title="Scan", error_message="disk is full",
)  # fmt: skip


def book_tasks(database: Database, *tasks: Task, now: datetime = NOW) -> None:
    """Book tasks as if each had been read alone."""
    with database.transaction() as connection:
        book(connection, tasks, BookingPolicy(ByokUnit.CREDITS), now=now)


def book_small_ledger(database: Database) -> None:
    """Book TASKS at NOW, and what one of them grew by an hour later."""
    book_tasks(database, *TASKS)
    book_tasks(database, GROWN, now=NOW + HOUR)


def book_random_work(databases: Sequence[Database], seed: int) -> datetime:
    """Book what ends and changes in ten days, with a renamed member; return the moment after it."""
    clock, world = AdjustableClock(lambda: START), World.empty()
    work = RandomWork(world, clock, seed)
    for _ in range(10):
        work.end(25)
        work.change(8 if len(work.known) > 25 else 0)
        rows_now = [row(each) for each in world.tasks(clock())]
        tasks = decode_page(ENCODER.encode({"data": rows_now, "total": len(rows_now), "has_more": False})).tasks
        for database in databases:
            with database.transaction() as connection:
                book(connection, tasks, BookingPolicy(ByokUnit.CREDITS), now=clock())
        clock.advance(DAY)
    for database in databases:
        with database.transaction() as connection:
            merge_emails(connection, "ZOE@acme.example", "zoë.müller@acme.example")
    return clock()
