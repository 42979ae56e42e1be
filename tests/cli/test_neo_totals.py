"""`reconcile` and `balance` at the terminal: what they print, as text and as JSON, and the exit codes for scripts."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bot.domain import formatting
from bot.sandbox.clock import SimClock
from bot.sandbox.faults import Reshape, Status
from bot.sandbox.http_server import NeoServer
from bot.sandbox.neo import SUMMARY_PATH, NeoApi
from bot.sandbox.summary import Balance, SummaryOptions
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import World
from tests.support.command import run_command
from tests.support.engines import sqlite_only
from tests.support.worlds import MARCUS, PRIYA

pytestmark = sqlite_only("it is about the command line")

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime.now(UTC)  # noqa: TID251 - the command under test has the machine's clock
TODAY = datetime.combine(NOW.date(), time(), UTC)
FIVE_DAYS_AGO = formatting.short_date((TODAY - 5 * DAY).date(), NOW.date())
TWO_DAYS_AGO = formatting.short_date((TODAY - 2 * DAY).date(), NOW.date())
COMPARED = f"I compared {formatting.date_span((TODAY - 6 * DAY).date(), (TODAY - 2 * DAY).date(), NOW.date())} (UTC)."
CREATED = "Neo counts a task on the day it was created."
NOT_COMPARED = "Not compared: Neo's sums by model and by status, and how often and how long tasks ran."
NOT_COMPARED_FIELDS = [
    "by_model", "by_status", "byok.total_streams", "total_steps", "total_tool_calls", "total_agent_triggers",
    "total_execution_ms",
]  # fmt: skip
NAMED = "task marcu-5 isn't in Neo's total"


def world() -> World:
    """A task of each of two people at noon of each of thirty days before yesterday, at three credits a day."""
    world = World.empty(NOW)
    for back in range(2, 32):
        begun = TODAY - back * DAY + 12 * HOUR
        for email, amount in ((PRIYA, "1"), (MARCUS, "2")):
            world.add(SimTask.of(f"{email[:5]}-{back}", Stream(begun, begun + HOUR, Decimal(amount)), email=email))
    return world


@pytest.fixture(scope="module")
def upstream() -> Iterator[NeoServer]:
    with NeoServer(NeoApi(world(), SimClock(lambda: NOW))) as server:
        yield server


@pytest.fixture(scope="module")
def directory(upstream: NeoServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a ledger is that has read everything."""
    directory = tmp_path_factory.mktemp("synced")
    assert "complete: yes" in run(upstream, directory, "sync").stdout
    return directory


@pytest.fixture
def neo(upstream: NeoServer) -> Iterator[NeoApi]:
    yield upstream.api
    upstream.api.faults.clear()
    upstream.api.summary = SummaryOptions()


def run(upstream: NeoServer, directory: Path, line: str) -> CompletedProcess[str]:
    settings = {"NEO_API_URL": upstream.url, "NEO_API_KEY": upstream.api.key, "BYOK_UNIT": "credits"}
    return run_command(tuple(line.split()), settings, directory)


def printed(upstream: NeoServer, directory: Path, line: str, *, code: int = 0) -> str:
    """What a command prints that ends with this code and complains of nothing."""
    done = run(upstream, directory, line)
    assert (done.returncode, done.stderr) == (code, "")
    return done.stdout


def document(upstream: NeoServer, directory: Path, line: str, *, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(upstream, directory, f"{line} --json", code=code))
    return found


