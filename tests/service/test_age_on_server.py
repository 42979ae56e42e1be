"""On a PostgreSQL server too, what recurs reads by an index however old the ledger is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from benchmarks.years import Years, live
from bot.app import system_clock
from bot.maintenance.copy import copy_ledger
from bot.sandbox.neo import NeoApi
from bot.sandbox.slack.server import SlackApi
from bot.sandbox.slack.workspace import Workspace
from bot.sandbox.world import START, World
from bot.settings.postgres_address import PostgresAddress
from tests.support.acts import fail_task, spend
from tests.support.clock import AdjustableClock
from tests.support.harness import NOON, ServiceHarness
from tests.support.ledgers import place_ledger
from tests.support.postgres import PostgresServer
from tests.support.worlds import MARCUS, PRIYA

pytestmark = pytest.mark.long

DAYS = 400
END = datetime(2026, 1, 25, tzinfo=UTC)
EMAILS = (PRIYA, MARCUS, *(f"old.{n}@acme.example" for n in range(8)))
# what has rows for each day, task or message that ever was
GROWING = {
    "task", "task_detail", "charge", "charge_quarter", "pass", "notification", "living", "failure", "failure_group",
    "crossing", "deferral", "acknowledgement",
}  # fmt: skip
# of what is open or not over, which holds few rows however old the ledger is
OPEN = {
    "ix_living_behind", "ix_deferral_waiting", "ix_failure_group_open", "ix_failure_group_waiting",
    "ix_notification_open", "ix_notification_checked",
}  # fmt: skip
# and what is read from the newest on, as far as the first that will do
NEWEST, FROM_NEWEST = "ORDER BY id DESC LIMIT 1", {"ix_pass_current", "ix_pass_finished"}
LEAST_KNOWN = 60  # forms of statements
Asked = dict[str, Any]


@contextmanager
def watched() -> Iterator[Asked]:
    """Keep each statement that reads or changes rows on a server meanwhile, with values that it had."""
    asked: Asked = {}

    def keep(connection: Any, _cursor: object, sql: str, values: Any, _context: object, many: Any) -> None:
        if connection.dialect.name == "postgresql" and re.match(r"\s*(SELECT|WITH|UPDATE|DELETE)\b", sql):
            asked.setdefault(sql, (values[0] if many else values) or None)

    event.listen(Engine, "before_cursor_execute", keep)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", keep)


@pytest.fixture
def old(postgres: PostgresServer, empty_postgres: PostgresAddress, tmp_path: Path) -> PostgresAddress:
    """A ledger of more than a year, as old as is enough for the server to prefer an index."""
    path = place_ledger(tmp_path / "old.db")
    live(path, Years(END, EMAILS, Workspace.default().channel("neo-spend").id, tasks=20 * DAYS, days=DAYS))
    copy_ledger(path, empty_postgres, lambda _: None)
    postgres.run("ANALYZE", empty_postgres.database)
    return empty_postgres


async def live_on(old: PostgresAddress, directory: Path) -> Asked:
    """Return what is asked while the bot reads, books, alerts, delivers, edits and stands idle."""
    clock, world = AdjustableClock(lambda: START + NOON), World.empty()
    slack = SlackApi(Workspace.default(), clock, system_clock)
    harness = ServiceHarness(directory, old, NeoApi(world, clock), slack, clock)
    harness.settings |= {"ALERT_CHANNEL": "#neo-spend", "SPIKE_ALERTS": "on"}
    try:
        await harness.open()
        await harness.ask("priya", "notify errors on")
        await harness.ask("hannah", "budget @priya 50/day")
        with watched() as asked:
            for usd in (42, 20, 30):
                fail_task(harness, MARCUS, "the vault is sealed")
                await spend(harness, PRIYA, usd)
                await harness.service.alarm.test()
                harness.clock.advance(timedelta(minutes=1, seconds=1))
                await harness.service.jobs.run_every(5)
                await harness.deliver()
    finally:
        await harness.close()
    return asked


def scans(node: Asked, allowed: set[str]) -> Iterator[str]:
    """The parts of a plan that look through the whole of a table that grows, or of an index of all of it."""
    through_all = node["Node Type"] == "Seq Scan" or (
        node["Node Type"].startswith("Index") and "Index Cond" not in node and node["Index Name"] not in allowed
    )
    if node.get("Relation Name") in GROWING and through_all:
        yield f"{node['Node Type']} of {node['Relation Name']} {node.get('Index Name', '')}"
    for part in node.get("Plans", ()):
        yield from scans(part, allowed)


async def test_nothing_that_recurs_looks_through_a_table_that_grows(
    old: PostgresAddress, postgres: PostgresServer, tmp_path: Path
) -> None:
    asked, found = await live_on(old, tmp_path), {}
    assert len(asked) > LEAST_KNOWN
    with postgres.connect(old.database) as connection:
        for sql, values in asked.items():
            plan = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}", values).fetchall()[0][0]
            allowed = OPEN | FROM_NEWEST if NEWEST in sql else OPEN
            if looked := list(scans(plan[0]["Plan"], allowed)):
                found[sql] = looked
    assert found == {}
