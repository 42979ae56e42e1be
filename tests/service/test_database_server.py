"""A ledger on a PostgreSQL server that stops while the service runs: it is told, and all goes on when it is back."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog

from bot.sandbox.world import World
from bot.settings.postgres_address import PostgresAddress
from tests.support.breaking_off import WAIT, break_off, goes_on, is_broken_off, mend, overspend
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.postgres import PostgresServer, running_server
from tests.support.service import ready
from tests.support.worlds import add

pytestmark = pytest.mark.slow

WHY = "no database server answers: start it, or correct DATABASE_URL"


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "one", "8.5", email="priya.raman@acme.example")
    return world


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own, which loses nothing when it is ended."""
    with running_server(synchronous_commit="on") as server:
        yield server


@pytest.fixture
def place(server: PostgresServer) -> PostgresAddress:
    """The ledger that the harness's service keeps."""
    return server.migrated()


async def test_while_the_server_is_down_it_is_told_and_afterwards_all_goes_on(
    harness: ServiceHarness, server: PostgresServer
) -> None:
    before = len(harness.dm("hannah"))
    assert "$85.00" in visible_text(await harness.ask("hannah", "team"))
    with structlog.testing.capture_logs() as logged:
        server.stop()
        for line in ("team", "status", "budget team 5/month"):
            assert visible_text(await harness.ask("hannah", line)).startswith("I can't reach my database right now")
        await harness.slack.open_home("priya")
        await harness.idle()
        for _ in range(3):
            await harness.service.jobs.sync()
    assert [each["why"] for each in logged if each["event"] == "cannot use the database"] == [WHY]  # once a minute
    assert await ready(harness) == (503, WHY)
    assert harness.dm("hannah")[before:] == []  # a server that restarts is back in a moment
    harness.clock.advance(timedelta(minutes=6))
    await harness.service.jobs.sync()
    await harness.service.alarm.test()
    [message] = harness.dm("hannah")[before:]
    assert f"I can't reach my database:* {WHY}" in visible_text(message)
    add(harness.neo.world, "two", "1.5", email="priya.raman@acme.example")
    server.start()
    [again] = [each for each in harness.service.jobs.timers if each.id == "database again"]
    with structlog.testing.capture_logs() as logged:
        await again.run()
    assert "the database can be used again" in {each["event"] for each in logged}
    assert await ready(harness) == (200, "")
    await harness.sync()
    assert "$100.00" in visible_text(await harness.ask("hannah", "team"))
    assert "*The team's budget is now $150 a month*" in visible_text(
        await harness.ask("hannah", "budget team 150/month")
    )
    await harness.deliver()
    assert "has used 66% of its monthly budget" in visible_text(harness.dm("hannah")[-1])


@pytest.mark.parametrize("moment", ["a booking", "a claim"])
async def test_the_server_is_restarted_in_the_middle_of(
    harness: ServiceHarness, server: PostgresServer, place: PostgresAddress, moment: str
) -> None:
    await overspend(harness)
    break_off(server, place, moment, WAIT)
    working = asyncio.create_task(harness.sync())
    async with asyncio.timeout(20):
        while not is_broken_off(place):  # noqa: ASYNC110 - the server does it
            await asyncio.sleep(0.02)
    server.stop()
    server.start()
    mend(server, place)
    await working
    await goes_on(harness, place)
