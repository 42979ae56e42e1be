"""The world is a pure function of the seed, the time and the changes made to it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.world import START, SimTask, Stream, World, row
from tests.support.effort import examples
from tests.support.sandbox import HOUR

MOMENTS = st.integers(0, 30 * 24 * 60).map(lambda minutes: START - timedelta(days=15, minutes=-minutes))


def ended(hour: float, credits_used: str = "1") -> Stream:
    return Stream(START + hour * HOUR - HOUR / 2, START + hour * HOUR, Decimal(credits_used))


def fresh(seed: int = 7) -> World:
    return World(seed, history_days=21)


def test_a_task_is_listed_once_a_stream_has_ended_and_only_with_such_streams() -> None:
    world = World.empty()
    world.add(SimTask.of("growing", ended(1), ended(3)))
    world.add(SimTask.of("late", ended(2)))
    seen = {
        hour: [(task.task_id, len(task.streams)) for task in world.tasks(START + hour * HOUR)] for hour in (0, 1, 2, 3)
    }
    assert seen == {
        0: [],
        1: [("growing", 1)],
        2: [("growing", 1), ("late", 1)],
        3: [("growing", 2), ("late", 1)],
    }


@examples(25)
@given(MOMENTS, MOMENTS)
def test_time_only_adds(one: datetime, other: datetime) -> None:
    world = fresh()
    before = {task.task_id: task.streams for task in world.tasks(min(one, other))}
    after = {task.task_id: task.streams for task in world.tasks(max(one, other))}
    assert before.keys() <= after.keys()
    assert all(after[task_id][: len(streams)] == streams for task_id, streams in before.items())


@examples(15)
@given(st.lists(MOMENTS, min_size=1, max_size=5))
def test_what_was_asked_before_changes_nothing(moments: list[datetime]) -> None:
    world = fresh()
    for moment in moments:
        assert world.tasks(moment) == fresh().tasks(moment)


def test_another_process_sees_the_same_world() -> None:
    program = (
        "from decimal import Decimal\n"
        "from bot.sandbox.world import START, World, row\n"
        "world = World(seed=11, history_days=5)\n"
        "world.spike('mei.chen@acme.example', Decimal(90), START)\n"
        "world.error_storm(5, START)\n"
        "print([row(task) for task in world.tasks(START)])"
    )
    runs = {
        subprocess.run(  # noqa: S603 our own interpreter
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1
    assert runs.pop().count(b"task_id") > 100


def test_another_seed_is_another_world() -> None:
    one, other = ({task.task_id for task in fresh(seed).tasks(START)} for seed in (1, 2))
    assert not one & other


def test_before_history_there_is_nothing() -> None:
    assert World(history_days=10).tasks(START - timedelta(days=11)) == []


def test_an_added_task_takes_the_place_of_its_namesake() -> None:
    world = World.empty()
    world.add(task := SimTask.of("t", ended(-2)))
    world.add(task.with_stream(ended(-1)))
    assert [len(task.streams) for task in world.tasks(START)] == [2]


def test_a_generated_task_can_be_removed_and_put_back() -> None:
    world = fresh()
    before = world.tasks(START)
    world.remove(before[3].task_id)
    assert world.tasks(START) == before[:3] + before[4:]
    world.add(before[3])
    assert world.tasks(START) == before


def test_a_restated_task_has_all_its_amounts_multiplied() -> None:
    world = fresh()
    task = next(task for task in world.tasks(START) if row(task)["neo_cost"])
    world.restate(task.task_id, Decimal("0.5"))
    after = next(row(other) for other in world.tasks(START) if other.task_id == task.task_id)
    assert (after["neo_cost"], after["llm_cost"]) == (row(task)["neo_cost"] / 2, row(task)["llm_cost"] / 2)
    assert after["neo_credits"] is None


@pytest.mark.parametrize("removed", [True, False])
def test_what_is_not_there_cannot_be_restated(*, removed: bool) -> None:
    world = World.empty()
    if removed:
        world.add(SimTask.of("t", ended(-1)))
        world.remove("t")
    with pytest.raises(KeyError, match="t"):
        world.restate("t", Decimal(2))


def test_a_snapshot_is_kept_until_something_changes() -> None:
    world = World.empty()
    world.add(SimTask.of("t", ended(-2), ended(1)))
    first = world.snapshot(START)
    assert world.snapshot(START + HOUR / 2) is first
    assert world.snapshot(START + HOUR) is not first
    again = world.snapshot(START)
    world.add(SimTask.of("u", ended(-1)))
    assert len(world.snapshot(START).tasks) == len(again.tasks) + 1


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    elsewhere = START.astimezone(datetime.strptime("+0900", "%z").tzinfo)
    assert fresh().tasks(elsewhere) == fresh().tasks(START)


def test_days_are_told_apart_in_utc() -> None:
    world = fresh()
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert not any(task.created_at >= midnight for task in world.tasks(midnight))
