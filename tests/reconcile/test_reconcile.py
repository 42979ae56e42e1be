"""Comparing with Neo's total: each night and on request, healed where that is the cure, and reported once."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.sandbox.faults import Body, Fault, Hang, Status
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.slack.models import Message
from bot.sandbox.summary import SummaryOptions
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START
from tests.support.app_home import open_home
from tests.support.engines import execute, rows_of
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.neo_totals import DAY, HOUR, asked, leave_out, night, reports
from tests.support.worlds import PRIYA

AGREES = (
    "*Agrees with Neo through Mar 1.*\nI compared Feb 11 – Mar 1 (UTC). Neo counts a task on the day it was created."
)


@pytest.mark.slow
async def test_it_agrees_each_night_and_says_so(harness: ServiceHarness) -> None:
    assert "Neo's total" not in await asked(harness, "status")
    await night(harness)
    assert "Agrees with Neo through Mar 1." in await asked(harness, "status")
    assert last_line(await harness.ask("hannah", "digest")).endswith(" Agrees with Neo through Mar 1.")
    assert "Agrees with Neo through Mar 1." in json.dumps(await open_home(harness, "hannah"))
    assert await asked(harness) == AGREES
    assert reports(harness) == []


def last_line(message: Message) -> str:
    return visible_text(message).rstrip().splitlines()[-1]


async def test_one_request_a_night_is_enough_where_all_agrees(harness: ServiceHarness) -> None:
    await night(harness)
    harness.neo.log.clear()
    await night(harness)
    (request,) = [each for each in harness.neo.log if "group_by" in each.query]
    assert request.query == {"from": "2026-02-11T00:00:00Z", "to": "2026-03-03T00:00:00Z", "group_by": "day"}


@pytest.mark.slow
async def test_a_difference_is_named_reported_once_and_when_it_is_gone(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    for _ in range(3):
        await night(harness)
    (report,) = reports(harness)
    assert "Spend doesn't agree with Neo's total:" in visible_text(report).replace("*", "")
    assert "Feb 26: Neo counts 0.40 credits in 1 task, I count 0.80 credits in 2 tasks" in visible_text(report)
    assert "task priya-4 isn't in Neo's total" in visible_text(report)
    assert "Differs from Neo's total on Feb 26." in await asked(harness, "status")
    harness.neo.summary = SummaryOptions()
    await night(harness)
    await night(harness)
    _, resolved = reports(harness)
    assert "Resolved: spend agrees with Neo's total again" in visible_text(resolved).replace("*", "")
    assert "Agrees with Neo through" in await asked(harness, "status")


@pytest.mark.slow
async def test_another_difference_is_reported_too(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    leave_out(harness, "priya-4", "marcu-7")
    await night(harness)
    assert len(reports(harness)) == 2
    assert "Differs from Neo's total on Feb 23 and Feb 26." in await asked(harness, "status")


@pytest.mark.slow
async def test_of_two_differences_the_end_of_one_is_told_and_the_other_is_no_news(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4", "marcu-7")
    await night(harness)
    leave_out(harness, "priya-4")
    await night(harness, 4)
    assert len(reports(harness)) == 2
    said = visible_text(reports(harness)[-1])
    assert "Feb 23 agrees again; Feb 26: Neo counts 0.40 credits in 1 task" in said
    assert "Differs from Neo's total on Feb 26." in await asked(harness, "status")
    leave_out(harness, "priya-4", "marcu-9")  # by when that is over long ago
    await night(harness)
    assert "agrees again" not in visible_text(reports(harness)[-1])


@pytest.mark.slow
async def test_a_difference_is_no_news_when_another_task_of_its_day_changes(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    harness.neo.world.restate("marcu-4", Decimal(3))
    await night(harness, 2)
    assert len(reports(harness)) == 1
    assert "Feb 26: Neo counts 1.20 credits in 1 task, I count 1.60 credits in 2 tasks" in await asked(harness)


@pytest.mark.slow
async def test_another_difference_of_the_same_day_is_reported_too(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    leave_out(harness, "priya-4", "marcu-4")
    await night(harness, 2)
    assert len(reports(harness)) == 2


@pytest.mark.slow
async def test_a_difference_that_stays_takes_few_requests_a_night(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    harness.neo.log.clear()
    await night(harness)
    asked_for = ["group_by" in each.query for each in harness.neo.log if each.path == SUMMARY_PATH]
    assert sorted(asked_for) == [False] * 3 + [True]  # the balance, the days before and after it, and the comparison
    assert "Differs from Neo's total on Feb 26." in await asked(harness, "status")


@pytest.mark.slow
async def test_a_report_survives_a_restart(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    await harness.restart()
    await night(harness)
    assert len(reports(harness)) == 1


async def test_what_the_ledger_lacks_is_read_again_and_reported_to_nobody(harness: ServiceHarness) -> None:
    await night(harness)
    with harness.service.database.transaction() as connection:
        for table in ("charge", "task_detail"):
            connection.execute(
                text(f"DELETE FROM {table} WHERE task IN (SELECT id FROM task WHERE task_id = 'priya-9')")
            )
        connection.execute(text("DELETE FROM task WHERE task_id = 'priya-9'"))
    assert "Agrees with Neo through Mar 1." in await asked(harness)
    with harness.service.database.transaction() as connection:
        assert connection.execute(text("SELECT count(*) FROM task WHERE task_id = 'priya-9'")).scalar() == 1
    assert reports(harness) == []


@pytest.mark.slow
async def test_a_task_that_is_counted_and_not_listed_is_a_difference(harness: ServiceHarness) -> None:
    begun = START - 3 * DAY - HOUR
    harness.neo.world.add(SimTask.of("hidden", Stream(begun, begun + HOUR, Decimal("5.5")), email=PRIYA))
    harness.neo.hidden = frozenset({"hidden"})
    found = await asked(harness, "reconcile 7d")
    assert "• Feb 27: Neo counts 6.10 credits in 3 tasks, I count 0.60 credits in 2 tasks" in found
    assert "a task is in Neo's total, but Neo doesn't list it" in found


async def test_tasks_that_neo_lists_no_longer_are_no_difference(harness: ServiceHarness) -> None:
    harness.neo.world.remove("priya-4")
    await night(harness)
    agrees = "Agrees with Neo through Mar 1, without 1 task that Neo no longer lists."
    assert agrees in await asked(harness)
    assert agrees in await asked(harness, "status")
    assert agrees in await asked(harness, "reconcile 7d")


async def test_a_task_that_neo_drops_after_a_night_is_not_taken_for_a_reading(harness: ServiceHarness) -> None:
    await night(harness)
    harness.neo.world.remove("priya-4")
    assert (await asked(harness)).startswith(
        "*Agrees with Neo through Mar 1, without 1 task that Neo no longer lists.*\n"
        "I compared Feb 11 – Mar 1 (UTC). Neo counts a task on the day it was created."
    )
    assert reports(harness) == []


async def test_all_days_of_a_comparison_are_read_up_to_now_once(harness: ServiceHarness) -> None:
    await night(harness)
    for task in harness.neo.world.tasks(harness.clock()):
        harness.neo.world.remove(task.task_id)  # as with a key that has lost its rights: on every day
    harness.neo.world.add(SimTask.of("own", Stream(START - HOUR, START, Decimal("0.5")), email=PRIYA))
    before = passes_up_to_now(harness)
    await asked(harness)
    assert passes_up_to_now(harness) - before == 1


def passes_up_to_now(harness: ServiceHarness) -> int:
    (row,) = rows_of(harness.place, "SELECT count(*) FROM pass WHERE kind = 'full'")
    return int(row[0])


async def test_an_amount_that_is_wrong_in_the_ledger_alone_is_read_again(harness: ServiceHarness) -> None:
    await night(harness)
    execute(harness.place, "UPDATE task SET neo_credits = '9.9' WHERE task_id = 'priya-5'")
    assert await asked(harness) == AGREES
    assert rows_of(harness.place, "SELECT neo_credits FROM task WHERE task_id = 'priya-5'") == [("0.5",)]
    assert reports(harness) == []


def add_own(harness: ServiceHarness, *days: int) -> frozenset[str]:
    """Add a task on a key of the team's own on each of so many days ago; return their ids."""
    for back in days:
        begun = START - back * DAY
        stream = Stream(begun, begun + HOUR, llm_cost=Decimal(1), neo_cost=Decimal("0.5"))
        harness.neo.world.add(SimTask.of(f"own-{back}", stream, email=PRIYA, is_byok=True))
    return frozenset(f"own-{back}" for back in days)


