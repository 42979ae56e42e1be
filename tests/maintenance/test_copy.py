"""A ledger is copied into another engine: row for row, whenever it is interrupted, and only into what is empty."""

import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, MetaData, text

from bot.database import copying
from bot.database.copy_source import stored_rows
from bot.database.engine import open_database
from bot.database.errors import LedgerError
from bot.database.file_lock import InUseError
from bot.database.reading import open_reader
from bot.maintenance.copy import CopyResult, copy_ledger
from bot.outbox.destinations import UserDestination
from bot.outbox.store import NewNotification, enqueue
from bot.sandbox.world import START
from bot.settings.database_place import DatabasePlace
from bot.settings.postgres_address import PostgresAddress
from bot.usage.keys import WelcomeKey
from tests.support.bookings import book_small_ledger
from tests.support.dump import dump, wrong_statistics
from tests.support.effort import amount
from tests.support.engines import connected
from tests.support.ledgers import new_database, place_ledger
from tests.support.postgres import PostgresServer
from tests.support.random_rows import TEXTS, fill


def copied(source: DatabasePlace, target: DatabasePlace) -> CopyResult:
    return copy_ledger(source, target, lambda _: None)


def filled(path: Path, seed: int, rows: int, texts: tuple[str, ...] = TEXTS) -> Path:
    """A ledger of random rows."""
    with closing(new_database(path)) as database, database.transaction() as connection:
        fill(connection, Random(seed), rows, texts)
    return path


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("filled") / "ledger.db", 1, 20)


@pytest.fixture
def ledger(filled_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(filled_once, tmp_path / "ledger.db"))


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.database.copy_source.STEP", 9)


@pytest.mark.slow
@settings(max_examples=amount(100, 2), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(0, 20))
def test_there_and_back_every_row_is_the_same(
    postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int
) -> None:
    directory, address = tmp_path_factory.mktemp("copy"), postgres.migrated()
    ledger = filled(directory / "ledger.db", seed, rows)
    copied(ledger, address)
    copied(address, place_ledger(directory / "back.db"))
    assert dump(ledger) == dump(address) == dump(directory / "back.db")
    postgres.take_back(address)


@pytest.mark.slow
def test_tables_that_another_program_has_put_there_are_left_out(ledger: Path, tmp_path: Path) -> None:
    before = dump(ledger)
    with connected(ledger) as connection:
        connection.execute(text("CREATE TABLE _litestream_seq (id integer PRIMARY KEY, seq integer)"))
        connection.execute(text("INSERT INTO _litestream_seq VALUES (1, 1)"))
    copied(ledger, tmp_path / "copy.db")
    assert dump(tmp_path / "copy.db") == before


@pytest.mark.slow
def test_a_copy_is_made_between_two_of_one_engine_too(
    ledger: Path, postgres_ledger: PostgresAddress, empty_postgres: PostgresAddress, tmp_path: Path
) -> None:
    result = copied(ledger, tmp_path / "copy.db")
    assert dump(tmp_path / "copy.db") == dump(ledger)
    assert result.rows["task"] == 20
    assert result.notifications == result.rows["notification"] > 10
    copied(ledger, postgres_ledger)
    copied(postgres_ledger, empty_postgres)
    assert dump(empty_postgres) == dump(ledger)


