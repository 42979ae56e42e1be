"""One bad row costs itself alone: it is set aside and named, the rest is booked and seen, and no other fault is its."""

import asyncio
import errno
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, InterfaceError
from structlog.testing import capture_logs

from bot.app import App
from bot.database import lease
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.domain.pricing import ByokUnit
from bot.ledger.booking_policy import BookingPolicy
from bot.ledger.booking_result import BookingResult
from bot.neo.client import connect
from bot.neo.errors import NeoError
from bot.outbox.destinations import UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Mangle, Reset, Status, Total
from bot.sandbox.http_server import NeoServer
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.sync.outcome import SyncOutcome
from bot.sync.rules import PassKind, PlannedPass
from bot.sync.run import SyncRun
from bot.sync.stall import StalledError
from bot.usage.keys import WelcomeKey
from tests.support.app import read_passes
from tests.support.engines import many_cases, rows_of
from tests.support.fixtures import HURRIED

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fill(world: World, count: int, **others: Any) -> None:
    for number in range(count):
        start = START - timedelta(hours=1 + number)
        stream = Stream(start, start + timedelta(minutes=9), credits=Decimal(1))
        world.add(SimTask.of(f"task-{number:03}", stream, **others))


class Picky:
    """An observer that cannot bear some tasks."""

    def __init__(
        self, *names: str, error: Callable[[], Exception] = lambda: OverflowError("date out of range")
    ) -> None:
        self.names, self.error = set(names), error
        self.saw: set[str] = set()

    def observe(self, _: Connection, result: BookingResult) -> None:
        if self.names & {each.task.task_id for each in result.changes}:
            raise self.error()
        self.saw |= {each.task.task_id for each in result.changes}


class Syncs:
    """A ledger, and syncs over it with an observer of the test's."""

    def __init__(self, place: DatabasePlace, neo: NeoServer, clock: SimClock) -> None:
        self.place, self.neo, self.clock = place, neo, clock

    def sync(self, observer: Picky, kind: PassKind = PassKind.TAIL) -> SyncOutcome:
        return asyncio.run(self._sync(observer, kind))

    async def _sync(self, observer: Picky, kind: PassKind) -> SyncOutcome:
        database = open_database(self.place)
        try:
            with database.transaction() as connection:
                held = lease.acquire(connection, lease.SYNC, "me", self.clock())
            assert isinstance(held, lease.HeldLease)
            async with connect(self.neo.url, {"X-Api-Key": self.neo.api.key}, HURRIED) as client:
                policy = BookingPolicy(ByokUnit.CREDITS, observers=[observer.observe])
                job = SyncRun(database, client, self.clock, policy, held)
                return await job.run([PlannedPass(kind, self.clock() - 30 * DAY, self.clock())])
        finally:
            database.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return rows_of(self.place, sql)


@pytest.fixture
def syncs(neo: NeoServer, clock: SimClock, place: DatabasePlace) -> Syncs:
    return Syncs(place, neo, clock)


