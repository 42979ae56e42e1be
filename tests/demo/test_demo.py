"""The demo's bot is a process: it dies when it is killed, comes back, and ends with the demo, however that ends."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from bot.database.postgres_scratch import SCHEMA
from bot.demo.runner import Demo, demo
from bot.settings.postgres_address import PostgresAddress, address_url
from tests.support.command import run_command
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.slow

PATIENCE = 45.0  # also beside other tests


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Demo]:
    async with demo(0, 7, tmp_path) as shown:
        yield shown


async def answer(shown: Demo) -> str:
    """What Hannah is answered of today, which is read first."""
    workspace = shown.page.slack.workspace
    channel, hannah = workspace.channel("neo-spend").id, workspace.user("hannah").id
    before = len(workspace.visible_messages(channel, hannah))
    assert (await shown.page.slack.command(hannah, channel, "team today")).ok
    await workspace.until(lambda: len(workspace.visible_messages(channel, hannah)) > before, PATIENCE)
    return workspace.visible_messages(channel, hannah)[-1].text


async def connected(shown: Demo) -> None:
    await shown.page.slack.workspace.until(lambda: len(shown.page.slack.sockets) == 1, PATIENCE)


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_it_dies_and_comes_back(shown: Demo, capfd: pytest.CaptureFixture[str]) -> None:
    first = shown.bot.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)  # whoever did it, it is seen
    await shown.page.slack.workspace.until(lambda: not shown.bot.up, PATIENCE)
    await shown.bot.catch_up()  # which nobody does
    shown.page.slack.down = True
    assert "running again" in await shown.bot.toggle()
    shown.page.slack.down = False
    await connected(shown)
    assert "The whole team" in await answer(shown)
    second = shown.bot.pid
    killed, started = await asyncio.gather(shown.bot.toggle(), shown.bot.toggle())  # two people press at once
    assert "was killed" in killed
    assert "running again" in started
    await connected(shown)
    assert len({first, second, shown.bot.pid, None}) == 4
    shown.page.slack.down = True
    await shown.bot.catch_up()
    shown.page.slack.down = False
    await connected(shown)
    assert capfd.readouterr().err == ""  # nobody complains in the terminal of what was done on purpose


def test_it_ends_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert b"http://127.0.0.1:" in process.stdout.readline()
        process.kill()
        process.communicate(timeout=PATIENCE)  # until nobody writes there any more, the bot neither


@pytest.mark.long
def test_on_a_server_it_has_a_schema_of_its_own_and_leaves_the_ledger_there_alone(
    postgres: PostgresServer, postgres_ledger: PostgresAddress, tmp_path: Path
) -> None:
    name = postgres_ledger.database
    schema = f"SELECT count(*) FROM information_schema.tables WHERE table_schema = '{SCHEMA}'"
    postgres.run("INSERT INTO note VALUES ('real', 'ledger')", name)
    postgres.run(f"CREATE SCHEMA {SCHEMA} CREATE TABLE left_by_a_killed_demo (id integer)", name)
    environment = {**os.environ, "DATABASE_URL": address_url(postgres_ledger)}
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"], cwd=tmp_path, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        [port] = re.findall(r"http://127.0.0.1:(\d+)", process.stdout.readline())
        page = HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
        page.request("GET", "/page/state")
        assert page.getresponse().status == 200  # once the workspace has lived
        page.close()
        [[tables]] = postgres.run(schema, name)
        assert tables > 20
        again = run_command(("demo", "--port", "0", "--no-browser"), environment, tmp_path)
        assert f"another demo uses {postgres_ledger} already" in again.stderr
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=15)
    assert (process.returncode, complaints) == (0, "")
    assert postgres.run(schema, name) == [(0,)]
    assert postgres.run("SELECT * FROM note", name) == [("real", "ledger")]
    assert postgres.run("SELECT count(*) FROM task", name) == [(0,)]