@pytest.mark.slow
def test_a_file_that_is_made_is_its_owners_alone(ledger: Path, tmp_path: Path) -> None:
    copied(ledger, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_new_row_gets_an_id_that_is_free(ledger: Path, postgres_ledger: PostgresAddress) -> None:
    copied(ledger, postgres_ledger)
    with closing(open_database(postgres_ledger)) as database, database.transaction() as connection:
        largest = connection.execute(text("SELECT max(id) FROM member")).scalar_one()
        new = "INSERT INTO member (email) VALUES ('new@acme.dev') RETURNING id"
        assert connection.execute(text(new)).scalar_one() == largest + 1


@pytest.mark.slow
def test_a_server_knows_at_once_how_much_it_holds(ledger: Path, empty_postgres: PostgresAddress) -> None:
    copied(ledger, empty_postgres)
    assert wrong_statistics(empty_postgres) == {}


@pytest.mark.slow
def test_what_postgresql_cannot_hold_is_marked_and_told(tmp_path: Path, postgres_ledger: PostgresAddress) -> None:
    ledger = filled(tmp_path / "ledger.db", 2, 20, ("a\0b", "c"))
    result = copied(ledger, postgres_ledger)
    expected = {
        table: [tuple(each.replace("\0", "\ufffd") if isinstance(each, str) else each for each in row) for row in rows]
        for table, rows in dump(ledger).items()
    }
    assert dump(postgres_ledger) == expected
    assert result.marked["task_detail"] > 5
    assert copied(ledger, tmp_path / "copy.db").marked == {}
    assert dump(tmp_path / "copy.db") == dump(ledger)


class KilledError(BaseException):
    """Where a copy was interrupted."""


@contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Raise KilledError at a certain step of a copy; gives how many were begun."""
    begun = 0
    insert = copying.Copying._counted  # noqa: SLF001

    def counted(self: copying.Copying, *args: Any, **options: Any) -> Iterator[Any]:
        nonlocal begun
        for part in insert(self, *args, **options):
            begun += 1
            if begun == step:
                raise KilledError
            yield part

    with monkeypatch.context() as patch:
        patch.setattr(copying.Copying, "_counted", counted)
        yield lambda: begun


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> DatabasePlace:
    """A ledger without rows, of each engine."""
    if request.param == "sqlite":
        return place_ledger(tmp_path / "copy.db")
    address = request.getfixturevalue("postgres_ledger")
    assert isinstance(address, PostgresAddress)
    return address


@pytest.mark.slow
def test_interrupted_at_any_step_it_goes_on_and_until_then_nobody_opens_it(
    ledger: Path, target: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, interrupted = 3, 0
    while True:
        try:
            with killed_at(step, monkeypatch) as begun:
                copied(ledger, target)
            break
        except KilledError:
            interrupted += 1
            assert begun() == step
            with pytest.raises(LedgerError, match="is a copy of a ledger that is not finished"):
                open_reader(target)
            with pytest.raises(LedgerError, match="Run the same `neo-usage db copy` again"):
                open_database(target)
            step += 43
    assert interrupted > 3
    assert dump(target) == dump(ledger)


@pytest.mark.slow
def test_killed_in_a_transaction_it_goes_on(ledger: Path, target: DatabasePlace) -> None:
    child = os.fork()
    if child == 0:
        left = count(50, -1)
        try:
            copy_ledger(ledger, target, lambda _: None if next(left) else os.kill(os.getpid(), signal.SIGKILL))
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    copied(ledger, target)
    assert dump(target) == dump(ledger)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "table"),
    [
        (
            (
                "UPDATE member SET email = 'other@acme.dev' WHERE id = (SELECT min(id) FROM member)",
                "DELETE FROM task_detail WHERE task = (SELECT min(task) FROM task_detail)",
                "INSERT INTO seen (kind, value) VALUES ('', 'first')",
            ),
            "member",
        ),
        (("UPDATE note SET value = 'other' WHERE key <> 'ledger_id'",), None),
    ],
)
def test_what_changed_since_it_was_interrupted_is_copied_again(
    ledger: Path, target: DatabasePlace, changes: tuple[str, ...], table: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_at(90, monkeypatch), pytest.raises(KilledError):
        copied(ledger, target)
    with closing(sqlite3.connect(ledger)) as connection, connection:
        for change in changes:
            connection.execute(change)
    assert copied(ledger, target).changed == table
    assert dump(target) == dump(ledger)


@pytest.mark.slow
def test_a_service_that_writes_meanwhile_does_not_tear_the_copy(ledger: Path, target: DatabasePlace) -> None:
    before = dump(ledger)
    with closing(open_database(ledger)) as database:

        def write(_: object) -> None:
            with database.transaction() as connection:
                connection.execute(text("UPDATE task SET changed_at = changed_at + 1"))

        copy_ledger(ledger, target, write)
    assert dump(target) == before != dump(ledger)


@pytest.mark.slow
def test_a_database_that_holds_a_ledger_is_refused(
    ledger: Path, tmp_path: Path, postgres_ledger: PostgresAddress
) -> None:
    other = filled(tmp_path / "other.db", 3, 3)
    before = dump(other)
    with pytest.raises(LedgerError, match="holds a ledger already"):
        copied(ledger, other)
    copied(other, postgres_ledger)
    with pytest.raises(LedgerError, match="holds a ledger already"):
        copied(ledger, postgres_ledger)
    assert dump(other) == dump(postgres_ledger) == before
    with pytest.raises(LedgerError, match="is the ledger itself"):
        copied(ledger, tmp_path / "." / "ledger.db")


@pytest.mark.slow
def test_an_unfinished_copy_of_another_ledger_is_refused(
    ledger: Path, tmp_path: Path, target: DatabasePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_at(50, monkeypatch), pytest.raises(KilledError):
        copied(ledger, target)
    with closing(new_database(tmp_path / "other.db")) as database, database.transaction() as connection:
        connection.execute(text("INSERT INTO note (key, value) VALUES ('ledger_id', 'another')"))
    with pytest.raises(LedgerError, match="unfinished copy of another ledger"):
        copied(tmp_path / "other.db", target)
    copied(ledger, target)


@pytest.mark.slow
def test_a_database_of_another_program_is_refused(
    ledger: Path, tmp_path: Path, empty_postgres: PostgresAddress, postgres: PostgresServer
) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    postgres.run("CREATE TABLE cats (name TEXT)", empty_postgres.database)
    for target in (tmp_path / "other.db", empty_postgres):
        with pytest.raises(LedgerError, match="holds another program's tables"):
            copied(ledger, target)
    (tmp_path / "text.txt").write_text("no database at all" * 100)
    with pytest.raises(LedgerError, match="something else was put in its place"):
        copied(ledger, tmp_path / "text.txt")


@pytest.mark.slow
def test_what_is_in_use_is_no_target(ledger: Path, tmp_path: Path, postgres_ledger: PostgresAddress) -> None:
    place_ledger(tmp_path / "open.db")
    with closing(open_database(tmp_path / "open.db")), pytest.raises(InUseError, match="is in use"):
        copied(ledger, tmp_path / "open.db")
    with (
        closing(open_database(postgres_ledger)) as database,
        database.transaction(),
        pytest.raises(InUseError, match="in use"),
    ):
        copied(ledger, postgres_ledger)


@pytest.mark.slow
def test_a_ledger_of_an_earlier_schema_is_to_be_upgraded_first(ledger: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(LedgerError, match="Run `neo-usage db upgrade`"):
        copied(ledger, tmp_path / "copy.db")
    with pytest.raises(LedgerError, match="there is no ledger at"):
        copied(tmp_path / "none.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


@pytest.mark.slow
def test_a_copy_that_differs_is_not_finished(
    tmp_path: Path, postgres_ledger: PostgresAddress, empty_postgres: PostgresAddress, postgres: PostgresServer
) -> None:
    ledger, address = tmp_path / "small.db", empty_postgres
    with closing(new_database(ledger)) as database:
        book_small_ledger(database)
        with database.transaction() as connection:
            enqueue(connection, [NewNotification(WelcomeKey(), UserDestination("U0PRIYA"))], START)
    open_database(address).close()
    postgres.run(
        "CREATE FUNCTION another_key() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.stem = NEW.stem || ':1'; RETURN NEW; END $$",
        address.database,
    )
    postgres.run(
        "CREATE TRIGGER another_key BEFORE INSERT ON notification FOR EACH ROW EXECUTE FUNCTION another_key()",
        address.database,
    )
    postgres.run(
        "CREATE FUNCTION one_more() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.platform_nanos = NEW.platform_nanos + 1; RETURN NEW; END $$",
        address.database,
    )
    postgres.run(
        "CREATE TRIGGER one_more BEFORE INSERT ON charge FOR EACH ROW EXECUTE FUNCTION one_more()", address.database
    )
    with pytest.raises(LedgerError) as raised:
        copied(ledger, address)
    said = str(raised.value)
    assert re.search(r"charge \((\d) rows, \1 in the copy\)", said)
    assert "notification (1 rows, 1 in the copy)" in said
    assert "the charges of members by month" in said
    assert "the keys of notifications" in said
    assert "the law that a task's charges sum to its total" in said
    with pytest.raises(LedgerError, match="not finished"):
        open_reader(address)
    result = copied(ledger, postgres_ledger)
    assert (result.changed, result.broken_laws) == (None, [])
    assert sum(platform + provider for _, platform, provider in result.charges.values()) == 80 * 10**9


def rows_of(connection: Connection, name: str) -> list[Any]:
    tables = MetaData()
    tables.reflect(connection, only=[name])
    return [row for part in stored_rows(connection, tables.tables[name]) for row in part]


@pytest.mark.slow
def test_rows_that_refer_to_later_ones_are_copied_at_once(tmp_path: Path, postgres_ledger: PostgresAddress) -> None:
    with closing(new_database(tmp_path / "chain.db")) as database, database.transaction() as connection:
        for number in range(1, 31):
            later = number + 1 if number < 30 else None
            row = {"id": number, "email": f"{number}@acme.dev", "later": later}
            connection.execute(text("INSERT INTO member (id, email, merged_into) VALUES (:id, :email, :later)"), row)
    copied(tmp_path / "chain.db", postgres_ledger)
    with closing(open_reader(postgres_ledger)) as connection:
        assert [row[2] for row in rows_of(connection, "member")] == [*range(2, 31), None]
