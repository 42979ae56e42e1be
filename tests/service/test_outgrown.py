"""A newer version upgrades the ledger that a running service uses: the service writes nothing more, and ends."""

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.schema import OutgrownError, newest_revision
from bot.database.sqlite import ReplacedFileError
from bot.sandbox.world import World
from bot.service.service import serve
from bot.settings.database_place import DatabasePlace
from tests.support.engines import always_on_both, execute, rows_of
from tests.support.harness import ServiceHarness
from tests.support.worlds import PRIYA, spent

SOON = 10.0

pytestmark = always_on_both


@pytest.fixture
def world() -> World:
    return World.empty()


def upgrade(place: DatabasePlace) -> None:
    """Do as a newer version does."""
    execute(place, "UPDATE alembic_version SET version_num = '9999'")


async def test_nothing_is_written_into_a_newer_schema(harness: ServiceHarness, place: DatabasePlace) -> None:
    before = rows_of(place, "SELECT * FROM note ORDER BY key")
    upgrade(place)
    spent(harness.neo.world, harness.clock(), PRIYA, 5)
    await harness.service.jobs.sync()
    assert harness.service.jobs.ended.is_set()
    error = harness.service.jobs.final_error
    assert isinstance(error, OutgrownError)
    assert f"at schema 9999 now, and this neo-usage knows {newest_revision()}: a newer version" in str(error)
    with pytest.raises(OutgrownError):
        await harness.service.database.write(lambda _: pytest.fail("it was let in"))
    assert rows_of(place, "SELECT count(*) FROM task") == [(0,)]
    assert rows_of(place, "SELECT * FROM note ORDER BY key") == before


async def test_the_service_ends_by_itself(harness: ServiceHarness, place: DatabasePlace) -> None:
    sockets = len(harness.slack.sockets)
    serving = asyncio.create_task(serve(harness.app(), asyncio.Event()))
    await harness.workspace.until(lambda: len(harness.slack.sockets) > sockets)
    upgrade(place)
    await harness.service.alarm.test()
    for _ in range(4):  # over one socket or the other
        await harness.slack.command("priya", "neo-spend", "7d")
    with pytest.raises(OutgrownError, match=r"Update it, and start it again\.$"):
        await asyncio.wait_for(serving, SOON)


async def test_its_jobs_and_a_sync_under_way_are_free_for_the_newer_version_at_once(
    harness: ServiceHarness, place: DatabasePlace
) -> None:
    holders = "SELECT name FROM lease WHERE holder <> '' ORDER BY name"
    assert rows_of(place, holders) == [("jobs",)]
    spent(harness.neo.world, harness.clock(), PRIYA, 5)
    harness.neo.faults.when(lambda _: upgrade(place))  # while it is read
    await harness.service.jobs.sync()
    assert isinstance(harness.service.jobs.final_error, OutgrownError)
    assert rows_of(place, holders) == [("jobs",)]
    await harness.service.end()
    assert rows_of(place, holders) == []


async def test_where_the_newer_version_has_other_leases_it_ends_all_the_same(
    harness: ServiceHarness, place: DatabasePlace
) -> None:
    execute(place, "ALTER TABLE lease RENAME COLUMN expires_at TO until")
    upgrade(place)
    with capture_logs() as logs:
        await harness.service.end()
    assert [each["event"] for each in logs if "release" in each["event"]] == ["could not release the jobs"]


async def test_the_service_ends_when_its_file_is_replaced(harness: ServiceHarness, place: DatabasePlace) -> None:
    if not isinstance(place, Path):
        pytest.skip("a database on a server has no file")
    place.rename(place.with_name("former.db"))
    open_database(place).close()
    await harness.service.jobs.run_every(1)
    assert harness.service.jobs.ended.is_set()
    assert isinstance(harness.service.jobs.final_error, ReplacedFileError)
    assert isinstance(harness.service.jobs.final_error, LedgerError)
