"""The life of somebody whom a service knows in every way, and the search for what it knows of her."""

import asyncio
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from bot.settings.database_place import DatabasePlace
from tests.support.acts import fail_task, spend
from tests.support.command import run_command
from tests.support.dump import dump
from tests.support.engines import execute
from tests.support.harness import ServiceHarness
from tests.support.worlds import HOUR, MARCUS, PRIYA, add, spent

_REPORTS = (
    f"INSERT INTO incident (name, said, began_at, ended_at) VALUES ('scope', 'Neo hides {PRIYA.upper()}', 1, 2)",
    f"INSERT INTO quarantine (key, reason, first_seen_at, last_seen_at, last_pass) VALUES ('k', 'of {PRIYA}', 1, 1, 0)",
    "UPDATE pass SET error = 'at a row of <@U0PRIYA>' WHERE id = 1",
    f"UPDATE notification SET error = 'not read by {PRIYA}' WHERE id = (SELECT min(id) FROM notification)",
)
NAMING: dict[str, Any] = {
    "title": f"help {PRIYA}, who is <@U0PRIYA>",
    "error_message": f"{PRIYA.upper()}: the vault of Priya  Raman is sealed",
    "tools": {f"mail to {PRIYA}": (1, 5)},
    "agents": {"Priya Raman's agent": 2},
}
"""What a task of somebody else says of her."""
OTHERS = "names-her"  # that task's name
HERS = "priya"  # in her address, her Slack id, her direct messages' id, her name and her tasks' titles


async def live(harness: ServiceHarness) -> None:
    """Start a service, and have it know Priya in every way: she spends, fails, asks, snoozes, subscribes, is named."""
    harness.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on", "SPIKE_FLOOR": "5"}
    names = {"tools": {"priya_scan": (3, 9)}, "agents": {"Priya's agent": 2}}
    spent(harness.neo.world, harness.clock(), PRIYA, 40, title="port scan of Priya's box", **names)
    add(harness.neo.world, OTHERS, "1", email=MARCUS, begun=harness.clock() - HOUR - timedelta(seconds=1), **NAMING)
    await harness.open()
    await harness.ask("priya", "notify errors on")
    lines = (
        f"link @priya {PRIYA}",
        "@priya this month",
        'budget @priya 50/month reason:"Priya Raman is on a pentest"',
        f'budget @marcus 200/month reason:"as {PRIYA} has"',
        "subscribe @priya this month every monday 09:00",
        "snooze @marcus 1h covers for @priya",
    )
    for line in lines:
        await harness.ask("hannah", line)
    await harness.slack.open_home("priya")
    await harness.ask("priya", "subscribe this week every day 10:00", harness.workspace.im_of("U0PRIYA").id)
    await harness.ask("priya", 'budget request 900/month reason:"Priya needs it"')
    await harness.deliver()
    fail_task(harness, PRIYA, "the vault of priya is sealed", title="priya's recon")
    await spend(harness, PRIYA, 30, title="for priya")
    await harness.ask("priya", "snooze 2h")
    spent(harness.neo.world, harness.clock(), PRIYA, 60)
    await harness.service.jobs.sync()  # what it brings about waits to be sent


def report_her(place: DatabasePlace) -> None:
    """Have her named where operators are told of what is wrong: no program of ours does, but one may have done."""
    for statement in _REPORTS:
        execute(place, statement)


async def run(harness: ServiceHarness, *words: str, **settings: str) -> CompletedProcess[str]:
    environment = {**os.environ, **harness.environment(), **settings}
    return await asyncio.to_thread(run_command, words, environment, harness.directory)


def texts_about_her(place: DatabasePlace) -> Iterator[tuple[str, object]]:
    """Every cell of the database that names her, with its table."""
    for table, rows in dump(place).items():
        yield from ((table, cell) for row in rows for cell in row if HERS in str(cell).lower())


def files_about_her(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir() if each.is_file() and HERS.encode() in each.read_bytes().lower()]
