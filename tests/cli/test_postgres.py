"""The command line over a ledger on a PostgreSQL server."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import World
from bot.settings.postgres_address import PostgresAddress, address_url
from tests.support.command import run_command

Run = Callable[..., CompletedProcess[str]]
START = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock


@pytest.fixture(scope="module")
def neo() -> Iterator[NeoServer]:
    with NeoServer(NeoApi(World(seed=5, start=START, history_days=70), SimClock(lambda: START))) as server:
        yield server


def run_over(place: PostgresAddress, neo: NeoServer, directory: Path) -> Run:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEO_", "SLACK_"))}
    settings = {"NEO_API_URL": neo.url, "NEO_API_KEY": neo.api.key, "DATABASE_URL": address_url(place)}

    def run(*words: str, **more: str) -> CompletedProcess[str]:
        return run_command(words, {**kept, **settings, **more}, directory)

    return run


def test_before_the_first_sync_the_remedy_is_said(
    empty_postgres: PostgresAddress, neo: NeoServer, tmp_path: Path
) -> None:
    run = run_over(empty_postgres, neo, tmp_path)
    for words in (["report"], ["status"], ["errors"], ["db", "reprice"]):
        result = run(*words)
        assert (result.returncode, result.stdout) == (1, "")
        assert "yet. Run `neo-usage sync` first." in result.stderr
        assert str(empty_postgres) in result.stderr


def test_upgrade_makes_a_ledger_and_names_its_schema(
    empty_postgres: PostgresAddress, neo: NeoServer, tmp_path: Path
) -> None:
    run = run_over(empty_postgres, neo, tmp_path)
    for _ in range(2):
        assert run("db", "upgrade").stdout.startswith(f"{empty_postgres} is at schema ")
    status = json.loads(run("status", "--json").stdout)
    assert status["database_bytes"] > 2**20
    assert status["tasks"] == 0
    repriced = run("db", "reprice", BYOK_UNIT="usd")
    assert "0 tasks priced again in usd" in repriced.stdout, repriced.stderr


def test_what_works_on_files_says_so(empty_postgres: PostgresAddress, neo: NeoServer, tmp_path: Path) -> None:
    run = run_over(empty_postgres, neo, tmp_path)
    for words in (["db", "backup", "copy.db"], ["db", "restore", "copy.db"]):
        result = run(*words)
        assert (result.returncode, result.stdout) == (1, "")
        assert "works on a file of SQLite" in result.stderr
