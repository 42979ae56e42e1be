"""What recurs costs the same at three years of history as at a month: every statement that really runs is looked at."""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.years import Years, live
from bot.app import system_clock
from bot.capability import After
from bot.domain.timestamps import to_us
from bot.ledger.verification import verify
from bot.sandbox.faults import Status
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.faults import Refuse, Reset
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from tests.support.acts import fail_task, spend
from tests.support.clock import AdjustableClock
from tests.support.engines import sqlite_only
from tests.support.harness import NOON, ServiceHarness
from tests.support.ledgers import place_ledger
from tests.support.messages import notifications, visible_text
from tests.support.service import nightly_pruning
from tests.support.statements import Asked, Statements, again, plan, watched
from tests.support.worlds import MARCUS, PRIYA, spent

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
END = datetime(2026, 1, 25, tzinfo=UTC)  # of the years that were lived: before what a nightly pass reads again
EMAILS = (PRIYA, MARCUS, *(f"old.{n}@acme.example" for n in range(8)))
MONTH = 30  # days that the young ledger is old

# what a team adds to day by day, or by each of its budgets; other tables are as large as the team is
GROWING = {
    "task", "task_detail", "charge", "charge_quarter", "pass", "notification", "living", "failure", "failure_group",
    "crossing", "deferral", "budget_revision", "budget_request", "acknowledgement", "digest", "incident", "home_viewer",
    "slack_link_change",
}  # fmt: skip
# indexes of what is open, which holds few rows however old the ledger is: all of them may be looked through
GROWTH, SLACK = 1.2, 1_500  # a step is a fraction of a microsecond, and a count of them is coarse
LEAST_KNOWN = 180  # forms of statements, that nobody may think they are looked at if nothing was asked
OPEN = {
    "ix_living_behind",
    "ix_deferral_waiting",
    "ix_failure_group_open",
    "ix_failure_group_waiting",
    "ix_incident_open",
}
# and what is read from the newest on, as far as the first that will do: the steps tell how far that is
NEWEST = "ORDER BY id DESC LIMIT 1"


pytestmark = sqlite_only("it counts the steps of SQLite's own machine")


@dataclass(frozen=True)
class Lived:
    """Ledgers to be copied: of a month, and of three years."""

    young: Path
    old: Path


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    directory = tmp_path_factory.mktemp("lived")
    made = Lived(directory / "young.db", directory / "old.db")
    channel = Workspace.default().channel("neo-spend").id
    for path, days in ((made.young, MONTH), (made.old, 3 * 365)):
        place_ledger(path)
        live(path, Years(END, EMAILS, channel, tasks=30 * days, days=days))
        with closing(sqlite3.connect(path)) as connection:
            values = [(kind, to_us(END), *[to_us(START + NOON - MINUTE)] * 2) for kind in ("nightly", "weekly")]
            connection.executemany(_LATELY, values)
            connection.execute("INSERT INTO note (key, value) VALUES ('pruned_at', ?)", (to_us(START + NOON - MINUTE),))
            connection.commit()
    return made


# so that neither is due: what was lived is not in the upstream that goes on from there
_LATELY = """INSERT INTO pass (kind, window_from, window_to, started_at, finished_at, complete, pages, tasks, new,
grown, restated, quarantined) VALUES (?, 0, ?, ?, ?, 1, 1, 0, 0, 0, 0, 0)"""


async def a_day(path: Path, directory: Path) -> Statements:
    """What is asked in a day of a service that has the ledger of that path: by seconds, minutes, bookings, messages."""
    ledger = Path(shutil.copy(path, directory / "ledger.db"))
    clock, world = AdjustableClock(lambda: START + NOON), World.empty()
    slack = SlackApi(Workspace.default(), clock, system_clock)
    harness = ServiceHarness(directory, ledger, NeoApi(world, clock), slack, clock)
    harness.settings |= {
        "ALERT_CHANNEL": "#neo-spend",
        "DIGEST_CHANNEL": "#neo-spend",
        "SPIKE_ALERTS": "on",
    }
    with watched() as statements:
        try:
            await harness.open()
            await _live_on(harness, statements)
        finally:
            await harness.close()
    return statements


async def _live_on(harness: ServiceHarness, statements: Statements) -> None:
    await harness.ask("priya", "notify errors on")
    for line in ("budget @priya 100/month", "budget @priya 50/day", "budget team 1000/week"):
        await harness.ask("hannah", line)
    with statements.kept():
        await _looks_and_spends(harness)
    await harness.ask("priya", "snooze 2h")
    await harness.ask("priya", "budget request 900/month")
    with statements.kept():
        await _is_lost_and_found(harness)
    for member in range(8):
        spent(harness.neo.world, harness.clock(), f"old.{member}@acme.example", 30)
    await harness.sync()
    await harness.ask("hannah", "budget default 10/month")
    with statements.kept():
        await harness.deliver()
        await _goes_on(harness, 10 * HOUR, 5 * HOUR)  # to the digest, the night between
        await _is_away(harness)


