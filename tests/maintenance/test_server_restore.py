"""A ledger on a server is backed up into a file while it is in use, and restored from one in a single step."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import gethostname

import psycopg
import pytest

from bot.app import App, build
from bot.database.backup import backup
from bot.database.copying import Copying
from bot.database.engine import Database, open_database
from bot.database.errors import LedgerError
from bot.database.restore import restore
from bot.database.schema import newest_revision
from bot.doctor.check import CheckState
from bot.doctor.ledger import ledger_checks
from bot.ledger.verification import verify
from bot.maintenance import restore as maintenance_restore
from bot.maintenance.copy import copy_ledger
from bot.outbox.destinations import UserDestination
from bot.outbox.restore import RestoredMessages
from bot.outbox.store import NewNotification, enqueue
from bot.settings.environment import load
from bot.settings.postgres_address import PostgresAddress
from bot.usage.keys import WelcomeKey
from tests.support.bookings import NOW, book_small_ledger
from tests.support.dump import dump, wrong_statistics
from tests.support.earlier_schemas import FIRST_ON_SERVER, downgrade
from tests.support.engines import execute, rows_of, url_of
from tests.support.ledgers import new_database
from tests.support.postgres import PostgresServer


def welcome(database: Database, user: str) -> None:
    with database.transaction() as connection:
        enqueue(connection, [NewNotification(WelcomeKey(), UserDestination(user))], NOW)


@pytest.fixture(scope="module")
def small(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresAddress]:
    """A small ledger on a server, in which a message waits, to be copied."""
    path, address = tmp_path_factory.mktemp("small") / "small.db", postgres.empty()
    with closing(new_database(path)) as database:
        book_small_ledger(database)
        welcome(database, "U0ANA")
    copy_ledger(path, address, lambda _: None)
    execute(address, "INSERT INTO lease (name, holder, expires_at, token) VALUES ('jobs', 'there/1/a', 1, 3)")
    yield address
    postgres.drop(address)


@pytest.fixture(scope="module")
def small_backup(small: PostgresAddress, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("small") / "backup.db"
    backup(small, path)
    return path


@pytest.fixture
def ledger(postgres: PostgresServer, small: PostgresAddress) -> Iterator[PostgresAddress]:
    """A copy of the small ledger."""
    address = postgres.copy_of(small.database)
    yield address
    postgres.drop(address)


@pytest.fixture
def app(ledger: PostgresAddress) -> App:
    """The app over it."""
    return app_over(ledger)


def app_over(place: PostgresAddress, **settings: str) -> App:
    return build(load({"DATABASE_URL": url_of(place), **settings}), clock=lambda: NOW)


@pytest.fixture
def copy(ledger: PostgresAddress, small_backup: Path, tmp_path: Path) -> Path:
    """A backup of it, after which both its message and another one were sent."""
    path = Path(shutil.copy(small_backup, tmp_path / "backup.db"))
    with closing(open_database(ledger)) as database:
        welcome(database, "U0BOB")
    sent = "UPDATE notification SET state = 'sent', channel = 'D1', ts = '1.2', settled_at = 1"
    execute(ledger, sent)
    return path


def states(place: PostgresAddress) -> list[tuple[object, ...]]:
    return list(rows_of(place, "SELECT destination, state FROM notification ORDER BY destination"))


def names(directory: Path) -> set[str]:
    return {each.name for each in directory.iterdir()}


@pytest.mark.slow
def test_a_backup_is_a_file_of_every_row(ledger: PostgresAddress, tmp_path: Path) -> None:
    size = backup(ledger, tmp_path / "backup.db")
    assert dump(tmp_path / "backup.db") == dump(ledger)
    assert (tmp_path / "backup.db").stat().st_size == size
    assert (tmp_path / "backup.db").stat().st_mode & 0o777 == 0o600
    assert not any(verify(tmp_path / "backup.db").values())
    assert names(tmp_path) == {"backup.db"}
    with pytest.raises(LedgerError, match="exists already"):
        backup(ledger, tmp_path / "backup.db")


@pytest.mark.slow
def test_an_empty_database_is_not_begun_anew_where_there_are_backups_but_restored(
    empty_postgres: PostgresAddress, small: PostgresAddress, small_backup: Path, tmp_path: Path
) -> None:
    kept = shutil.copy(small_backup, tmp_path / "neo-usage-2026-03-01T033000Z.db")
    app = app_over(empty_postgres, BACKUP_DIR=str(tmp_path))
    with pytest.raises(LedgerError, match="but BACKUP_DIR has backups of one") as refused:
        app.ledger.open_for_booking()
    assert "To move one here, run `neo-usage db copy FROM DATABASE_URL`." in str(refused.value)
    [check] = ledger_checks(app)
    assert (check.state, check.finding) == (CheckState.FAIL, str(refused.value))
    app.ledger.restore(Path(kept))
    app.ledger.open_for_booking().close()
    assert rows_of(empty_postgres, "SELECT count(*) FROM charge") == rows_of(small, "SELECT count(*) FROM charge")


@pytest.mark.slow
def test_what_is_written_meanwhile_is_not_in_it(
    ledger: PostgresAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, finish = dump(ledger), Copying.finish

    def finish_late(self: Copying) -> None:
        execute(ledger, "UPDATE note SET value = 'changed'")
        finish(self)

    monkeypatch.setattr(Copying, "finish", finish_late)
    backup(ledger, tmp_path / "backup.db")
    assert dump(tmp_path / "backup.db") == before != dump(ledger)


def test_a_backup_that_fails_leaves_nothing_behind(
    ledger: PostgresAddress, empty_postgres: PostgresAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LedgerError, match="holds no ledger yet"):
        backup(empty_postgres, tmp_path / "backup.db")
    monkeypatch.setattr(Copying, "differences", lambda _: ["task (1 rows, 2 in the copy)"])
    with pytest.raises(LedgerError, match="differs from the ledger: task"):
        backup(ledger, tmp_path / "backup.db")
    assert names(tmp_path) == set()


@pytest.mark.slow
def test_what_was_sent_since_is_not_sent_again_and_the_former_ledger_is_kept(
    ledger: PostgresAddress, app: App, copy: Path
) -> None:
    former, before = dump(ledger), dump(copy)
    kept, messages = app.ledger.restore(copy)
    assert kept == copy.with_name(f"{ledger.database}.before-restore-1")
    assert dump(kept) == former
    assert messages == RestoredMessages(waiting=0, looked_for=0, sent_since=2)
    assert states(ledger) == [("user:U0ANA", "sent"), ("user:U0BOB", "sent")]
    after = dump(ledger)
    for table in ("task", "task_detail", "charge", "charge_quarter", "member"):
        assert after[table] == before[table] != []
    assert not any(verify(ledger).values())
    ids = [next(value for key, value in rows["note"] if key == "ledger_id") for rows in (former, before, after)]
    assert ids[0] == ids[1] != ids[2]
    assert (before["lease"], after["lease"]) == ([("jobs", "there/1/a", 1, 3)], [("jobs", "", 0, 3)])
    again, _ = app.ledger.restore(copy)
    assert again == copy.with_name(f"{ledger.database}.before-restore-2")
    with closing(open_database(ledger)) as database:
        welcome(database, "U0NEW")


@pytest.mark.slow
def test_of_what_an_empty_database_posted_nothing_is_known(copy: Path, empty_postgres: PostgresAddress) -> None:
    kept, messages = app_over(empty_postgres).ledger.restore(copy)
    assert kept is None
    assert messages == RestoredMessages(waiting=0, looked_for=1, sent_since=0)
    assert states(empty_postgres) == [("user:U0ANA", "unsure")]
    assert wrong_statistics(empty_postgres) == {}


@pytest.mark.slow
def test_a_backup_of_an_earlier_schema_is_upgraded_on_the_way(
    ledger: PostgresAddress, app: App, copy: Path, tmp_path: Path
) -> None:
    downgrade(copy, "0014")
    before = copy.read_bytes()
    app.ledger.restore(copy)
    assert copy.read_bytes() == before
    assert len(dump(ledger)["task"]) == 5
    assert names(tmp_path) == {"backup.db", f"{ledger.database}.before-restore-1"}


NEWER = (
    "ALTER TABLE task ADD COLUMN mood varchar NOT NULL DEFAULT 'fair'",
    "CREATE TABLE novelty (id serial PRIMARY KEY, task integer REFERENCES task (id), is_new boolean, what varchar)",
    "CREATE INDEX ix_novelty ON novelty (task)",
    "INSERT INTO novelty (task, is_new, what) SELECT id, id > 2, 'x' FROM task",
    "UPDATE alembic_version SET version_num = '9999'",
)


@pytest.fixture
def newer(ledger: PostgresAddress, copy: Path) -> PostgresAddress:
    """The ledger after an upgrade to a newer version; there is a copy from before, since when a message was sent."""
    assert copy.is_file()
    for each in NEWER:
        execute(ledger, each)
    return ledger


@pytest.mark.slow
def test_the_ledger_of_a_newer_version_is_replaced_and_kept(newer: PostgresAddress, app: App, copy: Path) -> None:
    before = dump(copy)
    with pytest.raises(LedgerError, match="newer"), app.ledger.database():
        pass
    kept, messages = app.ledger.restore(copy)
    assert kept == copy.with_name(f"{newer.database}.before-restore-1")
    assert messages == RestoredMessages(waiting=0, looked_for=0, sent_since=2)
    assert states(newer) == [("user:U0ANA", "sent"), ("user:U0BOB", "sent")]
    after = dump(newer)
    assert "novelty" not in after
    for table in ("task", "task_detail", "charge", "charge_quarter", "member"):
        assert after[table] == before[table] != []
    assert rows_of(kept, "SELECT is_new, what, count(*) FROM novelty GROUP BY 1, 2 ORDER BY 1") == [
        (False, "x", 2), (True, "x", 3),
    ]  # fmt: skip
    assert rows_of(kept, "SELECT DISTINCT mood FROM task") == [("fair",)]
    assert rows_of(kept, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert wrong_statistics(newer) == {}
    assert not any(verify(newer).values())
    with closing(open_database(newer)) as database:
        welcome(database, "U0NEW")


@pytest.mark.slow
def test_what_was_kept_of_a_newer_version_is_restored_by_that_version_on_a_server_alone(
    newer: PostgresAddress, app: App, copy: Path, tmp_path: Path
) -> None:
    tables = ("task", "charge", "notification", "member")
    former = {table: rows_of(newer, f"SELECT * FROM {table} ORDER BY id") for table in tables}
    kept, _ = app.ledger.restore(copy)
    assert kept is not None
    with pytest.raises(LedgerError, match="a newer neo-usage wrote it"):
        app.ledger.restore(kept)
    # what the newer version would find in it, if it were this one
    for each in ("DROP TABLE novelty", "ALTER TABLE task DROP COLUMN mood"):
        execute(kept, each)
    execute(kept, f"UPDATE alembic_version SET version_num = '{newest_revision()}'")
    with pytest.raises(LedgerError, match="for a server alone"):
        restore(kept, tmp_path / "ledger.db")
    assert not (tmp_path / "ledger.db").exists()
    app.ledger.restore(kept)
    for table, rows in former.items():
        columns = len(rows[0]) - (table == "task")
        assert [row[:columns] for row in rows_of(newer, f"SELECT * FROM {table} ORDER BY id")] == [
            row[:columns] for row in rows
        ]


@pytest.mark.slow
def test_the_ledger_of_an_older_version_is_kept_as_it_is(ledger: PostgresAddress, app: App, copy: Path) -> None:
    downgrade(ledger, FIRST_ON_SERVER)
    kept, messages = app.ledger.restore(copy)
    assert messages == RestoredMessages(waiting=0, looked_for=0, sent_since=2)
    assert kept is not None
    assert rows_of(kept, "SELECT version_num FROM alembic_version") == [(FIRST_ON_SERVER,)]
    assert len(dump(ledger)["task"]) == 5


def test_tables_of_another_program_are_never_replaced(empty_postgres: PostgresAddress, copy: Path) -> None:
    execute(empty_postgres, "CREATE TABLE theirs (what varchar)")
    execute(empty_postgres, "INSERT INTO theirs VALUES ('dear')")
    with pytest.raises(LedgerError, match="holds another program's tables"):
        app_over(empty_postgres).ledger.restore(copy)
    assert rows_of(empty_postgres, "SELECT what FROM theirs") == [("dear",)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble", ["rubbish", "newer", "unfinished", "in use", "in use by a namesake", "killed", "no room"]
)
def test_where_it_cannot_be_restored_nothing_is_changed(
    ledger: PostgresAddress, app: App, copy: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(ledger)
    with _trouble(trouble, ledger, copy, monkeypatch), pytest.raises((LedgerError, RuntimeError)) as raised:
        app.ledger.restore(copy)
    assert SAID[trouble] in str(raised.value)
    assert dump(ledger) == before
    with closing(open_database(ledger)) as database:
        welcome(database, "U0NEW")


SAID = {
    "rubbish": "file is not a database. The ledger is unchanged",
    "newer": "a newer neo-usage wrote it",
    "unfinished": "it is a copy that was not finished",
    "in use": "is in use: a service, a sync or another command is connected to it",
    "in use by a namesake": "is in use: a service, a sync or another command is connected to it",
    "killed": "boom",
    "no room": "the former ledger cannot be kept",
}


def _trouble(
    trouble: str, ledger: PostgresAddress, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> "closing[psycopg.Connection]":
    """Make trouble; give what is to be closed after it."""
    match trouble:
        case "rubbish":
            copy.write_bytes(b"rubbish" * 100)
        case "newer":
            execute(copy, "UPDATE alembic_version SET version_num = '9999'")
        case "unfinished":
            execute(copy, "UPDATE alembic_version SET version_num = 'copy of 0016'")
        case "killed":
            monkeypatch.setattr(maintenance_restore, "_take_over", _boom)
        case "no room":
            monkeypatch.setattr(Copying, "differences", lambda _: ["task"])
    namesake = f"neo-usage {gethostname()}/{os.getpid()}"  # as in two containers
    name = {"in use": "neo-usage elsewhere/1", "in use by a namesake": namesake}.get(trouble, "psql")
    connected = psycopg.connect(
        host=ledger.host, dbname=ledger.database, user=ledger.user, application_name=name, autocommit=True
    )
    return closing(connected)


def _boom(*_: object) -> None:
    raise RuntimeError("boom")