# --- reconcile -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("neo")
def test_it_agrees(upstream: NeoServer, directory: Path) -> None:
    assert printed(upstream, directory, "reconcile 7d").splitlines() == [
        f"Agrees with Neo through {TWO_DAYS_AGO}.", COMPARED, CREATED, NOT_COMPARED,
    ]  # fmt: skip
    found = document(upstream, directory, "reconcile 7d")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", found.pop("compared_at"))
    assert found == {
        "agrees": True,
        "first_day": (TODAY - 6 * DAY).date().isoformat(),
        "last_day": (TODAY - 2 * DAY).date().isoformat(),
        "through": (TODAY - 2 * DAY).date().isoformat(),
        "unavailable": None,
        "counted_by": "created",
        "credits_counted": "all",
        "undecided": [],
        "differences": [],
        "member_differences": [],
        "members": [],
        "own_keys": {},
        "tasks_no_longer_listed": 0,
        "not_compared": NOT_COMPARED_FIELDS,
    }


@pytest.mark.slow
def test_a_difference_is_named_and_the_command_ends_with_1(upstream: NeoServer, directory: Path, neo: NeoApi) -> None:
    neo.summary = SummaryOptions(left_out=frozenset({"marcu-5"}))
    assert printed(upstream, directory, "reconcile 7d", code=1).splitlines() == [
        f"Differs from Neo's total on {FIVE_DAYS_AGO}.",
        f"{FIVE_DAYS_AGO}: Neo counts 1.00 credits in 1 task, I count 3.00 credits in 2 tasks; {NAMED}.",
        COMPARED,
        CREATED,
        NOT_COMPARED,
    ]
    found = document(upstream, directory, "reconcile 7d", code=1)
    assert found["agrees"] is False
    (difference,) = found["differences"]
    del difference["since"]
    assert difference == {
        "day": (TODAY - 5 * DAY).date().isoformat(),
        "ours": {"credits": "3", "tasks": 2},
        "neos": {"credits": "1", "tasks": 1},
        "counted": "credits",
        "tasks": [{"task_id": "marcu-5", "problem": "not_counted"}],
    }
    neo.summary = SummaryOptions()
    printed(upstream, directory, "reconcile 7d")


def test_a_task_counted_for_another_person_is_named_and_the_command_ends_with_1(
    upstream: NeoServer, directory: Path, neo: NeoApi
) -> None:
    neo.summary = SummaryOptions(moved={"marcu-5": PRIYA})
    head, *lines, compared, reading, not_compared = printed(upstream, directory, "reconcile 7d", code=1).splitlines()
    assert head == f"Agrees with Neo through {TWO_DAYS_AGO}, but not by person on {FIVE_DAYS_AGO}."
    assert (compared, reading, not_compared) == (COMPARED, CREATED, NOT_COMPARED)
    assert sorted(lines) == [
        f"{FIVE_DAYS_AGO}, {MARCUS}: Neo counts 0.00 credits in 0 tasks, I count 2.00 credits in 1 task.",
        f"{FIVE_DAYS_AGO}, {PRIYA}: Neo counts 3.00 credits in 2 tasks, I count 1.00 credits in 1 task.",
    ]
    found = document(upstream, directory, "reconcile 7d", code=1)
    assert (found["agrees"], found["differences"]) == (False, [])
    hers = next(each for each in found["member_differences"] if each["email"] == PRIYA)
    assert (hers["day"], hers["neos"]) == ((TODAY - 5 * DAY).date().isoformat(), {"credits": "3", "tasks": 2})
    neo.summary = SummaryOptions()
    printed(upstream, directory, "reconcile 7d")


@pytest.mark.slow
def test_amounts_that_differ_every_day_do_not_agree(upstream: NeoServer, directory: Path, neo: NeoApi) -> None:
    factors = {f"{email[:5]}-{back}": Decimal("1.05") for back in range(2, 32) for email in (PRIYA, MARCUS)}
    neo.summary = SummaryOptions(repriced=factors)
    head, line, *_ = printed(upstream, directory, "reconcile 30d", code=1).splitlines()
    assert head.startswith("Differs from Neo's total on ")
    assert line.endswith(
        "Neo counts 88.20 credits in 56 tasks, I count 84.00 credits in 56 tasks; I can't tell which tasks differ."
    )
    assert document(upstream, directory, "reconcile 30d", code=1)["agrees"] is False
    neo.summary = SummaryOptions()
    printed(upstream, directory, "reconcile 30d")


