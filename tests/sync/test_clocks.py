"""A clock that ran ahead for a moment, or steps back: nothing that was dated then stands in the way afterwards."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.app import App
from bot.database import lease, lease_holder
from bot.database.timing import LEASE_LIFETIME
from bot.domain.timestamps import to_us
from bot.sandbox.clock import SimClock
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.sync.outcome import SyncOutcome
from tests.support.app import read_passes, report_of, sync_plan
from tests.support.engines import many_cases, sqlite_only
from tests.support.fixtures import Wire

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def shift() -> list[timedelta]:
    """How far the bot's clock is ahead of the time that it is."""
    return [timedelta(0)]


@pytest.fixture
def app(wire: Wire, clock: SimClock, shift: list[timedelta]) -> App:
    return replace(wire(), clock=lambda: clock() + shift[0])


def sync(app: App) -> SyncOutcome:
    return asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def tick(app: App) -> list[str]:
    """Read what is due, as the service does; returns the kinds."""
    with app.ledger.reader() as reader:
        plan = sync_plan(app, reader)
    asyncio.run(read_passes(app, [plan.tail]))
    with app.ledger.reader() as reader:
        plan = sync_plan(app, reader)
    due = [*plan.calendar, *plan.history]
    for each in due:
        asyncio.run(read_passes(app, [each]))
    return [each.kind.value for each in due]


def add(world: World, name: str, at: object) -> None:
    assert hasattr(at, "tzinfo")
    world.add(SimTask.of(name, Stream(at, at + timedelta(minutes=9), credits=Decimal(1))))  # type: ignore[arg-type,operator]


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [timedelta(minutes=40), 20 * DAY, 365 * DAY])
def test_passes_of_a_clock_that_ran_ahead_block_no_nightly_or_weekly_one(
    app: App, world: World, clock: SimClock, shift: list[timedelta], ahead: timedelta
) -> None:
    add(world, "one", START - HOUR)
    sync(app)
    shift[0] = ahead
    tick(app)
    shift[0] = timedelta(0)
    found = []
    for _ in range(10):
        clock.advance(DAY)
        found.append(tick(app))
    assert all(found)  # every night one or the other
    assert 1 <= sum("weekly" in each for each in found) <= 3
    assert all(len(each) == 1 for each in found[1:])


def test_a_clock_set_back_is_read_on_from(app: App, world: World, clock: SimClock, shift: list[timedelta]) -> None:
    shift[0] = 2 * HOUR
    sync(app)
    shift[0] = timedelta(0)
    add(world, "later", clock() - timedelta(minutes=30))
    assert sync(app).tally.new == 1
    with app.ledger.reader() as reader:
        plan = sync_plan(app, reader)
    assert plan.tail.end == clock()


@pytest.mark.slow
def test_what_a_clock_ahead_claimed_to_have_read_is_read_when_that_time_has_come(
    app: App, world: World, clock: SimClock, shift: list[timedelta]
) -> None:
    sync(app)
    shift[0] = 20 * DAY
    sync(app)  # it claims twenty days that are still to come
    shift[0] = timedelta(0)
    clock.advance(HOUR)
    sync(app)
    add(world, "between", START + 4 * DAY)  # while the bot is down
    clock.advance(20 * DAY)
    assert sync(app).tally.new == 1


def test_the_first_pass_of_a_clock_ahead_makes_nothing_incomplete_for_good(
    app: App, world: World, shift: list[timedelta]
) -> None:
    add(world, "one", START - 30 * DAY)
    shift[0] = 400 * DAY
    sync(app)
    shift[0] = timedelta(0)
    assert sync(app).complete
    assert sync(app).complete
    assert report_of(app, "60d").complete
    assert report_of(app, "60d").spend_nanos == 10 * 10**9


# --- leases --------------------------------------------------------------------------------------

HERE = lease_holder.holder_name("x").split("/")


def holder(*, process: str = HERE[1], place: str = HERE[3], started: str = HERE[4]) -> str:
    return f"{HERE[0]}/{process}/other/{place}/{started}"


@sqlite_only("a server judges leases by its own clock: tests/database/test_both_engines.py")
@pytest.mark.parametrize(
    ("who", "left", "waits"),
    [
        (holder(), 30, True),  # it lives
        (holder(), 6 * 3600, True),  # it lives, and the clock was set back
        (holder(), -1, False),
        (holder(started="1"), 30, False),  # its process id was given again
        (holder(process="4194300"), 30, False),  # no such process
        (holder(process="4194300", place="another"), 30, True),  # of another namespace: who knows
        (holder(place="another"), 30, True),
        (holder(place="another"), -1, False),
        (holder(place="another"), 6 * 3600, False),  # no lease lasts so long
        (holder(place="", started=""), 30, True),
        (f"{HERE[0]}/4194300/old", 30, True),  # as earlier versions wrote it
        ("elsewhere/1/b", 365 * 86_400, False),
    ],
    ids=range(12),  # a holder's name is another in each process that runs the tests
)
@many_cases
def test_a_lease_is_taken_from_the_dead_and_from_a_time_to_come_alone(
    app: App, clock: SimClock, who: str, left: int, *, waits: bool
) -> None:
    with app.ledger.database() as database, database.transaction() as connection:
        expires = to_us(clock() + timedelta(seconds=left))
        values = {"who": who, "expires": expires}
        connection.execute(text("INSERT INTO lease (name, holder, expires_at) VALUES ('sync', :who, :expires)"), values)
    waited = []

    def waiting(held: lease.LeaseHolder) -> None:
        waited.append(held.who)
        with app.ledger.database() as database, database.transaction() as connection:
            lease.release(connection, lease.SYNC, who)

    outcome = asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=waiting))
    assert outcome.complete
    assert waited == (["/".join(who.split("/")[:2])] if waits else [])


@sqlite_only("a server judges leases by its own clock: tests/database/test_both_engines.py")
def test_a_holder_renews_a_lease_that_a_clock_ahead_had_dated(app: App, clock: SimClock) -> None:
    me = lease_holder.holder_name("me")
    with app.ledger.database() as database, database.transaction() as connection:
        mine = lease.acquire(connection, lease.SYNC, me, clock() + HOUR)
        assert isinstance(mine, lease.HeldLease)
        lease.renew(connection, mine, clock())
        held = lease.acquire(connection, lease.SYNC, holder(place="another"), clock())
    assert held == lease.LeaseHolder(me, clock() + LEASE_LIFETIME)