@pytest.mark.parametrize(
    ("count", "bad"),
    [(1, [0]), (2, [1]), (2, [0, 1]), (60, [0]), (60, [59]), (60, [7, 8, 40]), (60, list(range(0, 60, 3)))],
)
@many_cases
def test_the_rest_of_a_page_is_booked_and_observed(syncs: Syncs, world: World, count: int, bad: list[int]) -> None:
    fill(world, count)
    names = {f"task-{number:03}" for number in bad}
    observer = Picky(*names)
    outcome = syncs.sync(observer)
    assert outcome.complete
    assert (outcome.tally.new, outcome.tally.quarantined) == (count - len(bad), len(bad))
    assert dict(syncs.rows("SELECT key, reason FROM quarantine")) == dict.fromkeys(
        names, "it couldn't be recorded (OverflowError: date out of range)"
    )
    booked = {name for (name,) in syncs.rows("SELECT task_id FROM task")}
    assert booked == observer.saw == {f"task-{number:03}" for number in range(count)} - names
    healthy = Picky()
    assert syncs.sync(healthy).tally.new == len(bad)
    assert healthy.saw == names
    assert syncs.rows("SELECT key FROM quarantine") == []
    assert syncs.rows("SELECT count(*), sum(platform_nanos) FROM charge") == [(count, count * 10**10)]


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"), KeyError("ana@acme.dev"), RuntimeError(), AssertionError(),
        UnicodeEncodeError("a", "b", 0, 1, "c"),
        IntegrityError("", {}, sqlite3.IntegrityError("CHECK constraint failed")),
        InterfaceError("", {}, sqlite3.InterfaceError("type 'list' is not supported")),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_any_error_that_a_row_brings_about_is_its_own(syncs: Syncs, world: World, error: Exception) -> None:
    fill(world, 5)
    assert syncs.sync(Picky("task-003", error=lambda: error)).tally.new == 4
    ((reason,),) = syncs.rows("SELECT reason FROM quarantine WHERE key = 'task-003'")
    assert reason.startswith("it couldn't be recorded (")


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        (sqlite3.OperationalError("database or disk is full"), "the database failed: database or disk is full"),
        (sqlite3.OperationalError("database is locked"), "the database failed: database is locked"),
        (
            sqlite3.DatabaseError("database disk image is malformed"),
            "the database failed: database disk image is malformed",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (MemoryError(), "MemoryError"),
        (LedgerError("the ledger reads BYOK amounts as usd"), "the ledger reads BYOK amounts as usd"),
    ],
    ids=str,
)
def test_what_is_no_rows_fault_sets_none_aside(syncs: Syncs, world: World, error: Exception, kept: str) -> None:
    fill(world, 5)
    with pytest.raises(type(error)):
        syncs.sync(Picky("task-003", error=lambda: error))
    assert syncs.rows("SELECT key FROM quarantine") == []
    ((complete, ending, said),) = syncs.rows("SELECT complete, ending, error FROM pass")
    assert (complete, ending in {"broken", "interrupted"}) == (0, True)
    assert said == kept


class Enqueuing(Picky):
    """Enqueues a message of each task, and then cannot bear some of them."""

    def observe(self, connection: Connection, result: BookingResult) -> None:
        destinations = [UserDestination(each.task.task_id) for each in result.changes]
        enqueue(connection, [NewNotification(WelcomeKey(), each) for each in destinations], START)
        super().observe(connection, result)


def test_what_was_undone_with_a_row_is_not_logged_as_enqueued(syncs: Syncs, world: World) -> None:
    fill(world, 5)
    with capture_logs() as logs:
        syncs.sync(Enqueuing("task-003"))
    assert [each["event"] for each in logs].count("enqueued") == 4
    assert syncs.rows("SELECT count(*) FROM notification") == [(4,)]


def test_an_error_of_every_row_is_nobodys(syncs: Syncs, world: World) -> None:
    fill(world, 30)
    with pytest.raises(OverflowError):
        syncs.sync(Picky(*(f"task-{number:03}" for number in range(30))))
    assert syncs.rows("SELECT key FROM quarantine") == []
    assert syncs.rows("SELECT ending, error FROM pass") == [("broken", "OverflowError: date out of range")]


# --- rows are counted once -----------------------------------------------------------------------


def sync(app: App, *, full: bool = False, progress: Callable[[Any], object] = lambda _: None) -> SyncOutcome:
    def told(at: Any) -> None:
        progress(at)

    return asyncio.run(app.sync(full=full, progress=told, on_wait=lambda _: None))


