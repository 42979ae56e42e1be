"""What Neo counts a task by: each reading is recognized and named, and what is wrong beside it is found."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.sandbox.listing import FiltersBy
from bot.sandbox.summary import CountsBy, SummaryOptions
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import START
from tests.support.harness import ServiceHarness
from tests.support.messages import visible_text
from tests.support.neo_totals import DAY, HOUR, asked, leave_out, move, night, reports
from tests.support.worlds import MARCUS, PRIYA

MIDNIGHT = START.replace(hour=0) - 5 * DAY  # at which February 25 begins
SECOND = HOUR / 3600
HALF_HOUR = HOUR / 2

CREATED = "Agrees with Neo through Mar 1"
LISTED = "Agrees with Neo through Mar 1, which counts a task on the days for which it lists it"
EXECUTION = "Fits Neo's total through Mar 1, which counts a task on the day of its first or last run"
SPREAD = "Fits Neo's total through Mar 1, which counts a task on each day it ran"


def add_late(harness: ServiceHarness) -> None:
    """Add a task that is created before a midnight, executed first just after it, and again two days later."""
    streams = (
        Stream(MIDNIGHT + 5 * SECOND, MIDNIGHT + HALF_HOUR, Decimal(2)),
        Stream(MIDNIGHT + 2 * DAY, MIDNIGHT + 2 * DAY + HALF_HOUR, Decimal(1)),
    )
    harness.neo.world.add(SimTask.of("late", *streams, email=PRIYA, created_at=MIDNIGHT - 5 * SECOND))


def count_by(harness: ServiceHarness, lists_by: FiltersBy, counts_by: CountsBy) -> None:
    harness.neo.filters_by = lists_by
    harness.neo.summary = SummaryOptions(counts_by)


@pytest.mark.parametrize(
    ("lists_by", "counts_by", "text"),
    [
        ("created", "created", CREATED),
        ("any", "any", LISTED),
        ("streams", "streams", LISTED),
        ("created", "first", EXECUTION),
        ("created", "ended", EXECUTION),
        ("created", "any", SPREAD),
        ("created", "streams", SPREAD),
    ],
)
async def test_each_reading_is_named_wherever_the_result_is_shown(
    harness: ServiceHarness, lists_by: FiltersBy, counts_by: CountsBy, text: str
) -> None:
    add_late(harness)
    count_by(harness, lists_by, counts_by)
    await night(harness)
    assert f"{text}." in await asked(harness, "status")
    assert f"{text}." in visible_text(await harness.ask("hannah", "digest"))
    found = await asked(harness)
    assert f"*{text}.*" in found
    on_which_day = text.partition("which counts a task ")[2] or "on the day it was created"
    assert f"Neo counts a task {on_which_day}" in found
    assert reports(harness) == []


@pytest.mark.slow
async def test_a_reading_is_remembered_so_that_one_request_is_enough(harness: ServiceHarness) -> None:
    add_late(harness)
    count_by(harness, "created", "ended")
    await night(harness)
    harness.neo.log.clear()
    await night(harness)
    assert len([each for each in harness.neo.log if "group_by" in each.query]) == 1
    assert "Fits Neo's total through Mar 2" in await asked(harness, "status")
    assert "Fits Neo's total through Mar 2" in await asked(harness, "reconcile 3d")  # none of which tells


@pytest.mark.slow
async def test_what_is_wrong_beside_a_reading_is_named(harness: ServiceHarness) -> None:
    add_late(harness)
    harness.neo.world.restate("priya-3", Decimal("1.7"))  # so that its amount tells it from the other of its day
    harness.neo.summary = SummaryOptions("ended", left_out=frozenset({"priya-3"}))
    await night(harness, 2)
    (report,) = reports(harness)
    assert "Feb 27: Neo counts 3.30 credits in 2 tasks, I count 0.81 credits in 2 tasks" in visible_text(report)
    assert "task priya-3 isn't in Neo's total" in visible_text(report)


@pytest.mark.slow
async def test_own_keys_are_compared_from_a_quiet_moment_on_where_tasks_count_when_they_end(
    harness: ServiceHarness,
) -> None:
    for back in range(3, 9):  # each day one begins in place of another that ends, so that most days agree
        begun = MIDNIGHT + (5 - back) * DAY - HALF_HOUR
        own = Stream(begun, begun + HOUR, llm_cost=Decimal(back), neo_cost=Decimal(1))
        harness.neo.world.add(SimTask.of(f"own-{back}", own, email=PRIYA, is_byok=True))
    count_by(harness, "created", "ended")
    await night(harness, 2)
    assert reports(harness) == []
    assert f"{EXECUTION.replace('Mar 1', 'Mar 2')}." in await asked(harness, "status")
    harness.neo.summary = SummaryOptions("ended", own_keys_left_out=frozenset({"own-5"}))
    await night(harness)
    (report,) = reports(harness)
    assert "task own-5 isn't in Neo's total" in visible_text(report)


@pytest.mark.slow
async def test_people_are_compared_on_the_days_that_agree(harness: ServiceHarness) -> None:
    add_late(harness)
    count_by(harness, "created", "ended")
    move(harness, {"priya-8": MARCUS})
    await night(harness)
    (report,) = reports(harness)
    assert "Feb 22, Priya Raman: Neo counts 0.00 credits in 0 tasks, I count 0.80 credits in 1 task" in visible_text(
        report
    )


# --- what was before the ledger --------------------------------------------------------------------


def add_old(harness: ServiceHarness, *task_ids: str) -> None:
    """Add tasks of the time before the ledger's start."""
    begun = START - 24 * DAY
    for task_id in task_ids:
        harness.neo.world.add(SimTask.of(task_id, Stream(begun, begun + HOUR, Decimal(5)), email=PRIYA))


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["left_out", "doubled"])
@pytest.mark.parametrize("before", ["left_out", "doubled", "hidden"])
async def test_whatever_is_wrong_before_the_ledger_explains_nothing_later(
    harness: ServiceHarness, before: str, wrong: str
) -> None:
    add_old(harness, "old-1", "old-2")
    faults: dict[str, frozenset[str]] = {"left_out": frozenset(), "doubled": frozenset()}
    if before == "hidden":
        harness.neo.hidden = frozenset({"old-1"})
    else:
        faults[before] |= {"old-1"}
    faults[wrong] |= {"priya-3"}
    harness.neo.summary = SummaryOptions(left_out=faults["left_out"], doubled=faults["doubled"])
    await night(harness)
    said = {"left_out": "isn't in Neo's total", "doubled": "is in Neo's total twice"}[wrong]
    assert f"task priya-3 {said}" in visible_text(reports(harness)[0])


