"""Whoever else is on the machine reads nothing of the ledger: modes of files, and what errors quote."""

import os
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from grp import getgrall
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bot.database.backup import backup
from bot.database.engine import open_database
from bot.database.errors import UnusableError
from bot.database.private_files import is_open_to_others
from bot.database.restore import restore
from tests.support.earlier_schemas import downgrade

NAMED_GROUP = next(each.gr_gid for each in getgrall() if each.gr_gid)


@pytest.fixture(params=[0o000, 0o022, 0o002])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A directory, under several umasks."""
    before = os.umask(request.param)
    yield tmp_path
    os.umask(before)


def modes(directory: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in directory.iterdir()}


def write(path: Path) -> None:
    """Leave SQLite's files beside the ledger for a look at them."""
    with closing(open_database(path)) as database:
        with database.transaction() as connection:
            connection.exec_driver_sql("INSERT OR REPLACE INTO note (key, value) VALUES ('x', 'y')")
        assert {f"{path.name}-wal", f"{path.name}-shm"} <= set(modes(path.parent))
        assert set(modes(path.parent).values()) == {0o600}


def test_a_ledger_its_copies_and_what_sqlite_puts_beside_it_are_its_owners_alone(place: Path) -> None:
    ledger = place / "ledger.db"
    write(ledger)
    backup(ledger, place / "copy.db")
    kept = restore(place / "copy.db", ledger)
    assert kept is not None
    assert {"ledger.db", "copy.db", kept.name} <= set(modes(place))
    ledger.write_bytes(b"damaged" * 1_000)
    damaged = restore(place / "copy.db", ledger)
    assert damaged is not None
    write(ledger)
    assert set(modes(place).values()) == {0o600}


def test_what_an_older_install_left_open_is_taken_from_others_and_nothing_else_is(place: Path) -> None:
    ledger = place / "ledger.db"
    write(ledger)
    beside = [place / f"ledger.db{suffix}" for suffix in ("-wal", "-shm", "-journal", ".before-restore-3")]
    strangers = [place / "ledger.db.txt", place / "ledger", place / "other.db"]
    for each in (ledger, *beside, *strangers):
        each.touch()
        each.chmod(0o664)
    beside[2].unlink()  # a journal is read
    link = place / "link.db"
    link.symlink_to(ledger)
    open_database(link).close()
    assert modes(place)["ledger.db"] == modes(place)["ledger.db.before-restore-3"] == 0o600
    assert {modes(place)[each.name] for each in strangers} == {0o664}


def test_a_ledger_that_its_owner_made_read_only_stays_so(place: Path) -> None:
    write(place / "ledger.db")
    (place / "ledger.db").chmod(0o444)
    with suppress(UnusableError):  # root writes all the same
        open_database(place / "ledger.db").close()
    assert modes(place)["ledger.db"] == 0o400


def test_a_copy_is_never_written_through_a_link_that_lies_in_its_way(place: Path) -> None:
    write(place / "ledger.db")
    precious = place / "precious"
    precious.write_text("mine")
    (place / "copy.db.neo-usage-part").symlink_to(precious)
    backup(place / "ledger.db", place / "copy.db")
    assert precious.read_text() == "mine"


def test_files_of_others_stay_whatever_they_are_called(place: Path) -> None:
    ledger, copy = place / "ledger.db", place / "copy.db"
    write(ledger)
    names = [
        f"{each}{end}"
        for each in ("ledger.db", "copy.db", "ledger.db.before-restore-1")
        for end in (".part", ".upgraded", ".incoming", ".bak", "-wal.spare")
    ]
    for each in names:
        (place / each).write_text("mine")
        (place / each).chmod(0o644)
    backup(ledger, copy)
    downgrade(copy, "0016")
    restore(copy, ledger)
    open_database(ledger).close()
    assert {each: (place / each).read_text() for each in names} == dict.fromkeys(names, "mine")
    assert {modes(place)[each] for each in names} <= {0o644, 0o600}


def test_no_error_of_the_database_quotes_what_was_written(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "ledger.db")) as database:
        for sql in ("INSERT INTO nowhere VALUES (?)", "INSERT INTO member (email) VALUES (?), ('x'), ('x')"):
            with pytest.raises(SQLAlchemyError) as raised, database.transaction() as connection:
                connection.exec_driver_sql(sql, ("secret@acme.example",))
            assert "secret@" not in f"{raised.value} {raised.value!r} {raised.value.__cause__}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory to another group")
@pytest.mark.parametrize(
    ("group", "mode", "is_open"),
    [
        (0, 0o770, False),
        (54321, 0o2770, False),
        (NAMED_GROUP, 0o770, True),
        (NAMED_GROUP, 0o750, False),
        (0, 0o777, True),
    ],
)
def test_a_directory_whose_group_is_nobodys_is_not_open_to_others(
    tmp_path: Path, group: int, mode: int, *, is_open: bool
) -> None:
    os.chown(tmp_path, -1, group)
    tmp_path.chmod(mode)
    assert is_open_to_others(tmp_path) is is_open
