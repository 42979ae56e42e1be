"""The same history gives the same rows and the same answers, whichever engine keeps the ledger."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Column, Connection, Table, select
from sqlmodel import SQLModel

from bot.app import App
from bot.database.engine import open_database
from bot.database.rows import Row, rows_by_column
from bot.domain.access import AT_THE_TERMINAL, Caller, RefusedError, Role
from bot.domain.query.errors import QueryError, WhenError
from bot.ledger.question_parsing import parse_question
from bot.outbox.outbox import Outbox
from bot.service.scheduler import BackgroundJob
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.settings.postgres_address import PostgresAddress
from bot.usage.report import ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report
from bot.usage.report_csv import to_csv
from bot.usage.report_document import to_json
from tests.support.bookings import book_random_work
from tests.support.command import run_command
from tests.support.effort import amount
from tests.support.generated_questions import generated_questions
from tests.support.histories import HANNAH, History, new_history
from tests.support.ledgers import new_database, place_ledger
from tests.support.messages import visible_text
from tests.support.worlds import MARCUS, PRIYA

pytestmark = pytest.mark.slow

QUESTIONS = amount(2_000, 1_000)  # of each ledger
CALLERS = (AT_THE_TERMINAL, AT_THE_TERMINAL, Caller(Role.MEMBER, PRIYA), Caller(Role.MEMBER, "zoe@acme.example"))
# in some histories all that was set aside is booked in the end
SELDOM_FILLED = {"quarantine"}
# what is of the machine's time, of chance, or of the order in which messages to several channels happen to arrive
BY_CHANCE = {
    "slack_request": {"taken_at", "key"},  # of a form it is made from what the workspace calls its view
    "notification": {"ledger", "token"},
    "living": {"token", "expires_at"},
    "lease": {"holder"},
}
# ids that stand in no key: of what is there already, PostgreSQL uses up an id that SQLite gives to the next
RENUMBERED = {"living", "notification", "outgoing_act", "snooze"}
# what is posted to several channels at once, or looked up for several members, is numbered as it happens to arrive
ORDER = {"living": ("thing", "destination", "ts"), "notification": ("stem", "destination")}
COMMANDS = (
    "report", "report 7d by:member", "errors", "errors 2d status:error", "errors model:opus", "explain team",
    f"explain {PRIYA}", "explain o'brien@acme.example", f"explain {HANNAH}", f"explain {MARCUS}", "budget list",
    "member list", "status", "digest", "subscription list",
)  # fmt: skip
AS_OF = re.compile(r"Data as of [^\n.]*")  # the pass after which it was edited last
FORM = {"digest": ("--dry-run",)}  # of what has no JSON


@dataclass
class Lived:
    """A ledger after a history."""

    history: History
    app: App


@pytest.fixture(autouse=True)
def _nothing_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let jobs run when the history says so, and to their end: by seconds the slower engine would do other things."""
    monkeypatch.setattr("bot.service.jobs.Jobs.table", lambda _jobs, _poll_seconds: [])
    monkeypatch.setattr("bot.service.jobs.BackgroundJob", lambda name, call, _max_wait: BackgroundJob(name, call, 60))
    tick = Outbox.tick

    async def deliver(outbox: Outbox) -> None:
        await tick(outbox)
        await outbox.wait_idle()  # before anything else is read, which a message would show or not

    monkeypatch.setattr(Outbox, "tick", deliver)


async def lived(directory: Path, place: DatabasePlace, seed: int) -> Lived:
    history = new_history(directory, place, seed)
    try:
        await history.live()
    finally:
        await history.harness.close()
    return Lived(history, history.harness.app())


@pytest.mark.long
@pytest.mark.parametrize("seed", range(amount(8, 1)))
async def test_the_same_history_gives_equal_rows(seed: int, postgres_ledger: PostgresAddress, tmp_path: Path) -> None:
    both = [await lived(tmp_path, place, seed) for place in (place_ledger(tmp_path / "ledger.db"), postgres_ledger)]
    assert_equal_rows(*(rows(each) for each in both))
    for words in COMMANDS:
        ours, theirs = (printed(each, words) for each in both)
        assert ours == theirs, words
    first, second = (sorted(seen(each.history)) for each in both)
    assert first == second


