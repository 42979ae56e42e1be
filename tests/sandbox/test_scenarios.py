"""Spikes and error storms."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.sandbox.world import START, World
from tests.support.sandbox import HOUR


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
    assert all(f"{task.last.ended_at:at %Y-%m-%dT%H:%M:%SZ}" in str(task.last.error_message) for task in made)
    assert 2 <= len({task.email for task in made}) <= 4
    assert all(START - HOUR < task.created_at < task.last.ended_at < START for task in made)


def test_right_after_midnight_all_of_it_is_of_the_new_day() -> None:
    for seconds in (1, 600, 3_599, 3_600):
        now = START.replace(hour=0) + timedelta(seconds=seconds)
        world = World.empty()
        made = [*world.spike("mei.chen@acme.example", Decimal(90), now), *world.error_storm(9, now)]
        assert all(now.date() == task.created_at.date() for task in made)
        assert all(task.created_at < task.last.started_at < task.last.ended_at < now for task in made)


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
