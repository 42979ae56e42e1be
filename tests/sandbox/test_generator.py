"""The generated tasks look like the work of a team."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from statistics import mean

import pytest

from bot.sandbox.generator import SATURDAY, tasks_created_on
from bot.sandbox.world import START, Row, SimTask, World, row
from tests.support.sandbox import HOUR

Odd = Callable[[Row], object]


def test_weekdays_are_busy_and_weekends_quiet() -> None:
    days = [date(2026, 1, 5) + timedelta(days=n) for n in range(56)]
    counts = {day: len(tasks_created_on(7, day, World().members)) for day in days}
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


@pytest.mark.slow
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
