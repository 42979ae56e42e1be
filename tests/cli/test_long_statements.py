"""Commands that go through a whole ledger on a server wait for it, however long a statement takes there."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.database.backup import backup
from bot.database.engine import open_database
from bot.settings.postgres_address import PostgresAddress
from tests.support.bookings import ANA, BOB, book_small_ledger
from tests.support.command import run_command
from tests.support.engines import url_of
from tests.support.postgres import PostgresServer

LIMIT, SLOW = 0.2, 0.6  # seconds that other statements may take, and that the server is busy


@pytest.fixture
def ledger(postgres_ledger: PostgresAddress) -> PostgresAddress:
    with closing(open_database(postgres_ledger)) as database:
        book_small_ledger(database)
    return postgres_ledger


@contextmanager
def busy(postgres: PostgresServer, ledger: PostgresAddress) -> Iterator[None]:
    """Let each statement about charges wait for a while, as on a slow disk."""
    with postgres.connect(ledger.database) as holder:
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE charge IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(SLOW, holder.execute, ["ROLLBACK"])
        timer.start()
        yield
        timer.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "db verify", "db backup new.db", "db copy DATABASE_URL new.db", "db reprice", "db restore copy.db",
        f"member merge {ANA} {BOB}", f"member export {ANA} --offline", f"member erase {ANA} --offline --yes",
    ],
)  # fmt: skip
def test_a_server_may_take_its_time(
    postgres: PostgresServer, ledger: PostgresAddress, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(ledger, tmp_path / "copy.db")
    monkeypatch.setattr("bot.database.answer_limit.ANSWER_SECONDS", LIMIT)
    with busy(postgres, ledger):
        done = run_command(tuple(line.split()), {"DATABASE_URL": url_of(ledger)}, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_question_is_not_asked_for_ever(
    postgres: PostgresServer, ledger: PostgresAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.database.answer_limit.ANSWER_SECONDS", LIMIT)
    with busy(postgres, ledger):
        asked = run_command(("report", "2026-11"), {"DATABASE_URL": url_of(ledger)}, tmp_path)
    assert "the connection to the database server was lost" in asked.stderr
