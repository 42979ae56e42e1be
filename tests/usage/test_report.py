"""A report as text and as CSV: every kind of answer, and hostile text that stays text."""

import asyncio
import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import event

from bot.app import App
from bot.failures.report import error_document
from bot.ledger.members import member_summaries
from bot.ledger.scope import EVERYTHING
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START, World
from bot.usage.durations import ago
from bot.usage.report_builder import terminal_report
from bot.usage.report_csv import safe_cell, to_csv
from bot.usage.report_document import to_json
from bot.usage.report_printer import print_report
from bot.usage.status import ledger_status, to_document
from bot.usage.status_printer import print_status
from tests.support.app import errors_of, report_of
from tests.support.fixtures import Wire

HOSTILE = "\x1b[31mred\x1b[0m\u202ereversed\u202c [bold]markup[/bold]\nsecond line\t=1+1"
HOUR = timedelta(hours=1)

_OF_STREAM = ("status", "error_message", "tools", "agents", "llm_cost", "neo_cost")


def add(world: World, name: str, credits_used: str | None, **others: Any) -> None:
    begun = others.pop("begun", START - 3 * HOUR)
    amount = None if credits_used is None else Decimal(credits_used)
    values: dict[str, Any] = {key: others.pop(key) for key in _OF_STREAM if key in others}
    stream = Stream(
        begun, begun + HOUR, credits=amount, steps=3, llm_ms=90_000, tool_ms=800, total_ms=9_000_000, **values
    )
    world.add(SimTask.of(name, stream, **others))


@pytest.fixture
def asked(world: World, wire: Wire) -> App:
    add(
        world,
        "aaaa-1",
        "4",
        email="ana@acme.example",
        title=HOSTILE,
        tools={"nuclei": (7, 61_000)},
        agents={"recon": 2},
    )
    add(world, "bbbb-2", "0.0000001", email="bo@acme.example", status="error", error_message=HOSTILE)
    add(world, "cccc-3", None, email="=cmd|'/c calc'!A1@acme.example", status="failed", title=None)
    add(world, "dddd-4", None, email="ana@acme.example", is_byok=True, llm_cost=Decimal(2), neo_cost=Decimal("0.1"))
    add(world, "eeee-5", "1", email="ana@acme.example", begun=START - timedelta(days=6))
    app = wire()
    asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))
    return app


def text(app: App, line: str, later: timedelta = timedelta(0)) -> str:
    console = Console(file=io.StringIO(), width=160, markup=False, highlight=False)
    print_report(report_of(app, line), console, app.clock() + later, timedelta(minutes=10))
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    return shown


