"""Scheduled backups: one a day that passes its check, the oldest removed after that, and operators told if it fails."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from bot.app import App
from bot.database.backup_directory import BackupDirectory, BusyDirectoryError
from bot.database.backup_record import BackupRecord, backup_record, found_backups, write_backup_record
from bot.database.errors import DamagedError, LedgerError
from bot.database.file_lock import FileLock
from bot.doctor.backups import backup_checks
from bot.ledger.scope import EVERYTHING
from bot.ledger.verification import verify
from bot.maintenance.scheduled_backups import is_due
from bot.sandbox.faults import Status
from bot.sandbox.world import World
from bot.usage.status import ledger_status, to_document
from tests.support.app_home import home_text, open_home
from tests.support.engines import always_on_both, sqlite_only, url_of
from tests.support.fixtures import Wire
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.worlds import PRIYA, add

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NIGHT = datetime(2026, 3, 3, 3, 30, tzinfo=UTC)  # after the tests begin
STATUS_AT_ONCE = "Last backup: 21:00, just now, "


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "hers", "1", email=PRIYA)
    return world


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


@pytest.fixture
async def backed_up(closed: ServiceHarness, directory: Path) -> ServiceHarness:
    """A running bot that keeps two backups, and has made the first."""
    closed.settings = {"BACKUP_DIR": str(directory), "BACKUP_KEEP": "2"}
    await closed.open()
    await tried(closed)
    return closed


async def tried(harness: ServiceHarness) -> BackupRecord:
    """Give the bot a minute, and return what became of the backup once it was tried."""
    await harness.service.jobs.run_every(60)
    for job in harness.service.jobs._background:  # noqa: SLF001 - nothing else says when a job is done
        await job._task.wait(60)  # noqa: SLF001
    await harness.service.jobs.run_every(60)  # the incidents
    await harness.deliver()
    return await harness.service.database.read(backup_record)


def backups(directory: Path) -> list[Path]:
    return sorted(directory.glob("neo-usage-*.db"))


def files(directory: Path) -> set[Path]:
    return {each for each in directory.iterdir() if each.suffix != ".lock"}


def alarms(harness: ServiceHarness) -> list[str]:
    messages = [each for each in harness.dm("hannah") if each.metadata]
    return [visible_text(each).replace("*", "") for each in messages if "backup" in visible_text(each)]


@pytest.mark.slow
@always_on_both
async def test_a_backup_is_made_each_day_and_the_oldest_is_removed(backed_up: ServiceHarness, directory: Path) -> None:
    [first] = backups(directory)
    assert first.stat().st_mode & 0o777 == 0o600
    assert not any(verify(first).values())
    with closing(sqlite3.connect(first)) as copy:
        assert copy.execute("SELECT count(*) FROM task").fetchone() == (1,)
    other = directory / "neo-usage-2020-01-01.db"
    other.touch()
    await tried(backed_up)
    assert backups(directory) == [other, first]
    for _ in range(2):
        backed_up.clock.advance(DAY)
        await tried(backed_up)
    assert len(backups(directory)) == 3
    assert other in backups(directory)
    assert first not in backups(directory)
    assert files(directory) == set(backups(directory))
    assert alarms(backed_up) == []


@pytest.mark.slow
async def test_until_neo_is_read_the_first_one_waits_for_the_night(closed: ServiceHarness, directory: Path) -> None:
    closed.settings = {"BACKUP_DIR": str(directory)}
    closed.neo.faults.always = Status(503)
    await closed.open()
    await tried(closed)
    assert backups(directory) == []
    await closed.ask("hannah", "budget team 5,000/month")
    closed.clock.advance(NIGHT - closed.clock())
    await tried(closed)
    [copy] = backups(directory)
    with closing(sqlite3.connect(copy)) as kept:
        assert kept.execute("SELECT count(*) FROM budget_revision").fetchone() == (1,)
    assert alarms(closed) == []


@pytest.mark.slow
async def test_status_says_when_the_last_one_was_made_to_operators_alone(backed_up: ServiceHarness) -> None:
    assert STATUS_AT_ONCE in visible_text(await backed_up.ask("hannah", "status"))
    assert "backup" not in visible_text(await backed_up.ask("priya", "status")).lower()
    backed_up.clock.advance(HOUR * 5)
    await tried(backed_up)
    assert "Last backup: 21:00, 5 h ago, 0." in visible_text(await backed_up.ask("hannah", "status")).replace(
        "Mar 2, ", ""
    )


@pytest.mark.slow
async def test_app_home_says_when_the_last_one_was_made_to_operators_alone(backed_up: ServiceHarness) -> None:
    assert "Last backup of my data: Mar 2, 21:00 (UTC)." in await open_home(backed_up, "hannah")
    assert "backup" not in await open_home(backed_up, "priya")
    backed_up.clock.advance(DAY)
    await tried(backed_up)
    async with asyncio.timeout(60):  # a page that is still being published puts off what comes after to the next tick
        while "Last backup of my data: Mar 3, 21:00 (UTC)." not in home_text(backed_up, "hannah"):
            await backed_up.service.jobs.run_every(5)
            await backed_up.service.jobs.wait_background()


@pytest.mark.slow
async def test_operators_are_told_when_backups_fail_and_when_they_work_again(
    backed_up: ServiceHarness, directory: Path
) -> None:
    [first] = backups(directory)
    moved = Path(shutil.move(directory, directory.with_name("elsewhere")))
    backed_up.clock.advance(DAY)
    await tried(backed_up)
    [alarm] = alarms(backed_up)
    assert "There is no recent backup: the last one failed: BACKUP_DIR doesn't exist, since " in alarm
    assert "Earlier backups are kept, and I try again every hour." in alarm
    assert "a later one failed: BACKUP_DIR doesn't exist. Create it" in visible_text(
        await backed_up.ask("hannah", "status")
    )
    shutil.move(moved, directory)
    backed_up.clock.advance(HOUR / 2)
    await tried(backed_up)
    assert backups(directory) == [first]  # the next try is an hour later
    backed_up.clock.advance(HOUR)
    await tried(backed_up)
    assert len(backups(directory)) == 2
    assert "Resolved: backups are made again" in alarms(backed_up)[-1]


@pytest.mark.slow
async def test_where_the_last_one_is_gone_another_is_made_at_once(backed_up: ServiceHarness, directory: Path) -> None:
    [first] = backups(directory)
    first.unlink()
    backed_up.clock.advance(HOUR)
    made_at = (await tried(backed_up)).made_at
    assert made_at == backed_up.clock().replace(microsecond=0)
    [second] = backups(directory)
    assert second.name != first.name
    shutil.copy(second, first)
    second.unlink()
    assert (await tried(backed_up)).made_at == made_at - HOUR
    assert backups(directory) == [first]  # it is of the same day
    assert alarms(backed_up) == []


@pytest.mark.slow
async def test_a_bot_that_was_down_for_days_makes_one_at_once_and_does_not_call_the_last_one_old(
    backed_up: ServiceHarness, directory: Path
) -> None:
    backed_up.clock.advance(DAY * 5)
    await backed_up.restart()
    assert (await tried(backed_up)).failure == ""
    assert len(backups(directory)) == 2
    assert alarms(backed_up) == []


@pytest.mark.slow
@sqlite_only("a server lets nobody change a row behind its back more than a file does")
async def test_a_copy_that_does_not_add_up_gets_no_name_and_removes_none(
    backed_up: ServiceHarness, directory: Path
) -> None:
    [first] = backups(directory)
    with backed_up.service.database.transaction() as connection:
        connection.execute(text("UPDATE charge SET platform_nanos = platform_nanos + 1"))
    for _ in range(3):
        backed_up.clock.advance(DAY)
        failure = (await tried(backed_up)).failure
    assert failure.startswith("the copy doesn't pass its check (a task's charges sum to its total; ")
    assert files(directory) == {first}


async def test_what_a_killed_bot_has_left_is_removed_and_no_other_file(
    backed_up: ServiceHarness, directory: Path
) -> None:
    ends = (".neo-usage-part", ".neo-usage-part-journal", ".neo-usage-part.lock", ".part")  # the last of an older one
    left = [directory / f"neo-usage-2026-03-01T033000Z.db{end}" for end in ends]
    others = [directory / name for name in ("mine.db.part", "neo-usage.db.part", "neo-usage-2026-03-01T033000Z.db.bak")]
    for each in (*left, *others):
        each.touch()
    backed_up.clock.advance(DAY)
    await tried(backed_up)
    assert len(backups(directory)) == 2
    assert not any(each.exists() for each in left)
    assert all(each.exists() for each in others)


class TestDoctor:
    """What the doctor and the terminal say of backups."""

    async def findings(self, harness: ServiceHarness) -> list[tuple[str, str]]:
        checks = await asyncio.to_thread(lambda: list(backup_checks(harness.app())))
        return [(each.state.value, each.finding) for each in checks if "on the disk of" not in each.finding]

    async def test_the_last_one_is_named_with_its_age_and_size(self, backed_up: ServiceHarness) -> None:
        backed_up.clock.advance(HOUR * 5)
        [(state, finding)] = await self.findings(backed_up)
        assert (state, finding.partition(", 0.")[0]) == ("ok", "Mar 2, 21:00, 5 h ago")
        backed_up.clock.advance(DAY * 3)
        [(state, finding)] = await self.findings(backed_up)
        assert (state, finding.partition(", 0.")[0]) == ("warn", "Mar 2, 21:00, 3 days ago")

    @sqlite_only("of a server only the bots know which of them has the backups")
    async def test_it_is_what_is_in_the_directory(self, backed_up: ServiceHarness, directory: Path) -> None:
        [made] = backups(directory)
        kept = shutil.move(made, directory / "kept.db")
        assert await self.findings(backed_up) == [("warn", "there is none in BACKUP_DIR")]
        shutil.move(kept, made)
        no_record = BackupRecord()
        await backed_up.service.database.write(lambda connection: write_backup_record(connection, no_record))
        [(state, finding)] = await self.findings(backed_up)
        assert (state, finding.partition(", 0.")[0]) == ("ok", "21:00, just now")

    async def test_a_directory_that_is_gone_is_a_failure(self, backed_up: ServiceHarness, directory: Path) -> None:
        shutil.move(directory, directory.with_name("elsewhere"))
        assert await self.findings(backed_up) == [("FAIL", f"BACKUP_DIR {directory} doesn't exist")]

    async def test_status_as_data_has_the_last_one_and_why_a_later_one_failed(self, backed_up: ServiceHarness) -> None:
        now = backed_up.clock()
        record = BackupRecord(now, now - HOUR, 4096, "BACKUP_DIR doesn't exist.")
        status = await backed_up.service.database.read(
            lambda connection: replace(ledger_status(connection, EVERYTHING, 1, now), backup=record)
        )
        found = to_document(status, now, 600)["backup"]
        assert (found["age_seconds"], found["bytes"], found["error"]) == (3600, 4096, "BACKUP_DIR doesn't exist.")


@sqlite_only("it is about the directory, whatever the ledger")
class TestDirectory:
    """A directory that cannot take a backup says so, and keeps what it has."""

    NOW = datetime(2026, 11, 30, 3, 30, tzinfo=UTC)

    @pytest.fixture
    def ledger(self, place: Path) -> Path:
        return place

    def add(self, directory: Path, ledger: Path, size: int = 1, stop: Event | None = None) -> Path:
        return BackupDirectory(directory, 1).add(ledger, size, self.NOW, lambda _: None, stop or Event())[0]

    def test_too_little_space_is_found_before_anything_is_written(self, directory: Path, ledger: Path) -> None:
        with pytest.raises(LedgerError, match=r"too little space: .* are free, and a backup needs .* and keeps 200 MB"):
            self.add(directory, ledger, 2**60)
        assert backups(directory) == []

    def test_a_file_of_the_same_name_is_left_as_it_is(self, directory: Path, ledger: Path) -> None:
        theirs = directory / "neo-usage-2026-11-30T033000Z.db"
        theirs.write_text("mine")
        with pytest.raises(LedgerError, match=r"already has a file neo-usage-2026-11-30T033000Z\.db\. Move it away"):
            self.add(directory, ledger)
        assert theirs.read_text() == "mine"

    def test_a_file_takes_none(self, ledger: Path) -> None:
        with pytest.raises(LedgerError, match=r"^BACKUP_DIR is a file\. Name a directory\.$"):
            self.add(ledger, ledger)

    def test_two_processes_do_not_write_at_once(self, directory: Path, ledger: Path) -> None:
        lock = FileLock(directory / "neo-usage-backups", exclusive=True)
        with pytest.raises(BusyDirectoryError):
            self.add(directory, ledger)
        lock.release()
        assert self.add(directory, ledger).is_file()

    def test_one_that_is_stopped_leaves_nothing(self, directory: Path, ledger: Path) -> None:
        stop = Event()
        stop.set()
        with pytest.raises(LedgerError, match="was stopped"):
            self.add(directory, ledger, stop=stop)
        assert [each.name for each in directory.iterdir()] == ["neo-usage-backups.lock"]

    def test_a_check_that_is_stopped_ends_at_once(self, ledger: Path) -> None:
        stop = Event()
        stop.set()
        with closing(sqlite3.connect(ledger)) as connection, connection:
            values = ((f"k{number}", "x" * 1_000) for number in range(20_000))
            connection.executemany("INSERT INTO note (key, value) VALUES (?, ?)", values)
        with pytest.raises(LedgerError, match="interrupted"):
            verify(ledger, stop)

    def test_what_the_system_refuses_is_one_line(self, directory: Path, ledger: Path) -> None:
        unfinished = directory / "neo-usage-2026-11-29T033000Z.db.part"
        unfinished.mkdir()
        unfinished.with_name(unfinished.name + "-wal").touch()
        with pytest.raises(LedgerError, match=r"^I can't read or write BACKUP_DIR \(Is a directory\)\.$"):
            self.add(directory, ledger)
        assert backups(directory) == []

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
    def test_an_old_one_that_cannot_be_removed_stays(self, ledger: Path) -> None:
        with TemporaryDirectory() as name:
            directory, copied = Path(name), Path(name) / "ledger.db"
            old = directory / "neo-usage-2026-11-29T033000Z.db"
            for file in (old, copied):
                shutil.copy(ledger, file)
            os.chown(copied, 12345, 12345)
            directory.chmod(0o1777)  # each may remove their own files only
            os.seteuid(12345)
            try:
                written = self.add(directory, copied)
            finally:
                os.seteuid(0)
            assert backups(directory) == [old, written]

    def test_a_ledger_that_has_a_backups_name_is_never_removed(self, directory: Path, ledger: Path) -> None:
        named = ledger.rename(directory / "neo-usage-2026-11-01T033000Z.db")
        assert self.add(directory, named).is_file()
        assert named.is_file()


class TestDue:
    """When a backup is due: once a local date, on days of 23 and 25 hours too."""

    BERLIN = ZoneInfo("Europe/Berlin")

    @pytest.mark.parametrize(
        ("made", "now", "due"),
        [
            ("2026-11-29T03:30", "2026-11-30T03:29", False),
            ("2026-11-29T03:30", "2026-11-30T03:30", True),
            ("2026-11-30T03:31", "2026-11-30T23:59", False),
            ("2026-11-20T03:30", "2026-11-30T02:00", True),  # was down
            ("2026-12-24T03:30", "2026-11-30T04:00", True),  # dated by a clock that ran ahead
            ("2026-03-28T02:30", "2026-03-29T03:00", True),  # 02:30 does not exist on this day
        ],
    )
    def test_once_a_date(self, made: str, now: str, *, due: bool) -> None:
        at = time(2, 30) if made.endswith("02:30") else time(3, 30)
        assert is_due(BackupRecord(self.moment(made), self.moment(made)), at, self.moment(now), self.BERLIN) is due

    def test_a_doubled_hour_has_one(self) -> None:
        first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, and again an hour later
        record = BackupRecord(first, first)
        assert not is_due(record, time(2, 30), first + HOUR, self.BERLIN)
        assert is_due(record, time(2, 30), first + HOUR * 25, self.BERLIN)

    def test_one_that_failed_is_tried_again_an_hour_later(self) -> None:
        failed = self.moment("2026-11-30T03:30")
        record = BackupRecord(failed, None, 0, "the disk is full")
        assert not is_due(record, time(3, 30), failed + HOUR / 2, self.BERLIN)
        assert is_due(record, time(3, 30), failed + HOUR, self.BERLIN)
        assert is_due(record, time(3, 30), failed - DAY, self.BERLIN)

    def test_after_a_failure_one_of_the_same_day_does_not_count(self) -> None:
        now = self.moment("2026-11-30T12:00")
        record = BackupRecord(now - HOUR, now - HOUR * 2, 1, "BACKUP_DIR doesn't exist.")
        assert is_due(record, time(3, 30), now, self.BERLIN)

    def test_the_newest_file_is_the_last_one(self) -> None:
        now = self.moment("2026-11-30T12:00")
        made = BackupRecord(now - HOUR, now - HOUR, 1)
        failed = BackupRecord(now, now - HOUR, 1, "the disk is full")
        assert found_backups(made, {}, now) == BackupRecord(now - HOUR)
        assert found_backups(made, None, now) == made
        assert found_backups(BackupRecord(), {now - HOUR: 1, now - DAY: 2, now + HOUR: 3}, now) == made
        assert found_backups(failed, {now - HOUR: 1}, now) == failed
        assert found_backups(failed, {now: 5}, now) == BackupRecord(now, now, 5)

    def moment(self, local: str) -> datetime:
        return datetime.fromisoformat(local).replace(tzinfo=self.BERLIN)


@sqlite_only("a server says what is wrong by itself")
def test_a_damaged_ledger_names_the_newest_backup(wire: Wire, directory: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(b"no database at all" * 300)
    app = wire(DATABASE_URL=url_of(path), BACKUP_DIR=str(directory))
    assert_says(app, "FILE` with a backup")
    for day in (7, 8):
        with closing(sqlite3.connect(directory / f"neo-usage-2026-11-{day:02}T033000Z.db")) as connection:
            connection.execute("CREATE TABLE task (id)")
    whole = (directory / "neo-usage-2026-11-08T033000Z.db").read_bytes()
    for day, kept in ((9, 0), (10, 20), (11, 4_096), (12, len(whole) - 1)):  # what is empty or cut off is no backup
        (directory / f"neo-usage-2026-11-{day:02}T033000Z.db").write_bytes(whole[:kept])
    (directory / "neo-usage-9999-99-99T999999Z.db").write_bytes(whole)  # nor is what has no date
    assert_says(app, f"{directory}/neo-usage-2026-11-08T033000Z.db`, the newest backup")


def assert_says(app: App, restored: str) -> None:
    with pytest.raises(DamagedError) as read, app.ledger.reader():
        pass
    with pytest.raises(DamagedError) as written:
        app.ledger.open_for_booking()
    for raised in (read, written):
        assert f"Stop the bot, and run `neo-usage db restore {restored}." in str(raised.value)


def test_backups_that_cannot_be_read_keep_a_lost_ledger_from_being_begun_anew(wire: Wire, directory: Path) -> None:
    app = wire(BACKUP_DIR=str(directory), DATABASE_URL=url_of(directory / "ledger.db"))
    (directory / "neo-usage-2026-11-09T033000Z.db").touch()
    with pytest.raises(LedgerError, match="but BACKUP_DIR has backups of one"):
        app.ledger.open_for_booking()


@sqlite_only("who may read a directory is the same for both")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_directory_that_may_not_be_read_keeps_no_ledger_from_opening(wire: Wire) -> None:
    with TemporaryDirectory() as name:
        directory, backups = Path(name), Path(name) / "backups"
        os.chown(directory, 12345, 12345)
        backups.mkdir(mode=0o700)
        app = wire(DATABASE_URL=url_of(directory / "ledger.db"), BACKUP_DIR=str(backups))
        app.ledger.require_not_lost()
        os.seteuid(12345)
        try:
            with pytest.raises(PermissionError):
                list(backups.iterdir())
            with app.ledger.database():
                pass
        finally:
            os.seteuid(0)
