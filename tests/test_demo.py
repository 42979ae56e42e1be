"""The demo's bot is a process: it dies when it is killed, comes back, and ends with the demo, however that ends."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.show import Demo, demo

PATIENCE = 20.0


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


async def test_whoever_kills_it_it_is_seen_and_can_be_started(shown: Demo) -> None:
    first = shown.bot.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await shown.page.slack.workspace.until(lambda: not shown.bot.up, PATIENCE)
    await shown.bot.look()  # which nobody does
    assert "runs again" in await shown.bot.toggle()
    assert shown.bot.pid not in {None, first}
    assert "The whole team" in await answer(shown)


async def test_pressed_by_two_it_is_killed_and_started_once(shown: Demo) -> None:
    first = shown.bot.pid
    said = await asyncio.gather(shown.bot.toggle(), shown.bot.toggle())
    assert ["killed" in said[0], "runs again" in said[1]] == [True, True]
    await connected(shown)
    assert shown.bot.pid not in {None, first}


async def test_started_while_slack_is_down_it_comes_once_slack_is_back(shown: Demo) -> None:
    shown.page.slack.down = True
    await shown.bot.toggle()
    await shown.bot.toggle()
    assert shown.bot.up
    shown.page.slack.down = False
    await connected(shown)


def test_it_ends_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", "--port", "0", "--no-browser"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert b"http://127.0.0.1:" in process.stdout.readline()
        process.kill()
        process.communicate(timeout=PATIENCE)  # until nobody writes there any more, the bot neither
