"""A moment in which the database cannot be written ends neither the lease of a sync nor what it has to report."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app import App
from bot.database.engine import Database, open_database
from bot.database.errors import UnusableError
from bot.neo.errors import NeoError
from bot.sandbox.faults import Status
from bot.sandbox.http_server import NeoServer
from bot.sandbox.world import START
from bot.settings.database_place import DatabasePlace
from bot.sync.outcome import SyncOutcome
from bot.sync.rules import PassKind, PlannedPass
from tests.support.clock import AdjustableClock
from tests.support.engines import rows_of
from tests.support.fixtures import HURRIED

LIFETIME = timedelta(seconds=0.3)
SOON = 20.0


class HeldRequest:
    """Neo's answer, which comes once a test lets it go."""

    def __init__(self, neo: NeoServer) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        neo.api.before_response = self._hold

    def _hold(self, _number: int) -> None:
        self.reached.set()
        assert self.go_on.wait(SOON)


@pytest.fixture
def request_of_neo(neo: NeoServer) -> Iterator[HeldRequest]:
    held = HeldRequest(neo)
    yield held
    held.go_on.set()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ("sqlite", "postgres"):
        monkeypatch.setattr(f"bot.database.{engine}.BUSY_SECONDS", 0.2)


@pytest.fixture
def other(place: DatabasePlace, database: Database) -> Iterator[Database]:
    """Another process's connection to the ledger."""
    del database  # is made first
    with closing(open_database(place)) as other:
        yield other


def reading(app: App, database: Database) -> asyncio.Task[SyncOutcome]:
    """A sync that is under way."""
    patient = replace(app, retry_policy=replace(HURRIED, answer=SOON))
    runner = replace(patient.sync_runner(database, []), lifetime=LIFETIME)
    window = PlannedPass(PassKind.TAIL, START - timedelta(days=1), START)
    return asyncio.create_task(runner.run([window], lambda _: None, lambda _: None))


async def reach(request_of_neo: HeldRequest) -> None:
    assert await asyncio.to_thread(request_of_neo.reached.wait, SOON)


def failed_writes(database: Database, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What is set once something could not be written."""
    failed, write = asyncio.Event(), database.write

    async def watched(work: object) -> object:
        try:
            return await write(work)  # type: ignore[arg-type] # is passed on as it is
        except UnusableError:
            failed.set()
            raise

    monkeypatch.setattr(database, "write", watched)
    return failed


def expiry(place: DatabasePlace) -> int:
    ((expires_at,),) = rows_of(place, "SELECT expires_at FROM lease WHERE name = 'sync'")
    return int(expires_at)


async def test_a_heartbeat_goes_on_after_a_moment_in_which_the_database_was_locked(
    app: App, database: Database, other: Database, place: DatabasePlace, clock: AdjustableClock,
    request_of_neo: HeldRequest, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    failed = failed_writes(database, monkeypatch)
    sync = reading(app, database)
    await reach(request_of_neo)
    async with asyncio.timeout(SOON):
        with other.transaction():
            await failed.wait()
        before = expiry(place)
        clock.advance(LIFETIME * 0.7)  # by which the lease of a file expires; a server has its own clock
        while expiry(place) == before:  # noqa: ASYNC110 - the row says so to nobody
            await asyncio.sleep(0.01)
    request_of_neo.go_on.set()
    assert (await sync).complete


@pytest.mark.parametrize("fault", [Status(401), Status(403)], ids=["401", "403"])
async def test_what_failed_first_is_reported_though_the_database_cannot_record_it(
    app: App, neo: NeoServer, database: Database, other: Database, request_of_neo: HeldRequest, fault: Status
) -> None:
    neo.api.faults.always = fault
    sync = reading(app, database)
    await reach(request_of_neo)
    with other.transaction():
        request_of_neo.go_on.set()
        with pytest.raises(NeoError):
            await asyncio.wait_for(sync, SOON)


async def test_a_sync_that_is_canceled_ends_as_canceled_though_the_database_cannot_record_it(
    app: App, database: Database, other: Database, request_of_neo: HeldRequest
) -> None:
    sync = reading(app, database)
    await reach(request_of_neo)
    with other.transaction():
        sync.cancel()
        await asyncio.wait({sync}, timeout=SOON)
    assert sync.cancelled()
