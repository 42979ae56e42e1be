"""Several services on one database: one runs the jobs, and another takes them over; all of them answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from bot.database import lease
from bot.database.errors import UnusableError
from bot.database.timing import LEASE_LIFETIME
from bot.outbox.destinations import UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.world import START, World
from bot.service.service import Service, running_service
from bot.usage.keys import WelcomeKey
from tests.support.engines import POSTGRES, always_on_both, sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.messages import notifications, visible_text
from tests.support.worlds import PRIYA, add, spent

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)

pytestmark = always_on_both


@pytest.fixture
def world() -> World:
    """Priya has spent a little."""
    world = World.empty()
    add(world, "usual", "1", email=PRIYA, begun=START - timedelta(days=1))
    return world


class Replicas:
    """Services on one database, in one workspace: `first` was there before the others."""

    def __init__(self, harness: ServiceHarness, stack: AsyncExitStack) -> None:
        self.harness, self.first, self._stack = harness, harness.service, stack

    async def start(self) -> tuple[Service, AsyncExitStack]:
        """Start another service; the stack ends it."""
        life = await self._stack.enter_async_context(AsyncExitStack())
        sockets = len(self.harness.slack.sockets)
        started = await life.enter_async_context(running_service(self.harness.app()))
        await started.slack.connecting
        await self.harness.workspace.until(lambda: len(self.harness.slack.sockets) > sockets)
        await started.jobs.sync()
        return started, life

    def spend(self) -> None:
        """Let Priya spend five dollars, which nobody has read yet."""
        spent(self.harness.neo.world, self.harness.clock(), PRIYA, 5)

    async def tasks(self) -> int:
        """How many tasks are in the ledger."""
        statement = text("SELECT count(*) FROM task")
        return await self.first.database.read(lambda c: int(c.execute(statement).scalar_one()))


@pytest.fixture
async def replicas(closed: ServiceHarness) -> AsyncIterator[Replicas]:
    await closed.open()
    async with AsyncExitStack() as stack:
        yield Replicas(closed, stack)


def has_jobs(service: Service) -> bool:
    """Whether a service has the jobs, as far as it knows."""
    return service.jobs.lease.held is not None


async def set_lease(service: Service, **values: object) -> None:
    """Change the row of the jobs lease, as time or another process does."""
    sets = ", ".join(f"{name} = :{name}" for name in values)
    statement = text(f"UPDATE lease SET {sets} WHERE name = 'jobs'")
    await service.database.write(lambda connection: connection.execute(statement, values))


@pytest.mark.slow
async def test_one_of_two_runs_the_jobs_and_both_answer(replicas: Replicas) -> None:
    with capture_logs() as logs:
        second, _ = await replicas.start()
        await second.jobs.run_every(1)
    assert [each["event"] for each in logs].count("standing by: another process runs the jobs") == 1
    assert has_jobs(replicas.first)
    assert not has_jobs(second)
    replicas.spend()
    await second.jobs.sync()
    assert await replicas.tasks() == 1
    await replicas.first.jobs.sync()
    assert await replicas.tasks() == 2
    for _ in range(6):  # over one socket or the other
        assert "$15.00" in visible_text(await replicas.harness.ask("priya", "7d"))


async def test_what_comes_twice_over_two_sockets_is_answered_once(replicas: Replicas) -> None:
    harness, (second, _) = replicas.harness, await replicas.start()

    async def answers() -> int:
        for service in (replicas.first, second):
            assert service.slack.listener is not None
            await service.slack.listener.wait_idle()
        return len(harness.slack.calls("hook"))

    for number in (1, 2):
        if number == 1:
            ack = await harness.slack.command("priya", "neo-spend", "7d")
        else:
            ack = await harness.slack.click("priya", "neo-spend", harness.visible("priya")[0].ts, "ask:model")
        again = await asyncio.gather(*(harness.slack.redeliver(ack) for _ in range(8)))  # each over one of them
        assert all(each.ok for each in again)
        assert await answers() == number


@pytest.mark.slow
async def test_one_that_ends_hands_the_jobs_over_at_once(replicas: Replicas) -> None:
    second, life = await replicas.start()
    third, _ = await replicas.start()
    await set_lease(second, expires_at=0)
    await second.jobs.run_every(1)
    await second.jobs.sync()
    assert has_jobs(second)
    assert not has_jobs(third)
    replicas.spend()
    with capture_logs() as logs:
        await life.aclose()
        await third.jobs.run_every(1)
        await third.jobs.sync()  # in turn with the one that a takeover begins with
    assert "took over the jobs" in [each["event"] for each in logs]
    assert has_jobs(third)
    assert await replicas.tasks() == 2


async def test_a_takeover_begins_with_a_sync(replicas: Replicas) -> None:
    second, _ = await replicas.start()
    replicas.spend()
    await set_lease(second, expires_at=0)
    with capture_logs() as logs:
        await second.jobs.run_every(1)
        async with asyncio.timeout(15):
            while await replicas.tasks() < 2:  # noqa: ASYNC110 - it goes on by itself
                await asyncio.sleep(0.02)
    assert "took over the jobs" in [each["event"] for each in logs]


async def test_one_that_was_held_up_writes_nothing_once_another_has_the_jobs(replicas: Replicas) -> None:
    first = replicas.first
    await set_lease(first, holder="elsewhere/1/x", token=99)
    replicas.spend()
    assert has_jobs(first)  # it does not know it yet
    with capture_logs() as logs:
        for _ in range(3):
            await first.jobs.sync()
            await first.jobs.run_every(1)
    assert not has_jobs(first)
    assert await replicas.tasks() == 1
    assert [each["event"] for each in logs].count("standing by") == 1
    assert first.alarm.problem is None
    assert "$10.00" in visible_text(await replicas.harness.ask("priya", "7d"))
    await set_lease(first, expires_at=0)
    await first.jobs.run_every(1)
    await first.jobs.sync()
    assert await replicas.tasks() == 2


async def test_the_jobs_of_another_machine_are_taken_over_once_its_lease_has_ended_and_no_sooner(
    replicas: Replicas, engine: str
) -> None:
    first, clock = replicas.first, replicas.harness.clock
    holder = "elsewhere/1/nonce/another-namespace/7"  # that it has died cannot be seen from here

    def hold(connection: Connection) -> None:
        connection.execute(text("UPDATE lease SET expires_at = 0 WHERE name = 'jobs'"))
        held = lease.acquire(connection, lease.JOBS, holder, clock())
        assert isinstance(held, lease.HeldLease)
        assert held.lifetime == LEASE_LIFETIME == timedelta(seconds=45)

    async def pass_time(seconds: int) -> None:
        if engine == POSTGRES:  # whose own clock judges it
            back = text("UPDATE lease SET expires_at = expires_at - :us WHERE name = 'jobs'")
            await first.database.finish_release(lambda c: c.execute(back, {"us": seconds * 1_000_000}))
        clock.advance(seconds * SECOND)

    await first.database.write(hold)
    replicas.spend()
    await first.jobs.sync()  # by which it gets to know
    for seconds, is_over in ((0, False), (20, False), (20, False), (6, True)):
        await pass_time(seconds)
        for _ in range(2):
            await first.jobs.run_every(1)
        assert has_jobs(first) is is_over
    async with asyncio.timeout(15):
        while await replicas.tasks() < 2:  # noqa: ASYNC110 - a takeover begins with a sync
            await asyncio.sleep(0.02)


async def test_one_that_stands_by_delivers_what_the_other_has_left_for_a_while(replicas: Replicas) -> None:
    second, _ = await replicas.start()
    await replicas.first.wiring.outbox.stop(1)  # such as one whose way to Slack is cut off
    new = NewNotification(WelcomeKey(), UserDestination(replicas.harness.workspace.user("priya").id))
    clock = replicas.harness.clock
    await second.database.write(lambda connection: enqueue(connection, [new], clock()))
    for seconds, expected in ((0, 0), (14, 0), (2, 1)):
        clock.advance(seconds * SECOND)
        await second.jobs.run_every(1)
        await second.wiring.outbox.wait_idle()
        assert len(notifications(replicas.harness.dm("priya"))) == expected


async def test_one_alone_tells_operators_that_the_database_cannot_be_used(replicas: Replicas) -> None:
    second, _ = await replicas.start()
    harness, error = replicas.harness, UnusableError("the disk of the database is full", "it")
    before = len(harness.dm("hannah"))
    await replicas.first.alarm.report(error)
    assert "the disk of the database is full" in visible_text(harness.dm("hannah")[before])
    for minutes in (0, 6, 2):
        harness.clock.advance(minutes * MINUTE)
        await second.alarm.report(error)
    assert len(harness.dm("hannah")) == before + 1
    harness.dm("hannah")[before].deleted = True  # as if the first had not been there to tell
    harness.clock.advance(2 * DAY)
    await second.alarm.report(error)
    assert "the disk of the database is full" in visible_text(harness.dm("hannah")[before])


@sqlite_only("a server judges leases by its own clock: tests/database/test_both_engines.py")
async def test_a_service_alone_renews_the_jobs_once_half_of_their_time_is_over(harness: ServiceHarness) -> None:
    statement = text("SELECT expires_at FROM lease WHERE name = 'jobs'")
    ends = []
    for seconds in (0, 10, 12, 1, 20, 3):
        harness.clock.advance(seconds * SECOND)
        await harness.service.jobs.run_every(1)
        ends.append(await harness.service.database.read(lambda c: int(c.execute(statement).scalar_one())) // 1_000_000)
    since = [each - ends[0] for each in ends]
    assert since == [0, 0, 0, 23, 23, 46]


@sqlite_only("a server judges leases by its own clock: tests/database/test_both_engines.py")
async def test_a_clock_that_was_set_back_keeps_the_jobs(harness: ServiceHarness) -> None:
    harness.clock.advance(timedelta(days=2))
    await harness.service.jobs.run_every(1)
    harness.clock.set_back(timedelta(days=1))
    await harness.service.jobs.run_every(1)
    statement = text("SELECT expires_at FROM lease WHERE name = 'jobs'")
    expires_at = await harness.service.database.read(lambda c: int(c.execute(statement).scalar_one()))
    assert expires_at == harness.clock().timestamp() * 1_000_000 + 45_000_000
