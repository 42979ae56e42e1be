"""The world is a pure function of seed, moment and interference, and looks like a team's work."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.days import SATURDAY, day_of
from bot.sandbox.world import START, Row, SimTask, Stream, World, row

HOUR = timedelta(hours=1)
Odd = Callable[[Row], object]
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


@settings(max_examples=25, deadline=None)
@given(MOMENTS, MOMENTS)
def test_time_only_adds(one: datetime, other: datetime) -> None:
    world = fresh()
    before = {task.task_id: task.streams for task in world.tasks(min(one, other))}
    after = {task.task_id: task.streams for task in world.tasks(max(one, other))}
    assert before.keys() <= after.keys()
    assert all(after[task_id][: len(streams)] == streams for task_id, streams in before.items())


@settings(max_examples=15, deadline=None)
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


def test_weekdays_are_busy_and_weekends_quiet() -> None:
    days = [date(2026, 1, 5) + timedelta(days=n) for n in range(56)]
    counts = {day: len(day_of(7, day, World().members)) for day in days}
    assert 40 < mean(counts[day] for day in days if day.weekday() < SATURDAY) < 50
    assert 7 < mean(counts[day] for day in days if day.weekday() >= SATURDAY) < 13


def test_tasks_end_up_to_fifteen_hours_after_they_were_created(busy: World) -> None:
    for task in busy.tasks(START):
        assert timedelta(0) < task.streams[0].ended_at - task.created_at <= 15 * HOUR


def test_streams_follow_one_another(busy: World) -> None:
    for task in busy.tasks(START):
        times = [moment for stream in task.streams for moment in (stream.started_at, stream.ended_at)]
        assert times == sorted(times)
        assert task.created_at < times[0]


@pytest.fixture(scope="module")
def year() -> list[SimTask]:
    return World(history_days=120).tasks(START)


def test_costs_are_heavy_tailed(year: list[SimTask]) -> None:
    usd = sorted(task.cost * 10 for task in year if task.cost)
    assert Decimal("0.01") < usd[0] < Decimal("0.05")
    assert Decimal("0.3") < usd[len(usd) // 2] < 2
    assert 30 < usd[-1] < 120
    assert sum(usd[-len(usd) // 20 :]) > sum(usd) / 3


def test_all_oddities_of_upstream_occur_but_are_rare(year: list[SimTask]) -> None:
    rows = [row(task) for task in year]
    oddities: dict[str, tuple[float, float, Odd]] = {
        "continued": (0.08, 0.16, lambda r: r["stream_count"] > 1),
        "wrong": (0.06, 0.11, lambda r: r["status"] in {"error", "failed"}),
        "stopped": (0.01, 0.05, lambda r: r["status"] in {"aborted", "blocked"}),
        "float tail": (0.05, 0.4, lambda r: len(str(r["neo_credits"])) > 15),
        "without cost": (0.001, 0.03, lambda r: r["neo_credits"] is None and r["llm_cost"] is None),
        "untitled": (0.005, 0.05, lambda r: r["task_title"] is None),
        "BYOK": (0.05, 0.25, lambda r: r["is_byok"] and r["llm_cost"] and r["neo_cost"]),
        "legacy BYOK": (0.005, 0.05, lambda r: r["is_byok"] and r["neo_credits"] and r["llm_cost"] is None),
        "cap": (0.001, 0.02, lambda r: "user_spending_cap_reached" in (r["error_message"] or "")),
        "credits": (0.001, 0.02, lambda r: "insufficient_neo_credits" in (r["error_message"] or "")),
    }
    shares = {name: sum(1 for r in rows if odd(r)) / len(rows) for name, (_, _, odd) in oddities.items()}
    assert all(low < shares[name] < high for name, (low, high, _) in oddities.items()), shares


def test_a_dozen_members_and_eight_models_are_at_work(year: list[SimTask]) -> None:
    members = Counter(task.email for task in year).most_common()
    assert len(members) == 12
    assert members[0][1] > 10 * members[-1][1]
    assert len({task.model for task in year}) == 8


def test_counts_agree_with_breakdowns(year: list[SimTask]) -> None:
    for seen in map(row, year):
        tools, agents = seen["tool_breakdown"] or {}, seen["agent_breakdown"] or {}
        assert seen["tool_calls"] == sum(tool["calls"] for tool in tools.values())
        assert seen["agent_triggers"] == sum(agents.values())


def test_an_added_task_takes_the_place_of_its_namesake() -> None:
    world = World.empty()
    world.add(task := SimTask.of("t", ended(-2)))
    world.add(task.continued(ended(-1)))
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


@pytest.mark.parametrize("usd", ["200", "33.33", "0.1"])
def test_a_spike_costs_exactly_what_was_asked_and_just_ended(usd: str) -> None:
    world = World.empty()
    made = world.spike("mei.chen@acme.example", Decimal(usd), START)
    assert sorted(task.task_id for task in made) == sorted(task.task_id for task in world.tasks(START))
    assert sum(task.cost for task in made) * 10 == Decimal(usd)
    assert {task.email for task in made} == {"mei.chen@acme.example"}
    assert all(START - HOUR < task.created_at < task.last.ended_at < START for task in made)


def test_an_error_storm_fails_many_tasks_the_same_way_in_different_words() -> None:
    world = World.empty()
    made = world.error_storm(20, START)
    texts = [task.last.error_message or "" for task in world.tasks(START)]
    assert len(made) == len(set(texts)) == 20
    assert len({re.sub(r"req_\w+|\d{4}-\S+Z|10(\.\d+){3}", "", text) for text in texts}) == 1
    assert {task.last.status for task in made} == {"error"}
    assert 2 <= len({task.email for task in made}) <= 4
    assert all(START - HOUR < task.created_at < task.last.ended_at < START for task in made)


def test_the_same_trouble_twice_is_two_troubles() -> None:
    world = World.empty()
    for _ in range(2):
        world.spike("mei.chen@acme.example", Decimal(50), START)
        world.error_storm(3, START)
    assert len({task.title for task in world.tasks(START)}) > 3
    assert sum(task.cost * 10 for task in world.tasks(START) if task.last.status == "completed") == 100


def test_a_world_without_members_still_can_have_storms() -> None:
    world = World(members=())
    assert world.tasks(START) == []
    assert len(world.error_storm(2, START)) == 2


def test_days_are_told_apart_in_utc() -> None:
    world = fresh()
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert not any(task.created_at >= midnight for task in world.tasks(midnight))
