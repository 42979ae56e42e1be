"""Restoring: nothing is lost of what was there, nobody who has it open is cut off, the copy is a ledger of its own."""

import os
import resource
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.database.backup import backup
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.database.read_engine import open_reader
from bot.database.restore import restore
from bot.database.sqlite import ReplacedFileError


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    note(path, "ledger_id")
    return path


@pytest.fixture
def copy(ledger: Path, tmp_path: Path) -> Path:
    """A copy, after which a note was written."""
    path = tmp_path / "copy.db"
    backup(ledger, path)
    note(ledger, "since")
    return path


def note(path: Path, key: str, size: int = 1) -> None:
    database = open_database(path)
    with database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO note (key, value) VALUES (?, ?)", (key, "x" * size))
    database.close()


def notes(path: Path) -> set[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {row[0] for row in connection.execute("SELECT key FROM note")}


def ledger_id(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT value FROM note WHERE key = 'ledger_id'").fetchone()[0])


def files(directory: Path) -> set[str]:
    return {each.name for each in directory.iterdir() if not each.name.endswith(".lock")}


def test_what_was_there_is_kept_and_the_copy_is_another_ledger(ledger: Path, copy: Path) -> None:
    before = ledger_id(ledger)
    kept = restore(copy, ledger)
    assert kept is not None
    assert "since" in notes(kept)
    assert "since" not in notes(ledger)
    assert ledger_id(copy) == ledger_id(kept) == before
    assert ledger_id(ledger) != before


def test_each_restore_makes_another_id_and_keeps_another_file(ledger: Path, copy: Path) -> None:
    kept, ids = set(), set()
    for _ in range(3):
        kept.add(restore(copy, ledger))
        ids.add(ledger_id(ledger))
    assert len(kept) == len(ids) == 3


LATE = {f"late-{number}" for number in range(40)}


@pytest.fixture
def killed(ledger: Path, copy: Path) -> None:
    """Another process has written, and was killed: all it wrote is in the log."""
    assert copy.exists()
    child = os.fork()
    if child == 0:
        database = open_database(ledger)
        for key in LATE:
            with database.transaction() as connection:
                connection.exec_driver_sql("INSERT INTO note VALUES (?, ?)", (key, "x" * 50_000))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.usefixtures("killed")
def test_what_stood_in_the_log_alone_is_kept(ledger: Path, copy: Path) -> None:
    kept = restore(copy, ledger)
    assert kept is not None
    assert notes(kept) > LATE


@pytest.mark.usefixtures("killed")
def test_where_there_is_no_room_nothing_is_changed(ledger: Path, copy: Path, tmp_path: Path) -> None:
    before = files(tmp_path)
    child = os.fork()
    if child == 0:  # no file may become larger than the copy is, as on a disk that is nearly full
        status = 9
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, resource.RLIM_INFINITY))
            restore(copy, ledger)
        except LedgerError as error:
            status = 1 if "unchanged" in str(error) else 2
        finally:
            sys.stderr.flush()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert files(tmp_path) == before
    assert notes(ledger) > LATE


def test_a_link_to_a_volume_stays_one(ledger: Path, copy: Path, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    link = tmp_path / "app" / "ledger.db"
    link.symlink_to(ledger)
    kept = restore(copy, link)
    assert link.is_symlink()
    assert kept is not None
    assert kept.parent == ledger.parent
    assert "since" not in notes(ledger)
    assert [each.name for each in link.parent.iterdir()] == ["ledger.db"]


def test_whoever_has_it_open_by_another_name_is_in_the_way_too(ledger: Path, copy: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(ledger)
    database = open_database(link)
    with pytest.raises(InUseError, match="in use"):
        restore(copy, ledger)
    database.close()
    restore(copy, ledger)


def test_whoever_has_it_open_is_not_cut_off(ledger: Path, copy: Path, tmp_path: Path) -> None:
    database = open_database(ledger)
    before = files(tmp_path)
    with pytest.raises(InUseError, match="Stop that first"):
        restore(copy, ledger)
    assert files(tmp_path) == before
    with database.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO note VALUES ('after', 'it')")
    database.close()
    assert {"since", "after"} < notes(ledger)


def test_another_program_that_is_writing_is_not_cut_off(ledger: Path, copy: Path) -> None:
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO note VALUES ('other', 'one')")
        with pytest.raises(InUseError, match="another program"):
            restore(copy, ledger)
        other.execute("COMMIT")
    assert {"since", "other"} < notes(ledger)


def test_readers_that_are_gone_are_not_in_the_way(ledger: Path, copy: Path) -> None:
    open_reader(ledger).close()
    assert restore(copy, ledger) is not None


def test_a_damaged_ledger_is_kept_as_it_is_with_its_log(ledger: Path, copy: Path) -> None:
    rubbish, log = b"rubbish" * 1000, b"its log" * 10
    ledger.write_bytes(rubbish)
    ledger.with_name("ledger.db-wal").write_bytes(log)
    kept = restore(copy, ledger)
    assert kept is not None
    assert kept.read_bytes() == rubbish
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == log
    assert "ledger_id" in notes(ledger)


def test_where_there_was_none_it_is_made(ledger: Path, copy: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    assert restore(copy, new) is None
    assert ledger_id(new) != ledger_id(ledger)


@pytest.mark.parametrize("how", ["itself", "link", "rubbish", "newer"])
def test_what_is_no_copy_changes_nothing(ledger: Path, copy: Path, tmp_path: Path, how: str) -> None:
    match how:
        case "itself":
            source = ledger
        case "link":
            source = tmp_path / "link.db"
            source.symlink_to(ledger)
        case "rubbish":
            source = tmp_path / "rubbish.db"
            source.write_bytes(b"rubbish" * 100)
        case _:
            source = copy
            with closing(sqlite3.connect(copy)) as connection, connection:
                connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = files(tmp_path)
    with pytest.raises(LedgerError, match="The ledger is unchanged"):
        restore(source, ledger)
    assert files(tmp_path) == before
    assert "since" in notes(ledger)


def test_who_may_read_it_stays_so(ledger: Path, copy: Path) -> None:
    ledger.chmod(0o600)
    copy.chmod(0o644)
    restore(copy, ledger)
    assert ledger.stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_to_a_file_that_another_one_has_replaced(ledger: Path, copy: Path) -> None:
    database = open_database(ledger)
    shutil.move(copy, ledger)  # by hand
    with pytest.raises(ReplacedFileError, match="Restart to use the present file"), database.transaction():
        pytest.fail("it was let in")
    database.close()


def test_nothing_is_written_to_a_file_that_was_deleted(ledger: Path) -> None:
    database = open_database(ledger)
    ledger.unlink()
    with pytest.raises(ReplacedFileError, match="deleted"), database.transaction():
        pytest.fail("it was let in")
    database.close()
