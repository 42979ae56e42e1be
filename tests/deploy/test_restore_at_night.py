"""The manual's way back, followed word for word: from the last backup, and from Litestream's copy."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest

from bot.database import metadata
from bot.database.backup_directory import BackupDirectory, backups_in
from bot.database.engine import open_database
from bot.sandbox.clock import SimClock
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import World
from bot.settings.database_place import DatabasePlace
from tests.support import service_process
from tests.support.docs import ROOT, section
from tests.support.engines import always_on_both, url_of
from tests.support.replicas import replicated_team
from tests.support.restoring import lose

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
BACKUPS = section(ROOT / "docs" / "operating.md", "Backups")
NOW = datetime.now(UTC)  # noqa: TID251 - the commands have the machine's clock
PATIENCE = 60.0  # seconds


def blocks(heading: str) -> list[str]:
    """Return what is to be typed under a heading of the third level, without the indent that it has in a list."""
    text = BACKUPS.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    return [re.sub(r"(?m)^   ", "", each) for each in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


@pytest.fixture
def neo() -> Iterator[NeoServer]:
    with NeoServer(NeoApi(World(seed=5, start=NOW, history_days=10), SimClock(lambda: NOW))) as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return tmp_path / "neo-usage.db"


@pytest.fixture
def environment(neo: NeoServer, ledger: Path, tmp_path: Path) -> dict[str, str]:
    """The bot's settings, and where its command and Litestream's are."""
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    (tmp_path / "backups").mkdir()
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}", "NEO_API_URL": neo.url, "NEO_API_KEY": neo.api.key,
        "DATABASE_URL": url_of(ledger), "BACKUP_DIR": str(tmp_path / "backups"), "HISTORY_DAYS": "5",
        "LITESTREAM_LEDGER": str(ledger), "LITESTREAM_REPLICA_URL": f"file://{tmp_path}/replica",
    }  # fmt: skip


def typed(lines: str, environment: Mapping[str, str], directory: Path) -> str:
    """Type lines into a shell that ends at the first one that fails; return what they print."""
    done = subprocess.run(
        ["/bin/sh", "-eu"],
        input=lines,
        env=dict(environment),
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def spend(environment: Mapping[str, str], directory: Path) -> str:
    return typed("neo-usage report all by:member --csv", environment, directory)


@pytest.fixture
def copy(environment: dict[str, str], ledger: Path, tmp_path: Path) -> Path:
    """The last backup of a ledger."""
    typed("neo-usage sync", environment, tmp_path)
    directory = BackupDirectory(tmp_path / "backups", 14)
    written, _ = directory.add(ledger, ledger.stat().st_size, NOW, lambda _: None, Event())
    return written


@always_on_both
async def test_the_bot_is_stopped_restored_and_started_as_the_manual_says(place: DatabasePlace, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir()
    database = open_database(place)
    async with replicated_team(tmp_path, place, database) as team:
        team.entry = service_process.eager
        team.environment |= {"BACKUP_DIR": str(backups)}
        environment = team.environment | {"PATH": f"{BIN}:{os.environ['PATH']}"}
        bot = await team.start()
        await team.wait_until(lambda: backups_in(backups) != [])
        assert await bot.end(PATIENCE) == 0
        database.close()
        before = spend(environment, tmp_path)
        destroy(place)
        [lines] = blocks("Restore at night")
        said = await asyncio.to_thread(typed, lines, environment, tmp_path)
        assert f"Restored {backups_in(backups)[-1]} to {place}." in said
        assert "complete: yes" in said
        assert "FAIL" not in said
        assert spend(environment, tmp_path) == before
        if isinstance(place, Path):
            assert place.with_name(f"{place.name}.before-restore-1").read_bytes()[:4] == b"lost"
        await team.start()
        await team.slack.command("hannah", "general", "team 15d")
        await team.wait_until(lambda: team.answers_to("hannah", "general") != [])
        assert "$70.00" in team.answers_to("hannah", "general")[-1]


def destroy(place: DatabasePlace) -> None:
    """Let something happen to a ledger after which nothing can be read in it."""
    if isinstance(place, Path):
        place.write_bytes(b"lost" * 4096)
    else:
        lose(place)


def test_a_lost_ledger_is_not_begun_anew_where_there_are_backups(
    environment: dict[str, str], ledger: Path, copy: Path, tmp_path: Path
) -> None:
    before = spend(environment, tmp_path)
    ledger.unlink()
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "HTTP_PORT": "0"}
    for line in ("run", "sync", "report", "budget set team 5/month", "doctor --offline"):
        said = typed(f"neo-usage {line} 2>&1 || echo refused", environment | slack, tmp_path)
        assert f"there is no ledger at {ledger}, but BACKUP_DIR has backups of one." in said
        assert f"`neo-usage db restore {copy}`" in said
        assert said.endswith("refused\n")
    assert not ledger.exists()
    [lines] = blocks("Restore at night")
    typed(lines, environment, tmp_path)
    assert spend(environment, tmp_path) == before


def test_litestreams_copy_is_restored_as_the_manual_says(
    environment: dict[str, str], ledger: Path, tmp_path: Path
) -> None:
    typed("neo-usage sync", environment, tmp_path)
    begin, restore = blocks("Litestream")
    (export, replicate), (again, *restoring) = begin.strip().splitlines(), restore.strip().splitlines()
    assert export == again  # whose values are those of the environment here
    with (tmp_path / "log").open("wb") as log:
        command = replicate.split()
        streaming = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log)  # noqa: S603 - the manual's
    try:
        until = time.monotonic() + PATIENCE
        while not (tmp_path / "replica").exists():  # nothing else says that it has begun
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.05)
        with closing(open_database(ledger)) as database:
            for number in range(50):
                with database.transaction() as connection:
                    metadata.write(connection, f"written while it ran {number}", "x" * 20_000)
    finally:
        streaming.terminate()  # it sends what is left before it ends
        streaming.wait(PATIENCE)
    before = spend(environment, tmp_path)
    ledger.unlink()
    assert f"Restored restored.db to {ledger}." in typed("\n".join(restoring), environment, tmp_path)
    assert spend(environment, tmp_path) == before
    with closing(open_database(ledger)) as database, database.transaction() as connection:
        assert len(metadata.read_prefix(connection, "written while it ran ")) == 50
