"""Comparing by person: a task that Neo counts for another person is reported once, by name, and nothing else is."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.sandbox.faults import Reshape
from bot.sandbox.neo import SUMMARY_PATH
from bot.sandbox.summary import SummaryOptions
from tests.support.app import merge
from tests.support.engines import always_on_both, execute, rows_of
from tests.support.harness import ServiceHarness
from tests.support.life import run
from tests.support.messages import visible_text
from tests.support.neo_totals import asked, move, night, reports
from tests.support.restoring import copy_ledger, restore_copy, run_for
from tests.support.worlds import MARCUS, PRIYA

HERS = "Feb 26, Priya Raman: Neo counts 0.00 credits in 0 tasks, I count 0.40 credits in 1 task"
HIS = "Feb 26, Marcus Delgado: Neo counts 0.80 credits in 2 tasks, I count 0.40 credits in 1 task"
MOVED = {"priya-4": MARCUS}


def summaries(harness: ServiceHarness) -> int:
    return len([each for each in harness.neo.log if each.path == SUMMARY_PATH])


# --- what is reported ----------------------------------------------------------------------------


@pytest.mark.slow
@always_on_both
async def test_a_task_counted_for_another_person_is_reported_once_and_when_that_is_over(
    harness: ServiceHarness,
) -> None:
    move(harness, MOVED)
    await night(harness, 3)
    (report,) = reports(harness)
    said = visible_text(report)
    assert "Spend doesn't agree with Neo's total:" in said.replace("*", "")
    assert HERS in said
    assert HIS in said
    assert "Agrees with Neo through Mar 3, but not by person on Feb 26." in await asked(harness, "status")
    move(harness, {})
    await night(harness, 2)
    _, resolved = reports(harness)
    assert "Resolved: spend agrees with Neo's total again" in visible_text(resolved).replace("*", "")
    assert "Agrees with Neo through Mar 5." in await asked(harness, "status")


@pytest.mark.slow
async def test_one_that_stays_takes_one_request_a_night(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    harness.neo.log.clear()
    await night(harness)
    assert summaries(harness) == 2  # the balance, and the comparison
    assert len(reports(harness)) == 1


async def test_it_is_shown_to_operators_who_ask(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    found = await asked(harness)
    assert "*Agrees with Neo through Feb 28, but not by person on Feb 26.*" in found
    assert f"\u2022 {HERS}." in found
    assert f"\u2022 {HIS}." in found


@pytest.mark.slow
async def test_more_of_it_is_reported_and_what_is_over_of_it(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    move(harness, {**MOVED, "marcu-7": PRIYA})
    await night(harness, 2)
    assert len(reports(harness)) == 2
    assert "but not by person on Feb 23 and Feb 26." in await asked(harness, "status")
    move(harness, {"marcu-7": PRIYA})
    await night(harness, 2)
    assert len(reports(harness)) == 3
    assert "Feb 26 agrees again; Feb 23, " in visible_text(reports(harness)[-1])
    assert "but not by person on Feb 23." in await asked(harness, "status")


@pytest.mark.slow
async def test_people_are_compared_while_another_day_differs_in_total(harness: ServiceHarness) -> None:
    harness.neo.summary = SummaryOptions(moved=MOVED, left_out=frozenset({"marcu-9"}))
    await night(harness, 3)
    (report,) = reports(harness)
    assert HERS in visible_text(report)
    assert "task marcu-9 isn't in Neo's total" in visible_text(report)


@pytest.mark.slow
async def test_it_is_kept_while_days_differ_in_total(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    harness.neo.summary = SummaryOptions(moved=MOVED, left_out=frozenset({"marcu-9"}))
    await night(harness)
    assert len(reports(harness)) == 2
    assert HERS in visible_text(reports(harness)[-1])
    harness.neo.summary = SummaryOptions(moved=MOVED)
    await night(harness, 2)
    assert "Feb 21 agrees again; Feb 26, " in visible_text(reports(harness)[-1])
    assert "but not by person on Feb 26." in await asked(harness, "status")


@pytest.mark.slow
async def test_more_than_three_days_are_one_difference_until_all_of_them_agree(harness: ServiceHarness) -> None:
    move(harness, {f"priya-{day}": MARCUS for day in (3, 5, 7, 9)})
    await night(harness, 2)
    harness.neo.log.clear()
    await night(harness)
    assert summaries(harness) == 2
    (report,) = reports(harness)
    differs = "Spend doesn't agree with Neo's total: Feb 11 – Mar 1: Neo's sums differ from mine by person, since"
    assert differs in visible_text(report).replace("*", "")
    found = await asked(harness)
    assert "*Agrees with Neo through Mar 3, but not by person.*" in found
    assert "\u2022 Priya Raman: Neo counts 4.10 credits in 6 tasks, I count 6.50 credits in 10 tasks." in found
    move(harness, {})
    await asked(harness, "reconcile 1d")
    assert "but not by person." in await asked(harness, "status")
    await night(harness)
    _, resolved = reports(harness)
    assert "Resolved: spend agrees with Neo's total again" in visible_text(resolved).replace("*", "")
    assert "Agrees with Neo through Mar 4." in await asked(harness, "status")


@pytest.mark.slow
@pytest.mark.parametrize("privacy", ["anonymous", "operators"])
async def test_a_channel_learns_no_name_that_alert_privacy_keeps_from_it(closed: ServiceHarness, privacy: str) -> None:
    closed.settings |= {"OPS_CHANNEL": "#neo-spend", "ALERT_PRIVACY": privacy}
    await closed.open()
    move(closed, MOVED)
    await night(closed)
    (report,) = reports(closed)
    said = visible_text(report)
    assert "Feb 26, a member: Neo counts 0.80 credits in 2 tasks" in said
    assert not [each for each in ("Priya", "Marcus", PRIYA, MARCUS) if each in said]
    assert HERS in await asked(closed)


# --- what is no difference -----------------------------------------------------------------------


def reported(harness: ServiceHarness) -> list[str]:
    """The reports of differences."""
    return [said for each in reports(harness) if "Neo counts" in (said := visible_text(each))]


async def has_no_difference(harness: ServiceHarness) -> bool:
    await night(harness)
    assert reported(harness) == []
    found = await asked(harness)
    return found.startswith("*Agrees with Neo through Mar 1.*\nI compared ")


async def departed(harness: ServiceHarness) -> None:
    harness.neo.summary = SummaryOptions(departed=frozenset({MARCUS}))


async def erased(harness: ServiceHarness) -> None:
    await run(harness, "member", "erase", MARCUS, "--yes")


async def merged(harness: ServiceHarness) -> None:
    with harness.service.database.transaction() as connection:
        merge(harness.service.app, harness.service.database, connection, MARCUS, PRIYA)


async def nameless(harness: ServiceHarness) -> None:
    for task in harness.neo.world.tasks(harness.clock()):
        if task.email == MARCUS:
            harness.neo.world.add(replace(task, email=None))


async def nameless_once(harness: ServiceHarness) -> None:
    (task,) = [each for each in harness.neo.world.tasks(harness.clock()) if each.task_id == "marcu-4"]
    harness.neo.world.add(replace(task, email=None))


async def handed_over(harness: ServiceHarness) -> None:
    (task,) = [each for each in harness.neo.world.tasks(harness.clock()) if each.task_id == "marcu-4"]
    harness.neo.world.add(replace(task, email=PRIYA))


async def renamed(harness: ServiceHarness) -> None:
    for task in harness.neo.world.tasks(harness.clock()):
        if task.email == MARCUS:
            harness.neo.world.add(replace(task, email="m.delgado@acme.example"))


@pytest.mark.slow
@pytest.mark.parametrize("change", [departed, erased, merged, nameless_once, handed_over, renamed])
async def test_what_changes_on_one_side_alone_is_no_difference(
    harness: ServiceHarness, change: Callable[[ServiceHarness], Awaitable[None]]
) -> None:
    await change(harness)
    assert await has_no_difference(harness)


@pytest.mark.slow
@pytest.mark.parametrize("change", [handed_over, nameless_once])
async def test_a_task_that_changed_its_owner_is_read_again_when_operators_ask(
    harness: ServiceHarness, change: Callable[[ServiceHarness], Awaitable[None]]
) -> None:
    await night(harness)
    await change(harness)
    assert (await asked(harness)).startswith("*Agrees with Neo through Mar 1.*\nI compared ")


@pytest.mark.slow
async def test_tasks_that_lost_their_emails_are_reported_to_nobody(harness: ServiceHarness) -> None:
    await nameless(harness)
    await night(harness, 2)
    assert reported(harness) == []


@pytest.mark.slow
async def test_without_sums_by_person_nothing_is_new_and_nothing_over(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    without = Reshape(lambda body: {name: value for name, value in body.items() if name != "by_email"})
    harness.neo.faults.when(lambda request: without if request.path == SUMMARY_PATH else None)
    await night(harness)
    assert len([each for each in reports(harness) if "Resolved" in visible_text(each)]) == 0


# --- merged, erased, restored --------------------------------------------------------------------


@pytest.mark.slow
async def test_whoever_is_merged_differs_no_more(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    await merged(harness)
    await harness.service.jobs.run_every(60)
    await harness.deliver()
    _, resolved = reports(harness)
    assert "Resolved" in visible_text(resolved)


@pytest.mark.slow
async def test_nothing_is_left_of_whoever_is_erased(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    await run(harness, "member", "erase", PRIYA, "--yes")
    stored = json.dumps(rows_of(harness.place, "SELECT value FROM note")) + json.dumps(
        rows_of(harness.place, "SELECT said FROM incident")
    )
    assert "priya" not in stored.lower()
    await night(harness, 2)
    assert len([each for each in reports(harness) if "Resolved" not in visible_text(each)]) == 1


@pytest.mark.slow
async def test_a_difference_is_a_part_of_what_is_exported_of_a_person(harness: ServiceHarness) -> None:
    move(harness, MOVED)
    await night(harness)
    exported = json.loads((await run(harness, "member", "export", PRIYA)).stdout)
    (row,) = exported["neo_total_differences"]
    assert (row["day"], row["tasks"], row["neos_tasks"]) == ("2026-02-26", 1, 0)


@pytest.mark.slow
@always_on_both
async def test_one_that_was_reported_since_a_copy_was_made_is_known_after_its_restore(
    harness: ServiceHarness,
) -> None:
    copy = copy_ledger(harness)
    move(harness, MOVED)
    await night(harness)
    await restore_copy(harness, copy)
    await run_for(harness)
    await night(harness)
    assert len(reports(harness)) == 1
    assert HERS in await asked(harness)
    move(harness, {})
    await night(harness, 2)
    assert len(reports(harness)) == 2


@pytest.mark.slow
async def test_a_ledger_that_has_a_task_at_another_person_is_reported(harness: ServiceHarness) -> None:
    await night(harness)
    execute(
        harness.place,
        "UPDATE task SET member = (SELECT id FROM member WHERE email = :email) WHERE task_id = 'marcu-4'",
        {"email": PRIYA},
    )
    await night(harness)
    (report,) = reports(harness)
    assert "Feb 26, Priya Raman: Neo counts 0.40 credits in 1 task, I count 0.80 credits in 2 tasks" in visible_text(
        report
    )