# --- a window's ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("includes_end", [True, False])
async def test_what_is_created_at_midnight_sharp_is_no_difference(
    harness: ServiceHarness, *, includes_end: bool
) -> None:
    harness.neo.summary = SummaryOptions(includes_end=includes_end)
    for days in range(3):
        begun = MIDNIGHT + (5 - days) * DAY
        own = Stream(begun, begun + HOUR, llm_cost=Decimal(1), neo_cost=Decimal("0.5"))
        harness.neo.world.add(SimTask.of(f"own-{days}", own, email=PRIYA, is_byok=True))
        plain = Stream(begun, begun + HOUR, Decimal(1))
        harness.neo.world.add(SimTask.of(f"plain-{days}", plain, email=MARCUS))
    await night(harness)
    assert reports(harness) == []
    assert (await asked(harness)).startswith(f"*{CREATED}.*\n")
    harness.neo.log.clear()
    assert (await asked(harness, "reconcile 7d")).startswith(f"*{CREATED}.*\n")
    assert [each for each in harness.neo.log if each.path.endswith("tasks")] == []  # nothing was looked into


# --- amounts -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("task_ids", [("priya-4",), ("priya-4", "marcu-4"), ("priya-4", "marcu-7", "priya-9")], ids=len)
async def test_tasks_with_another_amount_are_named(harness: ServiceHarness, task_ids: tuple[str, ...]) -> None:
    harness.neo.summary = SummaryOptions(repriced=dict.fromkeys(task_ids, Decimal("1.01")))
    await night(harness, 2)
    (report,) = reports(harness)
    for task_id in task_ids:
        assert f"task {task_id} has another amount in Neo's total" in visible_text(report)


@pytest.mark.slow
async def test_amounts_that_differ_on_many_days_are_one_difference(harness: ServiceHarness) -> None:
    harness.neo.summary = SummaryOptions(repriced={f"priya-{day}": Decimal("1.01") for day in range(3, 9)})
    await night(harness, 2)
    (report,) = reports(harness)
    assert "6 days from Feb 22 to Feb 27: Neo counts" in visible_text(report)


@pytest.mark.slow
async def test_tasks_that_are_missing_and_tasks_that_count_twice_do_not_make_up_for_each_other(
    harness: ServiceHarness,
) -> None:
    missing, doubled = frozenset({"priya-8", "marcu-7"}), frozenset({"priya-5", "marcu-3"})
    harness.neo.summary = SummaryOptions(left_out=missing, doubled=doubled)
    await night(harness)
    said = visible_text(reports(harness)[0])
    assert [task_id for task_id in missing if f"task {task_id} isn't in Neo's total" not in said] == []
    assert [task_id for task_id in doubled if f"task {task_id} is in Neo's total twice" not in said] == []


@pytest.mark.slow
async def test_costs_on_own_keys_are_compared_apart(harness: ServiceHarness) -> None:
    begun = START - 5 * DAY
    own = Stream(begun, begun + HOUR, llm_cost=Decimal(1), neo_cost=Decimal("0.5"))
    harness.neo.world.add(SimTask.of("own", own, email=PRIYA, is_byok=True))
    harness.neo.summary = SummaryOptions(own_keys_swapped=frozenset({"own"}))
    await night(harness)
    (report,) = reports(harness)
    assert (
        "Feb 25, tasks on your own model keys: Neo counts costs of 0.50 in 1 task, I count costs of 1.00 in 1 task;"
        " task own has another amount in Neo's total" in visible_text(report)
    )


# --- over ----------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_difference_is_over_however_old_it_is(harness: ServiceHarness) -> None:
    leave_out(harness, "priya-4")
    await night(harness)
    harness.clock.advance(58 * DAY)  # to the end of April, whose nights compare from the first of March on
    await night(harness)
    assert "Differs from Neo's total on Feb 26." in await asked(harness, "status")
    harness.neo.summary = replace(harness.neo.summary or SummaryOptions(), left_out=frozenset())
    await night(harness)
    assert "Agrees with Neo through Apr 30." in await asked(harness, "status")
    (_, over) = reports(harness)
    assert "Resolved: spend agrees with Neo's total again" in visible_text(over).replace("*", "")
