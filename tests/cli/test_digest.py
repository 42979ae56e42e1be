"""The command `digest`: it shows a digest, and has one posted only where that is asked for."""

import asyncio
import os
from subprocess import CompletedProcess

import pytest

from tests.support.command import run_command
from tests.support.engines import costly
from tests.support.harness import ServiceHarness
from tests.support.messages import digest_messages

pytestmark = costly
USAGE = 2  # the exit code of wrong use


@pytest.fixture
async def harness(closed: ServiceHarness) -> ServiceHarness:
    closed.settings |= {"DIGEST_CHANNEL": "#neo-spend"}
    await closed.open()
    return closed


async def run(harness: ServiceHarness, *words: str, **settings: str) -> CompletedProcess[str]:
    environment = {**os.environ, **harness.environment(), **settings}
    return await asyncio.to_thread(run_command, words, environment, harness.directory)


async def test_it_shows_a_digest_and_says_once_a_run_that_it_does_not_post_any_more(harness: ServiceHarness) -> None:
    shown = await run(harness, "digest", "--date", "2026-03-02")
    assert shown.stdout.startswith("Sun, Mar 1: ")
    assert shown.stderr == "neo-usage: `digest` only shows the digest now. Add `--post` to have it posted.\n"
    dry = await run(harness, "digest", "--date", "2026-03-02", "--dry-run")
    assert (dry.stdout, dry.stderr) == (shown.stdout, "")
    elsewhere = await run(harness, "digest", "--date", "2026-03-02", DIGEST_CHANNEL="")
    assert (elsewhere.stdout, elsewhere.stderr) == (shown.stdout, "")
    await harness.deliver()
    assert digest_messages(harness.visible("marcus")) == []


async def test_it_has_one_posted_where_that_is_asked_for(harness: ServiceHarness) -> None:
    posted = await run(harness, "digest", "--date", "2026-03-02", "--post")
    assert posted.stdout == "#neo-spend: the service will post it\n", posted.stderr
    again = await run(harness, "digest", "--date", "2026-03-02", "--post")
    assert again.stdout == "#neo-spend: already posted; a channel gets one digest a date\n"
    nowhere = await run(harness, "digest", "--post", DIGEST_CHANNEL="")
    assert (nowhere.returncode, nowhere.stdout) == (USAGE, "")
    assert "DIGEST_CHANNEL is not set, so there is nowhere to post." in nowhere.stderr
    assert (await run(harness, "digest", "--date", "2026-03-02", "--post", "--dry-run")).stdout.startswith("Sun, Mar 1")


async def test_a_week_of_which_nothing_was_read_does_not_cost_nothing(harness: ServiceHarness) -> None:
    assert "Week of Feb 23" in (await run(harness, "digest", "--date", "2026-03-02")).stdout
    unread = (await run(harness, "digest", "--date", "2025-06-02")).stdout
    assert unread.startswith("Sun, Jun 1, 2025: not known yet.")
    assert "$0.00" not in unread