@pytest.mark.parametrize(
    ("line", "few"),
    [
        ("email:ana@acme.example", 4),
        ("today email:ana@acme.example", 4),  # with all of yesterday, and its same part
        ("task:aaaa-1", 5),
        ("task:cccc-3", 5),
    ],
)
def test_a_question_about_one_member_or_task_takes_few_statements(asked: App, line: str, few: int) -> None:
    statements: list[str] = []

    def keep(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    with asked.ledger.reader() as connection:
        event.listen(connection, "before_cursor_execute", keep)
        report = terminal_report(connection, asked.settings, line, asked.clock())
    assert report.total.tasks > 0
    assert len(statements) <= few, statements


@pytest.mark.parametrize(
    "line",
    [
        "rows",
        "task:aaaa-1",
        "task:bbbb-2",
        "by:member",
        "by:tool",
        "by:agent,member",
        "by:day,status",
        "by:member,model",
    ],
)
def test_hostile_text_reaches_no_terminal(asked: App, line: str) -> None:
    shown = text(asked, f"7d {line}")
    assert not set(shown) & {"\x1b", "\u202e", "\t", "\r"}


def test_the_headline_has_both_ends_and_what_is_unknown(asked: App) -> None:
    shown = text(asked, "7d")
    assert "$71.00 (7.10 credits) · 5 tasks, 1 with unknown cost · 2 failed (<$0.01 in this period)" in shown
    assert "BYOK amounts are read as credits: unit assumed" in shown
    assert "Data as of 09:00 (UTC)" in shown


def test_nothing_is_compared_with_the_time_before_anything_was_spent(asked: App) -> None:
    assert report_of(asked, "7d").previous is not None  # in data, it is nothing
    assert "the 7 days before" not in text(asked, "7d")
    assert "$61.00 more than the same part of yesterday ($0.00)" in text(asked, "today")


def test_what_is_unknown_is_never_nothing(asked: App) -> None:
    shown = text(asked, "7d by:status")
    assert "unknown" in next(line for line in shown.splitlines() if line.startswith("failed"))
    assert "Cost unknown · 1 task, 1 with unknown cost · 1 failed (cost unknown)" in text(asked, "7d status:failed")
    assert "unknown" in text(asked, "7d rows status:failed")


def test_data_counts_what_is_unknown_and_csv_leaves_it_out(asked: App) -> None:
    failed = json.loads(to_json(report_of(asked, "7d status:failed by:member")))
    assert (failed["total"]["tasks"], failed["total"]["tasks_without_cost"]) == (1, 1)
    (group,) = failed["groups"]
    assert (group["tasks"], group["tasks_without_cost"]) == (1, 1)
    assert "tasks_without_cost" not in json.loads(to_json(report_of(asked, "7d by:tool")))["groups"][0]
    rows = csv.DictReader(io.StringIO(to_csv(report_of(asked, "7d by:status"))))
    of_status = {each["status"]: (each["spend_usd"], each["share"], each["tasks"]) for each in rows}
    assert of_status["failed"] == ("", "", "1")
    assert of_status["error"][0] == "0.000001000"
    (total,) = csv.DictReader(io.StringIO(to_csv(report_of(asked, "7d status:failed"))))
    assert (total["spend_usd"], total["failed_usd"], total["tasks_without_cost"]) == ("", "", "1")


def test_the_unknown_cost_of_failures_and_of_a_person_is_null(asked: App) -> None:
    errors = error_document(errors_of(asked, "7d"))
    assert (errors["failed_usd"], errors["failed_tasks_without_cost"]) == ("0.000001000", 1)
    of_status = {each["status"]: (each["spend_usd"], each["tasks_without_cost"]) for each in errors["groups"]}
    assert of_status == {"failed": (None, 1), "error": ("0.000001000", 0)}
    assert error_document(errors_of(asked, "7d status:failed"))["failed_usd"] is None
    with asked.ledger.reader() as reader:
        people = {each.email: (each.known_nanos, each.without_cost) for each in member_summaries(reader)}
    assert people.pop("=cmd|'/c calc'!a1@acme.example") == (None, 1)
    assert all(nanos is not None for nanos, _ in people.values())


def test_a_task_in_full(asked: App) -> None:
    shown = text(asked, "task:dddd-4")
    assert "$21.00 ($1.00 to Neo, $20.00 to the model provider)" in shown
    assert "(own key)" in shown
    assert "nuclei 7 calls, 1 min" in text(asked, "task:aaaa")


def test_what_is_cut_is_counted(asked: App) -> None:
    assert "and 2 more, <$0.01" in text(asked, "7d by:member top:1")
    days = text(asked, "7d by:day")
    assert "Feb 24" in days
    assert "Feb 24 to Mar 2, at most $61.00" in days


def test_an_empty_answer_says_why(asked: App) -> None:
    shown = text(asked, "2026-01-02 model:nonesuch")
    assert "No tasks match. Try without `model:nonesuch`: `2026-01-02`" in shown


def test_it_says_when_data_is_stale_or_incomplete(asked: App) -> None:
    assert "out of date (60 min ago): run `neo-usage sync`" in text(asked, "7d", later=HOUR)
    assert "Incomplete: the history I have starts Dec 2, 2025" in text(asked, "2025-11")


def test_a_period_that_was_never_read_is_unknown_and_no_zero(asked: App) -> None:
    for line in ("2025-11", "2025-11 model:opus"):
        unread = text(asked, line)
        assert "Cost unknown · 0 tasks" in unread
        assert "I haven't read this period from Neo yet." in unread
        assert "$0.00" not in unread


def test_a_tiny_share_is_written_without_an_exponent() -> None:
    assert [safe_cell(share) for share in (0.000022, 0.5, 1.0, 0.0)] == ["0.000022", 0.5, 1.0, 0.0]


def test_csv_cells_are_no_formulas(asked: App) -> None:
    lines = list(csv.reader(io.StringIO(to_csv(report_of(asked, "7d rows")))))
    assert lines[0] == ["task", "created_at", "member", "model", "status", "title", "spend_usd"]
    assert len(lines) == 6
    assert next(line for line in lines if line[0] == "cccc-3")[2].startswith("'=cmd")
    total = list(csv.DictReader(io.StringIO(to_csv(report_of(asked, "7d")))))
    assert total[0]["spend_usd"] == "71.000001000"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("@sum", "'@sum"),
        ("-1.50", "-1.50"),
        ("a=b", "a=b"),
        (5, 5),
        ("\t=1", "'=1"),
        ("\n\uff1d1", "'\uff1d1"),
        ("a\x1bb\u202e", "ab"),
    ],
)
def test_a_cell_that_begins_like_a_formula_is_text(cell: object, safe: object) -> None:
    assert safe_cell(cell) == safe


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "just now"), (300, "5 min ago"), (7_300, "2 h ago"), (200_000, "2 days ago")]
)
def test_how_long_ago(seconds: int, words: str) -> None:
    assert ago(timedelta(seconds=seconds)) == words


def test_the_status_as_text_and_as_data(asked: App) -> None:
    with asked.ledger.reader() as reader:
        found = ledger_status(reader, EVERYTHING, 1_048_576, asked.clock())
    document = to_document(found, asked.clock() + timedelta(minutes=20), 600)
    assert (document["stale"], document["tasks"], document["tasks_without_cost"]) == (True, 5, 1)
    console = Console(file=io.StringIO(), width=160, markup=False)
    print_status(found, document, console, asked.settings.timezone, asked.clock())
    shown: str = console.file.getvalue()  # type: ignore[attr-defined]
    assert "5 tasks of 3 members, 1 with unknown cost\n" in shown
    assert "0 messages pending, 0 sent\n" in shown
    assert "No rejected rows\n" in shown
    assert "09:00 (UTC), out of date" in shown
