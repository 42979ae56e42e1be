"""A database that is locked, full, read-only or broken: people are answered, and whoever asks is told what is wrong."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import structlog
from sqlalchemy import text

from bot.capability import After
from bot.database import metadata
from bot.database.backup import backup
from bot.database.engine import open_database
from bot.database.errors import LedgerError, UnusableError, not_opened
from bot.database.read_engine import open_reader
from bot.sandbox.world import World
from tests.support.earlier_schemas import downgrade
from tests.support.engines import sqlite_only
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.service import ready
from tests.support.worlds import add

pytestmark = sqlite_only("a file is locked or damaged in its own ways; what befalls a server is tried in test_postgres")
HOLDER = """
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
ledger.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def world() -> World:
    world = World.empty()
    add(world, "one", "8.5", email="priya.raman@acme.example")
    return world


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.sqlite.BUSY_SECONDS", 0.3)


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Another program holds the lock for writing; its process."""
    run = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:  # noqa: S603 - our own
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


def later(harness: ServiceHarness, **ago: int) -> None:
    harness.clock.advance(timedelta(**ago))


@pytest.mark.slow
async def test_while_another_program_holds_it_questions_are_answered_and_its_name_is_told(
    harness: ServiceHarness,
) -> None:
    before = len(harness.dm("hannah"))
    assert await ready(harness) == (200, "")
    with locked(harness.directory / "ledger.db") as process:
        later(harness, hours=3)
        answer = visible_text(await harness.ask("marcus"))
        assert "Something went wrong" not in answer
        answer = visible_text(await harness.ask("hannah", "team"))
        assert "$85.00" in answer
        assert f"locked by process {process} (python" in answer
        assert str(harness.directory) not in answer
        assert "can't save anything" in visible_text(await harness.ask("hannah", "budget team 5/month"))
        await harness.slack.open_home("priya")
        await harness.idle()
        assert "$85.00" in json.dumps(harness.workspace.views[harness.workspace.homes["U0PRIYA"]].body)
        await harness.service.jobs.sync()
        assert harness.dm("hannah")[before:] == []  # it may be over in a moment
        name = Path(sys.executable).name[:15]
        why = f"the database stays locked by process {process} ({name})"
        assert await ready(harness) == (503, why)
        later(harness, minutes=6)
        await harness.service.alarm.test()
        await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
        [message] = harness.dm("hannah")[before:]
        assert f"I can't write to my database:* the database stays locked by process {process}" in visible_text(message)
        await harness.service.jobs.sync()
        assert len(harness.dm("hannah")) == before + 1
    await harness.sync()
    await harness.service.alarm.test()
    await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
    assert await ready(harness) == (200, "")
    assert "can't save anything" not in visible_text(await harness.ask("hannah", "budget team 5/month"))


async def test_what_cannot_be_written_down_is_never_called_unread(harness: ServiceHarness) -> None:
    answer = await harness.ask("hannah", "team")
    with locked(harness.directory / "ledger.db"):
        assert "can't save anything" in visible_text(await harness.press("hannah", answer, "share"))


async def test_the_bots_own_other_connection_is_called_that(harness: ServiceHarness) -> None:
    with (
        harness.service.database.transaction(),
        pytest.raises(UnusableError, match=f"the bot itself .process {os.getpid()}.") as raised,
    ):
        open_database(harness.directory / "ledger.db")
    assert raised.value.locked


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    mounted = subprocess.run(mount, check=False, capture_output=True)  # noqa: S603 - a disk of our own
    if mounted.returncode:
        pytest.skip("only root may mount a disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)  # noqa: S603, S607


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)


@pytest.mark.slow
async def test_on_a_full_disk_questions_are_answered_and_it_is_told(closed: ServiceHarness, disk: Path) -> None:
    closed.settings["DATABASE_URL"] = f"sqlite+aiosqlite:///{disk / 'ledger.db'}"
    await closed.open()
    before = len(closed.dm("hannah"))
    fill(disk)
    with suppress(UnusableError):
        while True:  # what is left in the log's own pages
            with closed.service.database.transaction() as connection:
                connection.exec_driver_sql(
                    "INSERT INTO note (key, value) VALUES (hex(randomblob(9)), hex(randomblob(1500)))"
                )
    later(closed, hours=3)
    for line in ("team", "errors team", "budgets", "status"):
        assert "Something went wrong" not in visible_text(await closed.ask("hannah", line))
    assert "$85.00" in visible_text(await closed.ask("hannah", "team"))
    assert "the disk of the database is full" in visible_text(await closed.ask("hannah", "team"))
    await closed.service.jobs.sync()
    [message] = closed.dm("hannah")[before:]
    assert "I can't write to my database:* the disk of the database is full" in visible_text(message)
    assert await ready(closed) == (503, "the disk of the database is full")
    (disk / "filler").unlink()
    await closed.sync()
    await closed.service.alarm.test()
    await closed.service.jobs.run_after(After.CONNECTION_CHANGE)
    assert await ready(closed) == (200, "")
    await closed.close()


def test_a_read_only_disk_is_called_that(disk: Path) -> None:
    ledger = disk / "ledger.db"
    open_database(ledger).close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)  # noqa: S603, S607
    with pytest.raises(UnusableError, match="its disk is mounted read-only"):
        open_database(ledger)
    reader = open_reader(ledger)  # as of a backup that is mounted
    assert reader.execute(text("SELECT count(*) FROM task")).all() == [(0,)]
    reader.close()


def rubbish(path: Path) -> None:
    path.write_bytes(b"no database at all" * 300)


def damaged(path: Path) -> None:
    open_database(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (rubbish, "something else was put in its place"),
        (damaged, "the database is damaged: restore a backup of it"),
        (Path.mkdir, "it is a directory"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_words(tmp_path: Path, spoil: Callable[[Path], None], why: str) -> None:
    path = tmp_path / "ledger.db"
    spoil(path)
    with pytest.raises(UnusableError, match=why) as raised:
        open_database(path)
    assert str(path) in str(raised.value)
    assert str(path) not in raised.value.why
    assert "sqlite" not in str(raised.value).lower()
    with pytest.raises(LedgerError):
        open_reader(path)


def write_to(path: Path) -> None:
    with closing(open_database(path)) as database, database.transaction() as connection:
        metadata.try_writing(connection)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A directory that every user of the machine can reach."""
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@contextmanager
def not_root() -> Iterator[None]:
    """Be a user whom the system refuses something; whoever is none but root already is one."""
    was = os.getresuid()
    if was[1] == 0:
        os.setresuid(12345, 12345, 0)
    try:
        yield
    finally:
        os.setresuid(*was)


