"""`status --health`: what a container's health check learns of the bot on its machine."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from bot.database import metadata
from bot.doctor.health import running_bot
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import NeoApi
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from tests.support.command import run_command
from tests.support.engines import sqlite_only, url_of
from tests.support.harness import ServiceHarness
from tests.support.ledgers import Ledgers
from tests.support.other_program import healthy_program


def health(directory: Path, **settings: str) -> tuple[int, str]:
    done = run_command(("status", "--health"), settings, directory)
    return done.returncode, done.stdout + done.stderr


@sqlite_only("it is a file that is not opened")
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])  # noqa: S104 - what it may listen on
async def test_a_bot_that_runs_is_alive(harness: ServiceHarness, tmp_path: Path, host: str) -> None:
    bot = await asyncio.to_thread(running_bot, host, harness.service.port)
    assert bot.ledger == await harness.service.database.read(lambda connection: metadata.read(connection, "ledger_id"))
    own = {"HTTP_HOST": host, "HTTP_PORT": str(harness.service.port), "DATABASE_URL": url_of(harness.place)}
    code, said = await asyncio.to_thread(health, tmp_path, **own)
    assert (code, said) == (0, "The bot is alive.\n")


async def test_a_bot_of_another_team_is_not_the_one(harness: ServiceHarness, ledgers: Ledgers, tmp_path: Path) -> None:
    port = str(harness.service.port)
    for other in (ledgers.new(), tmp_path / "none.db"):
        code, said = await asyncio.to_thread(health, tmp_path, HTTP_PORT=port, DATABASE_URL=url_of(other))
        assert code == 1
        assert said == (
            f"neo-usage: a bot with another database is running at 127.0.0.1:{port}. "
            "If it's the bot of another team, choose another HTTP_PORT. If it's this one, restart it.\n"
        )


async def test_a_bot_is_alive_though_its_database_is_named_otherwise_or_cannot_be_read(
    harness: ServiceHarness, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_text("this is no database")
    for named in (named_otherwise(harness.place, tmp_path), broken):
        own = {"HTTP_PORT": str(harness.service.port), "DATABASE_URL": url_of(named)}
        assert await asyncio.to_thread(health, tmp_path, **own) == (0, "The bot is alive.\n")


def named_otherwise(place: DatabasePlace, directory: Path) -> DatabasePlace:
    """The same place by another name."""
    if not isinstance(place, Path):
        return replace(place, options={**place.options, "options": "-c application_name=other"})
    other = directory / "other.db"
    other.symlink_to(place)
    return other


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])  # noqa: S104
def test_without_a_bot_it_says_where_it_asked(tmp_path: Path, host: str, shown: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, said = health(tmp_path, HTTP_HOST=host, HTTP_PORT=str(port))
    assert code == 1
    assert said.startswith(f"neo-usage: no bot answers at http://{shown}:{port}/healthz (")
    assert said.endswith("Start it with `neo-usage run`, or check HTTP_HOST and HTTP_PORT.\n")


def test_a_healthy_program_of_another_kind_is_no_bot(tmp_path: Path) -> None:
    with healthy_program() as port:
        code, said = health(tmp_path, HTTP_PORT=str(port))
    assert code == 1
    why = f"another program answers at http://127.0.0.1:{port}/healthz, not this version of the bot."
    assert said == f"neo-usage: {why} Start it with `neo-usage run`, or check HTTP_HOST and HTTP_PORT.\n"


def test_another_program_at_its_port_is_no_bot(tmp_path: Path) -> None:
    with NeoServer(NeoApi(World.empty(), lambda: START)) as server:
        port = server.url.rpartition(":")[2]
        code, said = health(tmp_path, HTTP_PORT=port, HTTP_PROXY="http://127.0.0.1:1", http_proxy="http://127.0.0.1:1")
    assert code == 1
    assert f"http://127.0.0.1:{port}/healthz answers 4" in said


def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    code, said = health(tmp_path, HTTP_PORT="often")
    assert code == 1
    assert "HTTP_PORT: `often`" in said
