"""Ledgers of every earlier schema, with messages on their way: each is there once, whichever version had sent it."""

import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.database.engine import open_database
from bot.database.schema import newest_revision
from bot.domain.timestamps import to_us
from bot.outbox.destinations import ChannelDestination, Destination, ResolvedChannel
from bot.outbox.outbox import Outbox
from bot.outbox.renderers import Renderers, RenderRequest
from bot.outbox.rules import DeliveryTiming
from bot.sandbox.slack.models import Message
from bot.sandbox.slack.server import SlackApi, SlackServer
from bot.sandbox.slack.workspace import Workspace
from bot.shipped import shipped
from bot.slack import blocks
from bot.slack.templates import Templates
from bot.slack.workspace import connect_workspace
from tests.support.earlier_schemas import at_schema
from tests.support.engines import sqlite_only

pytestmark = sqlite_only("no earlier version kept a ledger on PostgreSQL")

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
WHERE = Workspace.default().channel("neo-spend").id
TIMES = DeliveryTiming(request=2, unconfirmed=60, pace=0)


def insert_notification(path: Path, key: str, state: str, topic: str | None = None) -> None:
    """Insert a row as earlier versions wrote it: made ten minutes ago, claimed nine ago."""
    at, claimed = (to_us(START - timedelta(minutes=minutes)) for minutes in (10, 9))
    begun = state != "pending"
    with closing(sqlite3.connect(path)) as connection, connection:
        if topic is not None:
            connection.execute(
                "INSERT INTO living (thing, destination, wanted, shown, editable, reposted) VALUES (?,?,1,0,1,0)",
                (topic, f"channel:{WHERE}"),
            )
        connection.execute(
            "INSERT INTO notification (stem, destination, living, state, created_at, next_at, attempts, checks,"
            " channel, token, claimed_at, expires_at, unsure_at)"
            " VALUES (?,?,(SELECT id FROM living WHERE thing = ?),?,?,?,?,0,?,?,?,?,?)",
            (
                key, f"channel:{WHERE}", topic, state, at, at, int(begun), WHERE if begun else None,
                "dead" if state == "sending" else None, claimed if begun else None, claimed + 30_000_000,
                claimed if state == "unsure" else None,
            ),
        )  # fmt: skip


class Addresses:
    async def find(self, destination: Destination) -> ResolvedChannel:
        assert isinstance(destination, ChannelDestination)
        return ResolvedChannel(destination.name)


async def _render_event(request: RenderRequest) -> blocks.Message | None:
    return blocks.paragraph(request.dedup_key)


async def _render_current(request: RenderRequest) -> blocks.Message | None:
    return blocks.paragraph(f"{request.topic} as it is")


@asynccontextmanager
async def delivering(path: Path, slack: SlackApi, now: list[datetime]) -> AsyncIterator[Outbox]:
    database = open_database(path)
    renderers = Renderers({"note": _render_event}, {"topic": _render_current}, Templates(shipped("templates")))
    async with SlackServer(slack) as server, connect_workspace(slack.workspace.bot_token, server.api_url) as workspace:
        yield Outbox(database, workspace, renderers, Addresses(), lambda: now[0], TIMES)
    database.close()


def post_message(slack: SlackApi, key: str) -> None:
    """Post a message as an earlier version did, nine minutes ago."""
    workspace = slack.workspace
    metadata = {"event_type": "neo_usage_notification", "event_payload": {"key": f"{key}:channel:{WHERE}"}}
    stamp = workspace.stamp(START - timedelta(minutes=9))
    workspace.post(WHERE, Message(stamp, workspace.bot_user, key, metadata=metadata, bot_id=workspace.bot_id))