@pytest.mark.slow
async def test_costs_on_own_keys_that_differ_on_a_day_are_a_difference(harness: ServiceHarness) -> None:
    harness.neo.summary = SummaryOptions(own_keys_left_out=add_own(harness, 5))
    for _ in range(3):
        await night(harness)
    (report,) = reports(harness)
    assert (
        "Feb 25, tasks on your own model keys: Neo counts costs of 0.00 in 0 tasks, I count costs of 1.00 in 1 task;"
        " task own-5 isn't in Neo's total" in visible_text(report)
    )
    leave_out(harness, "priya-9")
    await night(harness)
    assert "Differs from Neo's total on Feb 21 and Feb 25." in await asked(harness, "status")
    harness.neo.summary = SummaryOptions()
    await night(harness)
    assert "Resolved" in visible_text(reports(harness)[-1])
    assert "Agrees with Neo through" in await asked(harness, "status")


@pytest.mark.slow
async def test_costs_on_own_keys_that_neo_counts_in_its_own_way_are_one_difference_until_all_days_agree(
    harness: ServiceHarness,
) -> None:
    harness.neo.summary = SummaryOptions(own_keys_left_out=add_own(harness, 3, 5, 6, 7, 9))
    await night(harness)
    harness.neo.log.clear()
    await night(harness)
    assert len([each for each in harness.neo.log if each.path == SUMMARY_PATH]) == 2  # the balance, and the comparison
    (report,) = reports(harness)
    assert "Feb 11 – Mar 1: Neo's sums differ from mine in what your own model keys cost, since" in visible_text(report)
    found = await asked(harness)
    assert "*Agrees with Neo through Mar 2, but not in what your own model keys cost.*" in found
    sums = "Neo counts costs of 0.00 in 0 tasks, I count costs of {} in 5 tasks"
    assert f"• Tasks on your own model keys: {sums.format('5.00')}." in found
    assert f"• Neo's cost of tasks on your own model keys: {sums.format('2.50')}." in found
    harness.neo.summary = SummaryOptions()
    await asked(harness, "reconcile 1d")
    assert "but not in what your own model keys cost" in await asked(harness, "status")
    await night(harness)
    assert len(reports(harness)) == 2
    assert "Agrees with Neo through Mar 3." in await asked(harness, "status")


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Status(401), "Neo doesn't accept the key (401)"),
        (Status(403), "the key's owner isn't an admin of the team (403)"),
        (Status(404), "this Neo doesn't offer it (404)"),
        (Status(429), "Neo is limiting requests (429)"),
        (Status(500), "Neo doesn't answer"),
        (Body(b'{"total": 5}'), "I can't read Neo's answer"),
        (Hang(), "Neo gave no answer in time"),
        (Status(413), "Neo's answer is too large"),
    ],
)
async def test_without_neos_total_there_is_no_alarm(closed: ServiceHarness, fault: Fault, why: str) -> None:
    closed.retry_policy = replace(closed.retry_policy, summary=0.3)
    closed.neo.faults.when(lambda request: fault if request.path == SUMMARY_PATH else None)
    await closed.open()
    await night(closed)
    assert f"Neo's total is not available: {why}." in await asked(closed, "status")
    assert (
        await asked(closed)
        == f"*Neo's total is not available: {why}.*\nDays are in UTC. Answers and budgets don't depend on it."
    )
    assert reports(closed) == []


