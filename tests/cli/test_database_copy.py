"""`db copy` on the command line: a ledger moves to a server and back, and answers the same."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import World
from bot.settings.postgres_address import PostgresAddress, address_url
from tests.support.command import run_command
from tests.support.postgres import PASSWORD, WITH_PASSWORD

pytestmark = pytest.mark.slow

Run = Callable[..., CompletedProcess[str]]
START = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock
QUESTIONS = (["90d", "by:member"], ["90d", "by:model,status"], ["7d", "by:day"], ["90d", "status:failed", "rows"])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command with a database's address as the setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
    return lambda *words, **settings: run_command(words, kept | settings, tmp_path)


def answers(run: Run, url: str) -> list[dict[str, Any]]:
    """What each question is answered, without the window before, which ends at the time of day that it is."""
    found = [json.loads(run("report", *question, "--json", DATABASE_URL=url).stdout) for question in QUESTIONS]
    return [{name: value for name, value in each.items() if name != "previous"} for each in found]


@pytest.fixture
def synced(run: Run, tmp_path: Path) -> str:
    """The address of a ledger that `sync` has filled."""
    url = f"sqlite:///{tmp_path / 'neo-usage.db'}"
    with NeoServer(NeoApi(World(seed=5, start=START, history_days=40), SimClock(lambda: START))) as neo:
        result = run("sync", DATABASE_URL=url, NEO_API_URL=neo.url, NEO_API_KEY=neo.api.key)
    assert "complete: yes" in result.stdout, result.stderr
    return url


def test_there_and_back_it_answers_the_same(
    run: Run, synced: str, empty_postgres: PostgresAddress, tmp_path: Path
) -> None:
    there, before = address_url(empty_postgres), answers(run, synced)
    assert all(each["total"]["tasks"] for each in before)
    moved = run("db", "copy", "neo-usage.db", there)
    assert moved.returncode == 0, moved.stderr
    assert f"{empty_postgres} is a copy of neo-usage.db, compared row by row" in moved.stdout
    assert "task_detail: " in moved.stdout
    assert "Run the service on one of the two only" in moved.stdout
    assert answers(run, there) == before
    assert run("db", "verify", DATABASE_URL=there).returncode == 0
    back = run("db", "copy", "DATABASE_URL", "back.db", DATABASE_URL=there)
    assert back.returncode == 0, back.stderr
    assert back.stdout.splitlines()[:-4] == moved.stdout.splitlines()[:-4]
    assert answers(run, f"sqlite:///{tmp_path / 'back.db'}") == before


def test_what_is_wrong_is_one_line_without_a_password(run: Run, synced: str, tmp_path: Path) -> None:
    assert synced
    for source, target, code, line in (
        ("neo-usage.db", "neo-usage.db", 1, "neo-usage.db is the ledger itself"),
        ("none.db", "copy.db", 1, "there is no ledger at none.db"),
        ("neo-usage.db", "no/copy.db", 1, "there is no directory no"),
        ("neo-usage.db", "postgresql://neo@127.0.0.1:1/neo", 1, "no database server answers"),
        ("neo-usage.db", "DATABASE_URL", 1, "no database server answers"),
        ("neo-usage.db", "postgresql://neo:secret@127.0.0.1:1/neo", 2, "can't have a password, because anyone on this"),
        ("postgresql://neo:secret@127.0.0.1:1/neo", "copy.db", 2, "Set DATABASE_URL to the address and type the word"),
        ("neo-usage.db", "postgresql://neo:secret@/neo", 2, "it has no host"),
        ("neo-usage.db", "mysql://neo:secret@host/neo", 2, "not a database address"),
    ):
        result = run("db", "copy", source, target, DATABASE_URL="postgresql://neo:secret@127.0.0.1:1/neo")
        assert (result.returncode, result.stdout) == (code, "")
        assert line in result.stderr
        assert "secret" not in result.stderr
    assert not (tmp_path / "copy.db").exists()


def test_a_password_may_be_in_a_file(run: Run, synced: str, careful: PostgresAddress, tmp_path: Path) -> None:
    file = tmp_path / "pass file"
    file.write_text(f"*:*:*:{WITH_PASSWORD}:{PASSWORD}\n", encoding="utf-8")
    file.chmod(0o600)
    address = address_url(replace(careful, password=None, options={**careful.options, "passfile": str(file)}))
    assert synced
    result = run("db", "copy", "neo-usage.db", address)
    assert result.returncode == 0, result.stderr
    assert f"{careful} is a copy of neo-usage.db" in result.stdout