@pytest.mark.slow
@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(3, 14)])
async def test_what_an_earlier_version_owed_is_told_once(tmp_path: Path, revision: str) -> None:
    path, now = tmp_path / "ledger.db", [START]
    slack = SlackApi(Workspace.default(), lambda: now[0])
    at_schema(path, revision)
    insert_notification(path, "note:pending", "pending")
    for state in ("sending", "unsure"):
        for arrived in ("arrived", "lost"):
            insert_notification(path, f"note:{state}-{arrived}", state)
        post_message(slack, f"note:{state}-arrived")
    insert_notification(path, "note:parent", "sending", "topic:one")
    post_message(slack, "note:parent")
    async with delivering(path, slack, now) as outbox:
        for _ in range(40):
            await outbox.tick()
            await outbox.wait_idle()
            now[0] += timedelta(seconds=20)
        texts = Counter(each.text for each in slack.workspace.channels[WHERE].messages if not each.deleted)
        with closing(sqlite3.connect(path)) as connection:
            states = {row[0] for row in connection.execute("SELECT state FROM notification")}
    assert states == {"sent"}
    names = ["pending", *(f"{state}-{how}" for state in ("sending", "unsure") for how in ("arrived", "lost"))]
    assert texts == Counter([*(f"note:{name}" for name in names), "topic:one as it is"])


def test_what_nobody_waits_for_still_lets_the_rest_go_first(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    at_schema(path, "0013")
    calm, urgent = ["decided:1", "request:1", "welcome"], ["crossing:1", "digest:C1:2026-03-02", "requests:1"]
    for key in (*calm, *urgent):
        insert_notification(path, key, "pending")
    open_database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT urgent, stem FROM notification ORDER BY stem").fetchall()
    assert [key for is_urgent, key in rows if not is_urgent] == calm
    assert [key for is_urgent, key in rows if is_urgent] == urgent


Contents = dict[str, list[dict[str, object]]]

# what a column holds in a row of each table, where it is no number, no moment and no mere text
_VALUES = {
    "stem": "welcome", "destination": "user:U0PRIYA", "thing": "budget:1:month:2026-03", "state": "sent",
    "unit": "month", "period": "2026-03", "day": "2026-03-01", "email": "priya@acme.example", "audience": "dm",
    "decision": "TOLD", "deferred": "", "outcome": "LOWER", "fate": "owed", "told_on": "2026-03-01",
}  # fmt: skip
_NOTHING = {"merged_into", "covered_by", "check_at", "ended_at", "closed_at", "error", "ending"}


def a_row_in_each_table(path: Path) -> Contents:
    """Fill every table with a row; returns what each holds."""
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
    )
    with closing(sqlite3.connect(path)) as connection, connection:
        names = [name for (name,) in connection.execute(tables)]
        for name in names:
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            values = [_value(column, kind) for _, column, kind, *_ in columns]
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {name} VALUES ({marks})", values)
        return contents(connection, names)


def _value(column: str, kind: str) -> object:
    if column in _NOTHING:
        return None
    if kind.startswith(("INT", "BIGINT", "BOOL")):
        return to_us(START) if kind == "BIGINT" and column.endswith("_at") else 1
    return _VALUES.get(column, "x")


_SUMMED_AGAIN = "narrowed_quarter"  # by the next booking: 0021 keeps more of these totals


def contents(connection: sqlite3.Connection, names: Iterable[str]) -> Contents:
    """The rows of tables, by column."""
    found: Contents = {}
    for name in names:
        rows = connection.execute(f"SELECT * FROM {name}")
        columns = [column for column, *_ in rows.description]
        found[name] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


def shared(rows: Contents, others: Contents) -> Contents:
    """The rows of the tables that both have, in the columns that both have."""
    return {
        name: [{column: row[column] for column in row.keys() & others[name][0].keys()} for row in rows[name]]
        for name in others
    }


def declared(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    return set(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))


@pytest.mark.slow
@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, int(newest_revision()))])
def test_every_row_of_every_table_outlives_an_upgrade(tmp_path: Path, revision: str) -> None:
    path, fresh = tmp_path / "ledger.db", tmp_path / "fresh.db"
    at_schema(path, revision)
    before = a_row_in_each_table(path)
    assert {len(rows) for rows in before.values()} == {1}
    before.pop(_SUMMED_AGAIN, None)
    for each in (path, fresh):
        open_database(each).close()
    with closing(sqlite3.connect(path)) as connection, closing(sqlite3.connect(fresh)) as anew:
        after = contents(connection, before)
        assert shared(after, before) == shared(before, after)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert declared(connection) == declared(anew)