@pytest.mark.long
@pytest.mark.parametrize("seed", range(amount(16, 1)))
async def test_the_same_tasks_give_equal_answers(seed: int, postgres_ledger: PostgresAddress, tmp_path: Path) -> None:
    with closing(new_database(tmp_path / "ledger.db")) as ours, closing(open_database(postgres_ledger)) as theirs:
        now = book_random_work([ours, theirs], seed)
        found = [await each.read(lambda connection: list(answers(connection, seed, now))) for each in (ours, theirs)]
    for (line, caller), mine, other in zip(asked(seed), *found, strict=False):
        assert mine == other, f"{line!r} asked by {caller}"
    assert sum(each.startswith("answer") for each in found[0]) > QUESTIONS / 2


# --- rows ----------------------------------------------------------------------------------------


def assert_equal_rows(ours: Mapping[str, list[Row]], theirs: Mapping[str, list[Row]]) -> None:
    for table in ours:
        assert ours[table] == theirs[table], table
    assert {table for table, found in ours.items() if not found} <= SELDOM_FILLED


def rows(ledger: Lived) -> dict[str, list[Row]]:
    """Every row of every table, without what is by chance."""
    with ledger.app.ledger.reader() as connection:
        found = {
            table: rows_by_column(connection, select(table).order_by(*_order(table)))
            for table in SQLModel.metadata.sorted_tables
        }
    places = {name: _places(found[SQLModel.metadata.tables[name]]) for name in RENUMBERED}
    return {table.name: [_certain(table, row, places) for row in of_table] for table, of_table in found.items()}


def _order(table: Table) -> list[Column[Any]]:
    return [table.c[name] for name in ORDER[table.name]] if table.name in ORDER else list(table.primary_key)


def _places(of_table: list[Row]) -> dict[int, int]:
    return {row["id"]: place for place, row in enumerate(of_table)}


def _certain(table: Table, row: Row, places: Mapping[str, Mapping[int, int]]) -> Row:
    kept = {name: value for name, value in row.items() if name not in BY_CHANCE.get(table.name, ())}
    for column in table.c:
        owners = [key.column.table.name for key in column.foreign_keys] + [table.name] * (column.name == "id")
        if kept.get(column.name) is not None and (owner := next(iter(RENUMBERED.intersection(owners)), None)):
            kept[column.name] = places[owner][kept[column.name]]
    for name in {"ts", "thread"} & kept.keys():
        kept[name] = kept[name] and kept[name].partition(".")[0]
    if kept.get("key") == "ledger_id":
        kept["value"] = "its own"
    return kept


def seen(history: History) -> Iterator[tuple[str, str]]:
    """What everybody has been told, each in their own place."""
    harness = history.harness
    for user in ("hannah", "priya", "marcus"):
        for message in (*harness.visible(user), *harness.dm(user)):
            yield user, AS_OF.sub("", visible_text(message))


# --- answers -------------------------------------------------------------------------------------


def asked(seed: int) -> Iterator[tuple[str, Caller]]:
    """Questions with those who ask them."""
    return zip(islice(generated_questions(seed), QUESTIONS), cycle(CALLERS), strict=False)


def answers(connection: Connection, seed: int, now: datetime) -> Iterator[str]:
    """The answers as data and as CSV, or why there is none."""
    policy = ReportPolicy.from_settings(load({"TIMEZONE": "Europe/Berlin"}, Path()))
    for line, caller in asked(seed):
        try:
            question = parse_question(connection, caller, line, now=now, zone=policy.zone, failing=policy.failing)
            report = build_report(connection, ReportRequest(question, caller, now), policy)
        except (QueryError, WhenError, RefusedError) as error:
            yield f"{type(error).__name__} {error}"
        else:
            yield f"answer {to_json(report)}\n{to_csv(report)}"


# --- commands ------------------------------------------------------------------------------------


def printed(ledger: Lived, words: str) -> str:
    """What a command prints as JSON at the end of the history, but for what is of the ledger or by chance."""
    harness = ledger.history.harness
    environment = {**harness.environment(), "PATH": ""}
    with time_machine.travel(harness.clock(), tick=False):
        ended = run_command((*words.split(), *FORM.get(words, ("--json",))), environment, harness.directory)
    assert ended.returncode == 0, ended.stderr
    text = re.sub(r"\b(\d{10})\.\d{6}\b", r"\1", ended.stdout)  # the second of a message's arrival
    return re.sub(r'"database_bytes": \d+', "", text)