@pytest.mark.parametrize("amount", [-1, 10**12], ids=["no amount", "an absurd amount"])
def test_no_row_is_counted_twice_however_often_it_is_read(
    neo: NeoServer, app: App, world: World, clock: SimClock, amount: int
) -> None:
    fill(world, 100)
    neo.api.page_cap = 10
    spoil = Mangle(
        lambda rows: [row | {"neo_credits": amount} if row["task_id"] == "task-005" else row for row in rows]
    )
    changes = iter(range(12))

    def interfere(number: int) -> None:  # the list changes while it is read, so that it is read again
        if next(changes, None) is not None:
            start = START - timedelta(minutes=number)
            world.add(SimTask.of(f"new-{number}", Stream(start, start + timedelta(seconds=9), credits=Decimal(1))))

    neo.api.before_response = interfere
    neo.api.faults.always = spoil
    outcome = sync(app)
    listed = len(list(world.tasks(clock())))
    assert outcome.complete
    assert (outcome.tally.tasks, outcome.tally.quarantined) == (listed - 1, 1)
    assert outcome.tally.new == listed - 1
    assert outcome.tally.pages > listed / 10 + 1


def test_a_long_sync_at_the_terminal_reads_what_is_new_between_its_windows(
    app: App, world: World, clock: SimClock
) -> None:
    fill(world, 50)
    outcome = sync(app, progress=lambda _: clock.advance(timedelta(minutes=3)))
    with app.ledger.reader() as reader:
        kinds = [kind for (kind,) in reader.execute(text("SELECT kind FROM pass ORDER BY id")).all()]
    others = [place for place, kind in enumerate(kinds) if kind != "tail"]
    assert len(others) > 5
    assert all(later - earlier <= 3 for earlier, later in pairwise(others))
    assert kinds.count("tail") > 3
    assert outcome.tally.tasks == 50


# --- out of quarantine ---------------------------------------------------------------------------

DAMAGE: list[Callable[[dict[str, Any]], Any]] = [
    lambda row: row.update(neo_credits=-1),
    lambda row: row.update(is_byok="perhaps"),
    lambda row: row.update(created_at="yesterday"),
    lambda row: row.update(task_id=""),
]


@pytest.mark.parametrize("change", DAMAGE)
@pytest.mark.parametrize("days", [0, 5])
@many_cases
def test_a_bad_row_that_is_gone_leaves_quarantine_after_a_pass_that_should_list_it(
    neo: NeoServer, app: App, world: World, clock: SimClock, change: Callable[[dict[str, Any]], Any], days: int
) -> None:
    start = START - days * DAY - HOUR
    world.add(SimTask.of("odd", Stream(start, start + timedelta(minutes=9), credits=Decimal(3))))
    fill(world, 3)

    def damage(rows: list[dict[str, Any]]) -> None:
        for each in rows:
            if each["task_id"] == "odd":
                change(each)

    neo.api.faults.always = Mangle(damage)
    assert sync(app).tally.quarantined == 1
    for _ in range(3):  # listed or not by a window that need not hold it: it stays
        clock.advance(timedelta(minutes=5))
        sync(app)
        assert quarantine(app) != []
    world.remove("odd")
    clock.advance(timedelta(minutes=5))
    if days or change is DAMAGE[2]:  # it is not known to be of the last three days: what is read at night will do
        night = PlannedPass(PassKind.NIGHTLY, START - 20 * DAY, clock())
        asyncio.run(read_passes(app, [night]))
    else:
        sync(app)
    assert quarantine(app) == []


def quarantine(app: App) -> list[tuple[str, str]]:
    with app.ledger.reader() as reader:
        return [(key, reason) for key, reason in reader.execute(text("SELECT key, reason FROM quarantine")).all()]


def test_a_row_that_was_gone_when_asked_for_alone_leaves_quarantine(
    neo: NeoServer, app: App, world: World, clock: SimClock
) -> None:
    fill(world, 3)
    streamed = Mangle(
        lambda rows: [each | {"stream_id": "s"} if each["task_id"] == "task-001" else each for each in rows]
    )
    neo.api.faults.when(lambda r: Mangle(lambda _: []) if "task_id" in r.query else streamed)
    sync(app)
    assert quarantine(app) == [("task-001", "listed, but not found when asked for alone")]
    neo.api.faults.clear()
    world.remove("task-001")
    clock.advance(timedelta(minutes=5))
    assert sync(app).complete
    assert quarantine(app) == []