async def test_that_neos_total_is_not_available_is_said_while_a_difference_is_known(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    harness.neo.faults.when(lambda request: Status(403) if request.path == SUMMARY_PATH else None)
    await night(harness)
    said = (
        "Neo's total is not available: the key's owner isn't an admin of the team (403). "
        "When I last compared, it differed on Feb 26."
    )
    assert said in await asked(harness, "status")
    assert last_line(await harness.ask("hannah", "digest")).endswith(said)
    assert said in json.dumps(await open_home(harness, "hannah"))
    assert said in await asked(harness)
    assert len(reports(harness)) == 1


async def test_a_team_without_a_summary_syncs_as_before(harness: ServiceHarness) -> None:
    harness.neo.summary = None
    await night(harness)
    assert harness.service.wiring.context.scheduler.failure is None
    assert "this Neo doesn't offer it (404)" in await asked(harness, "status")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("reconcile by:member", "`reconcile` takes a time only"),
        ("reconcile today", "No whole day in this period can be compared yet"),
        ("reconcile 2027-01", "in the future"),
    ],
)
async def test_what_cannot_be_compared_is_said(harness: ServiceHarness, line: str, answer: str) -> None:
    assert answer in await asked(harness, line)


async def test_a_time_is_understood_as_people_type_it(harness: ServiceHarness) -> None:
    compared = {
        "february": "Feb 11–28",
        "last 30 days": "Feb 11–28",
        "the last 7 days": "Feb 24–28",
        "since february 20": "Feb 20–28",
        "feb 20 - feb 25": "Feb 20–25",
        "from feb 20 to feb 25": "Feb 20–25",
        "2026-02-22": "Feb 22",
        "all of february": "Feb 11–28",
        "all time": "Feb 11–28",
    }
    for time, days in compared.items():
        assert f"I compared {days} (UTC)." in await asked(harness, f"reconcile {time}")


async def test_a_line_to_type_instead_is_one_of_the_command(harness: ServiceHarness) -> None:
    assert "`reconcile last month`" in await asked(harness, "reconcile lats month")


async def test_only_operators_compare(harness: ServiceHarness) -> None:
    assert "Only operators can compare with Neo's total." in visible_text(await harness.ask("priya", "reconcile"))