def test_days_that_change_while_they_are_read_do_not_agree(upstream: NeoServer, directory: Path, neo: NeoApi) -> None:
    numbers = count(1)

    def one_more(body: dict[str, Any]) -> dict[str, Any]:
        more, rows = next(numbers), body.get("by_period", [])
        changed = {"by_period": [row | {"tasks": row["tasks"] + more} for row in rows]} if rows else {}
        return body | changed | {"total_tasks": body["total_tasks"] + more}

    neo.faults.when(lambda request: Reshape(one_more) if request.path == SUMMARY_PATH else None)
    assert "I couldn't compare" in printed(upstream, directory, "reconcile 4d", code=1)
    found = document(upstream, directory, "reconcile 4d", code=1)
    assert (found["agrees"], len(found["undecided"]), found["differences"]) == (False, 2, [])
    neo.faults.clear()
    printed(upstream, directory, "reconcile 4d")


def test_without_neos_total_the_command_says_why_and_ends_with_1(
    upstream: NeoServer, directory: Path, neo: NeoApi
) -> None:
    neo.faults.when(lambda request: Status(403) if request.path == SUMMARY_PATH else None)
    why = "the key's owner isn't an admin of the team (403)"
    assert printed(upstream, directory, "reconcile 7d", code=1) == f"Neo's total is not available: {why}.\n"
    found = document(upstream, directory, "reconcile 7d", code=1)
    assert (found["agrees"], found["unavailable"]) == (False, why)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("reconcile by:member", "`reconcile` takes a time only"),
        ("reconcile today", "No whole day in this period can be compared yet."),
        ("reconcile lats week", 'I don\'t know "lats".'),
    ],
)
def test_wrong_use_ends_with_2(upstream: NeoServer, directory: Path, line: str, error: str) -> None:
    done = run(upstream, directory, line)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr


@pytest.mark.parametrize("command", ["reconcile", "balance"])
def test_without_a_key_the_command_ends_with_1(directory: Path, command: str) -> None:
    done = run_command((command,), {}, directory)
    assert (done.returncode, done.stdout) == (1, "")
    assert "NEO_API_KEY" in done.stderr


# --- balance -------------------------------------------------------------------------------------


def test_the_balance_is_printed_with_how_long_it_lasts(upstream: NeoServer, directory: Path, neo: NeoApi) -> None:
    neo.summary = replace(SummaryOptions(), balance=Balance(Decimal(300), NOW, NOW + 90 * DAY - HOUR))
    left, asked = printed(upstream, directory, "balance").splitlines()
    assert left.startswith("Neo says 300.00 credits ($3,000.00) are left. At the pace of the last 28 days, they last ")
    assert f" They expire on {formatting.short_date((NOW + 90 * DAY - HOUR).date(), NOW.date())}." in left
    assert re.fullmatch(r"Asked \d\d:\d\d \(UTC\)\.", asked)
    found = document(upstream, directory, "balance")
    assert (found["available_credits"], found["issued_credits"]) == ("300.00", "300.00")
    # none of yesterday's tasks is there
    assert [found[f"runway_days{each}"] for each in ("", "_shortest", "_longest")] == [103, 100, 116]
    assert (found["is_expired"], found["unavailable"]) == (False, None)


@pytest.mark.usefixtures("neo")
def test_where_neo_does_not_say_the_command_ends_with_1(upstream: NeoServer, tmp_path: Path) -> None:
    why = "Neo doesn't say how many credits are left"
    assert printed(upstream, tmp_path, "balance", code=1) == f"Neo's balance isn't available: {why}.\n"
    found = document(upstream, tmp_path, "balance", code=1)
    assert (found["available_credits"], found["runway_days"], found["unavailable"]) == (None, None, why)