def test_a_pass_that_does_not_reach_a_bad_row_or_fails_frees_none(
    neo: NeoServer, app: App, world: World, clock: SimClock
) -> None:
    start = START - 10 * DAY
    world.add(SimTask.of("old", Stream(start, start + timedelta(minutes=9), credits=Decimal(3))))
    neo.api.faults.always = Mangle(lambda rows: [each | {"neo_credits": -1} for each in rows])
    sync(app)
    world.remove("old")
    clock.advance(timedelta(minutes=5))
    assert sync(app).complete  # the last three days
    assert len(quarantine(app)) == 1
    neo.api.faults.always = Reset()
    with pytest.raises(NeoError, match="cannot be reached"):
        sync(app, full=True)
    assert len(quarantine(app)) == 1
    neo.api.faults.clear()
    sync(app, full=True)
    assert quarantine(app) == []


@pytest.mark.parametrize("bad", [[None, None], [{"task_id": ""}] * 3, [None, {"task_id": ""}, None, 7, 7]])
def test_equal_rows_without_an_id_leave_a_pass_complete(neo: NeoServer, app: App, world: World, bad: list[Any]) -> None:
    fill(world, 5 + len(bad))
    taken = {f"task-{5 + number:03}": row for number, row in enumerate(bad)}
    neo.api.faults.when(lambda _: Mangle(lambda rows: [taken.get(each["task_id"], each) for each in rows]))
    outcome = sync(app)
    assert outcome.complete
    assert outcome.tally.tasks == 5
    neo.api.page_cap = 2  # also where they come on several pages
    assert sync(app).complete


# --- what becomes of a pass ----------------------------------------------------------------------


def endings(app: App) -> list[tuple[str | None, str | None]]:
    with app.ledger.reader() as reader:
        return [
            (ending, error)
            for ending, error in reader.execute(text("SELECT ending, error FROM pass ORDER BY id")).all()
        ]


def test_a_pass_that_does_not_get_on_is_recorded_as_failed(
    neo: NeoServer, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sync.stall.STALL_SECONDS", 0.3)
    neo.api.faults.always = Status(429, retry_after=1)
    with pytest.raises(StalledError):
        sync(app)
    ((ending, said),) = endings(app)
    assert ending == "failed"
    assert said is not None
    assert said.startswith("no page came from Neo for")


@pytest.mark.slow
def test_reading_many_rows_alone_is_getting_on(
    neo: NeoServer, app: App, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, 60)
    neo.api.latency_s = 0.15  # four at a time, all of them together take longer than no row may
    monkeypatch.setattr("bot.sync.stall.STALL_SECONDS", 2.0)
    streamed = Mangle(lambda rows: [each | {"stream_id": "s"} for each in rows])
    neo.api.faults.when(lambda r: None if "task_id" in r.query else streamed)
    assert sync(app).complete


async def test_a_pass_that_is_told_to_stop_says_so(neo: NeoServer, app: App, world: World) -> None:
    fill(world, 3)
    loop, asked = asyncio.get_running_loop(), asyncio.Event()

    def between(_: int) -> None:
        loop.call_soon_threadsafe(asked.set)  # the server is a thread's

    neo.api.before_response, neo.api.latency_s = between, 2
    under_way = asyncio.create_task(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))
    await asked.wait()
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert endings(app) == [("interrupted", None)]


@pytest.mark.slow
def test_a_list_that_does_not_add_up_says_by_how_much(neo: NeoServer, app: App, world: World) -> None:
    fill(world, 3)
    neo.api.faults.always = Total(lambda real: real + 2)
    assert not sync(app).complete
    (first, *_) = endings(app)
    assert first[0] == "incomplete"
    assert first[1] is not None
    assert first[1].startswith("Neo announces")