def of_somebody_else(directory: Path) -> Path:
    """A ledger whose files and directory belong to whom `not_root` is."""
    ledger = directory / "ledger.db"
    open_database(ledger).close()
    for each in (directory, ledger, directory / "ledger.db.lock"):
        os.chown(each, 12345 if os.geteuid() == 0 else -1, -1)
    return ledger


@pytest.mark.parametrize(
    ("name", "mode", "why"),
    [
        ("ledger.db", 0o444, "its file is read-only for the bot's user"),
        ("ledger.db.lock", 0o444, "its file ledger.db.lock is read-only for the bot's user"),
        ("", 0o555, "its directory is read-only for the bot's user"),
        ("ledger.db", 0, "the bot's user may not read it"),
    ],
)
def test_a_file_of_another_user_is_named_with_the_command_that_mends_it(
    reachable: Path, name: str, mode: int, why: str
) -> None:
    ledger = of_somebody_else(reachable)
    spoiled = reachable / name
    os.chown(spoiled, 0 if os.geteuid() == 0 else -1, -1)
    spoiled.chmod(mode)
    command = "chown 12345" if os.geteuid() == 0 else "chmod u+rw"
    with not_root(), pytest.raises(UnusableError) as raised, closing(open_reader(ledger)):
        write_to(ledger)
    assert raised.value.why.endswith(why)
    assert f"`{command} {spoiled}`" in raised.value.remedy
    reachable.chmod(0o755)


def test_no_copy_is_kept_of_a_ledger_that_cannot_be_upgraded(reachable: Path) -> None:
    ledger, kept = of_somebody_else(reachable), list[Path]()
    downgrade(ledger, "0016")
    os.chown(ledger, 0 if os.geteuid() == 0 else -1, -1)
    ledger.chmod(0o444)
    with not_root(), pytest.raises(UnusableError, match="its file is read-only"):
        open_database(ledger, lambda: kept.append(ledger))
    assert kept == []


def test_the_lock_that_root_makes_is_the_owners_of_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    open_database(ledger).close()
    if os.geteuid() == 0:
        os.chown(ledger, 12345, -1)
    (tmp_path / "ledger.db.lock").unlink()
    open_database(ledger).close()
    assert (tmp_path / "ledger.db.lock").stat().st_uid == ledger.stat().st_uid


def test_a_missing_directory_is_said_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"there is no directory .*Create it, or correct DATABASE_URL"):
        open_database(tmp_path / "none" / "ledger.db")


def test_a_copy_of_a_locked_ledger_is_made(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_database(path).close()
    with locked(path):
        assert backup(path, tmp_path / "copy.db") > 0


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (errno.EACCES, "the database cannot be written"),
        (errno.ENOSPC, "the disk of the database is full"),
        (errno.EDQUOT, "the disk of the database is full"),
        (errno.EMFILE, "nothing can be written beside the database"),
    ],
)
def test_what_keeps_a_file_from_being_made_beside_it_is_said(tmp_path: Path, number: int, why: str) -> None:
    found = not_opened(OSError(number, "no"), tmp_path / "ledger.db")
    assert found.why.startswith(why)
    assert str(tmp_path / "ledger.db") in str(found)


def test_a_ledger_whose_lock_cannot_be_made_is_no_broken_program(tmp_path: Path) -> None:
    (tmp_path / "ledger.db.lock").mkdir()
    with pytest.raises(UnusableError, match="nothing can be written beside the database"):
        open_database(tmp_path / "ledger.db")


async def test_what_every_job_finds_anew_is_logged_once_a_minute_and_its_end_too(harness: ServiceHarness) -> None:
    with structlog.testing.capture_logs() as logged:
        with locked(harness.directory / "ledger.db"):
            for _ in range(3):
                await harness.service.alarm.test()
            later(harness, minutes=2)
            await harness.service.alarm.test()
        await harness.service.alarm.test()
    told = [each["event"] for each in logged if "database" in each["event"]]
    assert told == ["cannot use the database"] * 2 + ["the database can be used again"]
