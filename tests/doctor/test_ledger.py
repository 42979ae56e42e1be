"""The ledger's checks: damage, room on the disk, growth, an older schema, and history that is not read yet."""

import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import App
from bot.database.engine import open_database
from bot.database.schema import newest_revision
from bot.doctor.backups import backup_checks
from bot.doctor.check import Check, CheckState
from bot.doctor.ledger import disk_check, ledger_checks, monthly_growth
from bot.doctor.people import checks
from bot.doctor.ports import port_checks
from bot.doctor.webhook import webhook_checks
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from tests.support.engines import sqlite_only
from tests.support.fixtures import Wire
from tests.support.webhook import SECRET

DAY = timedelta(days=1)
_ROOT = text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_charge_member'")  # the index's first page


@pytest.fixture
async def synced(app: App, world: World) -> App:
    """An app whose ledger has three tasks, two of them of the last 30 days."""
    for number, age in enumerate((1, 2, 80)):
        begin = START - age * DAY
        world.add(SimTask.of(f"t{number}", Stream(begin, begin + DAY / 24, credits=Decimal(1))))
    await app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None)
    return app


def rubbish(path: Path) -> None:
    path.write_bytes(b"no database at all" * 300)


def gone(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def found(app: App) -> dict[str, Check]:
    return {check.what: check for check in ledger_checks(app)}


async def test_a_sound_ledger_is_well(synced: App) -> None:
    checks = found(synced)
    assert {check.what for check in checks.values() if check.state is not CheckState.OK} == set()
    assert checks["integrity"].finding == "it's sound; `neo-usage db verify` checks the amounts, too"


@sqlite_only("a server keeps its own files")
async def test_damage_is_a_failure(synced: App, wire: Wire, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = synced.settings.database
    assert isinstance(path, Path)
    with open_database(path).transaction() as connection:
        root = connection.execute(
            text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_charge_member'")
        ).scalar_one()
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\x0a" + b"\0" * (size - 1))
    damage = found(synced)["integrity"]
    assert damage.state is CheckState.FAIL
    assert damage.finding.startswith("it's damaged: ")
    assert damage.remedy == "Stop the bot, and restore a backup: `neo-usage db restore FILE`."
    backup = tmp_path_factory.mktemp("backups") / "neo-usage-2026-11-29T033000Z.db"
    backup.write_bytes(b"SQLite format 3\0")
    assert f"db restore {backup}`" in found(wire(BACKUP_DIR=str(backup.parent)))["integrity"].remedy


@sqlite_only("a server says what is wrong by itself")
@pytest.mark.parametrize(
    ("spoil", "finding", "remedy"),
    [
        (rubbish, "the database file isn't a database: something else was put in its place", "db restore FILE"),
        (gone, "there is no directory {parent} for the database. Create it, or correct DATABASE_URL.", ""),
    ],
)
async def test_a_ledger_that_cannot_be_used_is_one_line_with_what_to_do(
    synced: App,
    wire: Wire,
    tmp_path_factory: pytest.TempPathFactory,
    spoil: Callable[[Path], None],
    finding: str,
    remedy: str,
) -> None:
    path = synced.settings.database
    assert isinstance(path, Path)
    spoil(path)
    app = wire(BACKUP_DIR=str(tmp_path_factory.mktemp("backups")))
    unusable, *others = [*ledger_checks(app), *backup_checks(app), *webhook_checks(app), *checks(app, [])]
    assert (unusable.what, unusable.state) == ("database", CheckState.FAIL)
    assert finding.format(parent=path.parent) in unusable.finding
    assert remedy in unusable.remedy
    assert "neo-usage doctor" not in unusable.finding + unusable.remedy
    assert [each.what for each in others if each.state is not CheckState.OK and "on the disk" not in each.finding] == []


async def test_growth_is_told_from_what_was_booked_lately(synced: App, wire: Wire) -> None:
    with synced.ledger.reader() as reader:
        assert monthly_growth(reader, 3_000, synced.clock()) == 2_000
    with wire().ledger.database() as database, database.transaction() as connection:
        connection.execute(text("DELETE FROM charge"))
        assert monthly_growth(connection, 3_000, synced.clock()) == 0


def test_room_for_less_than_three_months_is_a_warning() -> None:
    for free, state in ((7 * 2**30, CheckState.OK), (5 * 2**30, CheckState.WARN)):
        check = disk_check(3 * 2**30, 2 * 2**30, free)
        assert (check.what, check.state) == ("disk", state)
    assert check.finding == "3.0 GB, about 2.0 GB more a month; 5.0 GB free"
    assert disk_check(2**20, 0, 500 * 2**20).state is CheckState.WARN
    assert disk_check(2**20, 0, None) == Check(CheckState.OK, "size", "1.0 MB, about 0.0 MB more a month")


async def test_an_older_schema_is_said_and_left_as_it_is(synced: App) -> None:
    with closing(open_database(synced.settings.database)) as database, database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0016'"))
    for _ in range(2):
        [schema] = found(synced).values()
        assert (schema.state, schema.what) == (CheckState.WARN, "database")
        assert schema.finding == f"{synced.settings.database} is at schema 0016 of {newest_revision()}"
        said = "keeps a copy first" if isinstance(synced.settings.database, Path) else "Make a backup."
        assert said in schema.remedy


async def test_no_check_changes_a_ledger_of_an_older_version(synced: App, wire: Wire, tmp_path: Path) -> None:
    with closing(open_database(synced.settings.database)) as database, database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0016'"))
    backups = tmp_path / "backups"
    backups.mkdir()
    app = wire(BACKUP_DIR=str(backups), WEBHOOK_URL="http://127.0.0.1:9/", WEBHOOK_SECRET=SECRET, HTTP_PORT="0")
    said = [*webhook_checks(app), *backup_checks(app), *checks(app, []), *port_checks(app)]
    assert {check.what for check in said} - {"backups"} == {"webhook", "HTTP_PORT"}
    assert found(app)["database"].finding.endswith(f"is at schema 0016 of {newest_revision()}")


async def test_history_that_is_not_read_yet_is_said(synced: App, wire: Wire) -> None:
    assert found(synced)["history"].state is CheckState.OK
    history = found(wire(HISTORY_DAYS="400"))["history"]
    assert history.state is CheckState.WARN
    assert re.fullmatch(r"read since \w+ \d+(, \d{4})?, less than the 400 days of HISTORY_DAYS", history.finding)
    await synced.sync(full=True, progress=lambda _: None, on_wait=lambda _: None)
    assert found(wire(HISTORY_DAYS="400"))["history"].finding == "all that Neo has was read"