async def _looks_and_spends(harness: ServiceHarness) -> None:
    """App Home is opened, tasks end well and fail, steps are passed, messages are posted and edited."""
    for user in ("priya", "hannah"):
        await harness.slack.open_home(user)
        await harness.idle()
    for usd in (42, 20, 30):
        fail_task(harness, PRIYA, f"the vault of {usd} is sealed")
        fail_task(harness, MARCUS, "the vault is sealed")
        await spend(harness, PRIYA, usd)
        await harness.service.alarm.test()
        await harness.service.jobs.run_after(After.CONNECTION_CHANGE)
        await nightly_pruning(harness.service).tick()  # which looks whether it is time
        harness.clock.advance(MINUTE + SECOND)
        await harness.service.jobs.run_every(5)


async def _is_lost_and_found(harness: ServiceHarness) -> None:
    """What was asked for is decided, a message may have arrived and is looked for, one was deleted, a snooze ends."""
    await harness.deliver()
    (request,) = [each for each in notifications(harness.dm("hannah")) if "asks for" in visible_text(each)]
    await harness.press("hannah", request, "budget_decline", harness.workspace.im_of("U0HANNAH").id)
    (first, *_) = notifications(harness.visible("marcus"))
    first.deleted = True
    harness.slack.faults.on("chat.postMessage", Reset(done=True))
    await spend(harness, PRIYA, 60)
    for _ in range(10):
        harness.clock.advance(15 * SECOND)
        await harness.deliver()
    await _goes_on(harness, 3 * HOUR, 3 * HOUR)


async def _is_away(harness: ServiceHarness) -> None:
    """Slack lets nobody in until what is owed is too old, then Neo is away until it is an incident."""
    harness.slack.faults.always = Refuse("token_expired")
    await spend(harness, PRIYA, 90)
    harness.clock.advance(5 * DAY)
    await harness.service.jobs.run_every(1)
    harness.slack.faults.clear()
    harness.neo.faults.always = Status(503)
    await _goes_on(harness, 3 * HOUR)
    harness.neo.faults.clear()
    await _goes_on(harness, HOUR)
    await harness.service.jobs.run_every(5)


async def _goes_on(harness: ServiceHarness, by: timedelta, step: timedelta = HOUR) -> None:
    until = harness.clock() + by
    while harness.clock() < until:
        harness.clock.advance(step)
        await harness.sync()


def test_what_was_lived_is_lawful(lived: Lived) -> None:
    assert not any(verify(lived.old).values())


@pytest.mark.long
async def test_nothing_that_recurs_looks_through_a_table_that_grows_or_works_more_than_when_the_ledger_was_young(
    lived: Lived, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    young = await a_day(lived.young, tmp_path_factory.mktemp("young"))
    old = await a_day(lived.old, tmp_path)
    path = tmp_path / "ledger.db"
    assert len(old.by_form) > LEAST_KNOWN
    assert {asked.sql: scans for asked in old.by_form.values() if (scans := _scans(path, asked))} == {}
    assert _dearer(old.by_form, young.by_form) == {}
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ANALYZE")
    assert {asked.sql: scans for asked in old.by_form.values() if (scans := _scans(path, asked))} == {}
    assert _dearer({each: again(path, asked) for each, asked in old.by_form.items()}, old.by_form) == {}


def _dearer(some: Mapping[str, Asked], others: Mapping[str, Asked]) -> dict[str, tuple[int, int]]:
    """The statements that take more steps than those of the same form among the others, with both numbers."""
    pairs = {each.sql: (each.steps, others[name].steps if name in others else 0) for name, each in some.items()}
    return {sql: (steps, before) for sql, (steps, before) in pairs.items() if steps > GROWTH * before + SLACK}


_NAMED = re.compile(r"(?:FROM|JOIN|UPDATE(?: OR \w+)?|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(\w+))?")
_SCANNED = re.compile(r"^SCAN (\w+)(?: USING(?: COVERING)? INDEX (\w+))?")


def _scans(path: Path, asked: Asked) -> list[str]:
    """The parts of a statement's plan that look through the whole of a table that grows."""
    if asked.sql.rstrip().endswith(NEWEST):
        return []
    names = {alias or table: table for table, alias in _NAMED.findall(asked.sql)}
    parts = [(line, match) for line in plan(path, asked.sql) if (match := _SCANNED.match(line))]
    return [line for line, match in parts if names.get(match[1], match[1]) in GROWING and match[2] not in OPEN]
