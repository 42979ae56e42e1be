"""RETAIN_DAYS: details of old tasks go at night; every amount stays, and whoever asks for what is gone is told so."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path

import msgspec
import pytest
import structlog
from sqlalchemy import Connection

from bot.app import build
from bot.database.engine import Database
from bot.doctor.check import CheckState
from bot.doctor.ledger import ledger_checks
from bot.domain.access import AT_THE_TERMINAL, Caller, RefusedError, Role
from bot.domain.formatting import utc
from bot.domain.query.errors import QueryError, WhenError
from bot.domain.tasks import Task
from bot.ledger.question_parsing import parse_question
from bot.ledger.retention import details_deleted_before, prune_details
from bot.ledger.verification import verify
from bot.maintenance.prune import Pruning
from bot.sandbox.tasks import Stream
from bot.sandbox.world import START, World
from bot.settings.database_place import DatabasePlace
from bot.settings.environment import load
from bot.usage.report import Report, ReportPolicy, ReportRequest
from bot.usage.report_builder import build_report
from tests.support.bookings import ANA, NOW, book_random_work, book_tasks
from tests.support.command import run_command
from tests.support.effort import amount
from tests.support.engines import always_on_both, rows_of, url_of
from tests.support.generated_questions import generated_questions
from tests.support.harness import ServiceHarness
from tests.support.ledgers import broken_laws
from tests.support.messages import visible_text
from tests.support.service import nightly_pruning
from tests.support.worlds import MARCUS, PRIYA, add

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD, RECENT = START - 45 * DAY, START - 5 * DAY
GONE = "No longer kept: titles, errors, tools and agents of tasks up to Jan 16."
TEXTS = "SELECT count(*) FROM task_detail WHERE coalesce(title, error_message, tools, agents) IS NOT NULL"
CALLERS = (AT_THE_TERMINAL, AT_THE_TERMINAL, Caller(Role.MEMBER, PRIYA))


# --- every answer stays ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("seed", range(amount(8, 1)))
async def test_all_answers_stay_as_they_were_but_for_the_details(
    database: Database, place: DatabasePlace, seed: int
) -> None:
    now = book_random_work([database], seed)
    before = await database.read(lambda connection: list(reports(connection, seed, now)))
    with database.transaction() as connection:
        prune_details(connection, now, 0, 4 * DAY)
    after = await database.read(lambda connection: list(reports(connection, seed, now)))
    assert [without_details(each) for each in after] == [without_details(each) for each in before]
    changed = [
        each for was, each in zip(before, after, strict=True) if replace(each, details_deleted_before=None) != was
    ]
    assert changed
    assert all(each.lacks_details for each in changed)
    assert broken_laws(place) == {}


def reports(connection: Connection, seed: int, now: datetime) -> Iterator[Report]:
    """The answers to questions in which anything stands beside anything, as far as there are any."""
    policy = ReportPolicy.from_settings(load({"TIMEZONE": "Europe/Berlin"}, Path()))
    for line, caller in zip(islice(generated_questions(seed), amount(2_000, 300)), cycle(CALLERS), strict=False):
        try:
            question = parse_question(connection, caller, line, now=now, zone=policy.zone, failing=policy.failing)
            yield build_report(connection, ReportRequest(question, caller, now), policy)
        except (QueryError, WhenError, RefusedError):
            continue


def without_details(report: Report) -> Report:
    """The answer without what may be deleted of it."""
    if report.question.counts_only:
        report = replace(report, groups=(), groups_omitted=0, omitted_nanos=0)
    return replace(
        report,
        rows=tuple(replace(each, title=None, error_message=None) for each in report.rows),
        details=tuple(replace(each, title=None, error_message=None, tools={}, agents={}) for each in report.details),
        details_deleted_before=None,
    )


# --- one night after the other -----------------------------------------------------------------------


def old_tasks(count: int) -> list[Task]:
    return [
        Task(
            task_id=f"t{number}", model="m", status="completed", created_at=NOW - 100 * DAY + number * HOUR / 60,
            email=ANA, neo_credits=Decimal(1), title="a title",
        )
        for number in range(count)
    ]  # fmt: skip


async def test_many_tasks_are_done_in_several_transactions_and_one_that_is_cut_off_is_made_up_for(
    database: Database, place: DatabasePlace
) -> None:
    book_tasks(database, *old_tasks(2_500), now=NOW - 99 * DAY)
    with database.transaction() as connection:
        first = prune_details(connection, NOW, 0, 30 * DAY)
        assert details_deleted_before(connection) is not None
    assert first.rows == 1_000
    assert rows_of(place, TEXTS) == [(1_500,)]
    app = build(load({"DATABASE_URL": url_of(place)}))
    nightly = Pruning(database, app.capabilities(database), app.settings.timezone, lambda: NOW, 30 * DAY)
    book_tasks(database, msgspec.structs.replace(old_tasks(1)[0], task_id="new", created_at=NOW - DAY), now=NOW)
    assert (await nightly.prune())["details"] == 1_500
    assert rows_of(place, TEXTS) == [(1,)]
    assert (await nightly.prune())["details"] == 0
    assert not any(verify(place).values())


def test_what_goes_on_keeps_its_details_as_long_as_what_is_new(database: Database) -> None:
    task = old_tasks(1)[0]
    book_tasks(database, task, now=NOW - 99 * DAY)
    book_tasks(database, msgspec.structs.replace(task, title="more"), now=NOW - 20 * DAY)
    with database.transaction() as connection:
        assert prune_details(connection, NOW, 0, 30 * DAY).rows == 0
        assert details_deleted_before(connection) is None
        assert prune_details(connection, NOW + 11 * DAY, 0, 30 * DAY).rows == 1


# --- through the front door --------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    """Priya's task of January failed, Marcus' one of February did well."""
    world = World.empty()
    tools = {"tools": {"nuclei": (7, 61_000)}, "agents": {"recon": 2}}
    add(
        world, "old", "3", email=PRIYA, begun=OLD, title="scan of payroll", status="error",
        error_message="the vault is sealed", model="opus", **tools,
    )  # fmt: skip
    add(world, "recent", "1", email=MARCUS, begun=RECENT, title="quiet", model="haiku", **tools)
    return world


@pytest.fixture
async def pruned(closed: ServiceHarness) -> ServiceHarness:
    """A bot after a night in which the details of January went."""
    closed.settings |= {"RETAIN_DAYS": "30", "HISTORY_DAYS": "60"}
    await closed.open()
    with structlog.testing.capture_logs() as log:
        await nightly_pruning(closed.service).tick()
    assert [each["details"] for each in log if each["event"] == "pruned"] == [1]
    return closed


async def asked(harness: ServiceHarness, line: str, user: str = "hannah") -> str:
    return visible_text(await harness.ask(user, line))


@pytest.mark.slow
@always_on_both
async def test_sums_stay_and_answers_that_lack_details_say_so(pruned: ServiceHarness) -> None:
    for line in ("team 60d by:member", "team 60d by:model", "team 60d by:day", "team 60d by:status"):
        answer = await asked(pruned, line)
        assert "$40.00" in answer
        assert "No longer kept" not in answer
    assert GONE not in await asked(pruned, "team 7d rows")
    rows = await asked(pruned, "team 60d rows")
    assert GONE in rows
    assert "quiet" in rows
    assert "payroll" not in rows
    tools = await asked(pruned, "team 60d by:tool")
    assert GONE in tools
    assert re.search(r"nuclei\D+7\D", tools)
    errors = await asked(pruned, "errors team 60d")
    assert "1 of 2 tasks failed" in errors
    assert GONE in errors
    assert "sealed" not in errors


async def test_a_task_by_its_id_says_what_is_no_longer_kept(pruned: ServiceHarness) -> None:
    old = await asked(pruned, "task:old", "priya")
    assert "$30.00" in old
    assert old.count("no longer kept") == 3  # its title, tools and agents
    assert GONE in old
    recent = await asked(pruned, "task:recent", "marcus")
    assert "nuclei 7 calls" in recent
    assert "o longer kept" not in recent


@pytest.mark.slow
async def test_a_late_update_counts_once_and_its_details_go_again(pruned: ServiceHarness) -> None:
    world, now = pruned.neo.world, pruned.clock()
    task = next(each for each in world.tasks(now) if each.task_id == "old")
    world.add(task.with_stream(Stream(now - HOUR, now - HOUR / 2, credits=Decimal(2), tools={"bash": (1, 9)})))
    await pruned.app().sync(full=True, progress=lambda _: None, on_wait=lambda _: None)
    assert "$60.00" in await asked(pruned, "team 61d")
    assert "scan of payroll" in await asked(pruned, "team 61d rows")
    pruned.clock.advance(40 * DAY)
    await pruned.sync()
    await nightly_pruning(pruned.service).prune()
    assert "payroll" not in await asked(pruned, "team 120d rows")
    assert "$60.00" in await asked(pruned, "team 120d")
    assert broken_laws(pruned.place) == {}


async def test_status_and_doctor_say_what_is_deleted(pruned: ServiceHarness) -> None:
    assert GONE in await asked(pruned, "status")
    assert "No longer kept" not in await asked(pruned, "status", "priya")
    (check,) = [each for each in ledger_checks(pruned.app()) if each.what == "details"]
    assert check.state is CheckState.OK
    assert check.finding.endswith("are kept for 30 days; those of tasks up to Jan 16 are deleted")


@pytest.mark.parametrize(
    ("words", "lacks"),
    [
        ("report 2026-01..2026-03 rows", True),
        ("report 2026-01..2026-03 by:tool", True),
        ("report task:old", True),
        ("errors 2026-01..2026-03", True),
        ("report 2026-01..2026-03", False),
        ("report task:recent", False),
        ("errors 2026-03", False),
    ],
)
async def test_answers_as_data_say_if_details_are_deleted(pruned: ServiceHarness, words: str, *, lacks: bool) -> None:
    command = (*words.split(), "--json")
    answer = await asyncio.to_thread(run_command, command, pruned.environment(), pruned.directory)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    before = utc(OLD + timedelta(seconds=1)) if lacks else None
    assert document.get("details_deleted_before") == before


async def test_without_the_setting_everything_is_kept(closed: ServiceHarness) -> None:
    closed.settings |= {"HISTORY_DAYS": "60"}
    await closed.open()
    assert "details" not in await nightly_pruning(closed.service).prune()
    assert "scan of payroll" in await asked(closed, "team 60d rows")
    assert "No longer kept" not in await asked(closed, "status")
    assert not [each for each in ledger_checks(closed.app()) if each.what == "details"]
