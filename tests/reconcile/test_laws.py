"""Laws of comparing with Neo's total: no difference where there is none, and one task among many is found."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.ledger.neo_agreement import TaskProblem
from bot.reconcile.reconciler import Comparison
from bot.sandbox.http_server import NeoServer
from bot.sandbox.listing import FiltersBy
from bot.sandbox.summary import CountsBy, SummaryOptions
from bot.sandbox.world import START, World
from tests.support.clock import AdjustableClock
from tests.support.effort import WITH_LEDGERS, examples
from tests.support.engines import sqlite_only, url_of
from tests.support.fixtures import Wire
from tests.support.ledgers import Ledgers
from tests.support.usage_history import change_some, random_world

pytestmark = sqlite_only("the statements have tests of their own on both engines, and the law is about their answers")


@pytest.fixture
def fresh(wire: Wire, neo: NeoServer, ledgers: Ledgers, clock: AdjustableClock) -> Callable[[World], App]:
    """An app over an empty ledger and another world, both as the first time."""

    def made(world: World) -> App:
        neo.api.world, neo.api.summary, neo.api.hidden = world, SummaryOptions(), frozenset()
        clock.set_back(clock() - START)
        return wire(DATABASE_URL=url_of(ledgers.new()), HISTORY_DAYS="40", BYOK_UNIT="credits")

    return made


def synced(app: App) -> None:
    asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def compared(app: App) -> Comparison:
    return asyncio.run(app.reconcile("20d"))


seeds = st.integers(0, 2**32)


@examples(1000, **WITH_LEDGERS)
@given(seeds, st.integers(0, 40), st.sampled_from(get_args(FiltersBy)), st.sampled_from(get_args(CountsBy)))
def test_there_is_no_difference_whatever_neo_counts_by(
    fresh: Callable[[World], App],
    neo: NeoServer,
    clock: AdjustableClock,
    seed: int,
    tasks: int,
    lists_by: FiltersBy,
    counts_by: CountsBy,
) -> None:
    random = Random(seed)
    world = random_world(random, START, tasks)
    app = fresh(world)
    neo.api.filters_by, neo.api.summary = lists_by, SummaryOptions(counts_by)
    synced(app)
    clock.advance(timedelta(hours=random.choice((1, 30))))
    change_some(random, world, clock())
    if random.random() < 0.7:
        synced(app)
    found = compared(app).agreement
    assert found.unavailable == ""
    assert found.differences == ()


@examples(60, **WITH_LEDGERS)
@given(seeds, st.sampled_from(("left out", "doubled")), st.sampled_from(get_args(FiltersBy)))
def test_one_task_among_many_is_found_and_named(
    fresh: Callable[[World], App], neo: NeoServer, seed: int, wrong: str, lists_by: FiltersBy
) -> None:
    random = Random(seed)
    world = random_world(random, START, 60)
    app = fresh(world)
    neo.api.filters_by = lists_by
    old = [task for task in world.tasks(START) if task.last.ended_at < START - timedelta(days=3) and task.cost]
    task_id = random.choice(old).task_id
    names, is_left_out = frozenset({task_id}), wrong == "left out"
    neo.api.summary = SummaryOptions(left_out=names) if is_left_out else SummaryOptions(doubled=names)
    synced(app)
    found = compared(app).agreement
    problem = TaskProblem.NOT_COUNTED if is_left_out else TaskProblem.COUNTED_TWICE
    assert [(each.task_id, each.problem) for day in found.differences for each in day.tasks] == [(task_id, problem)]
    neo.api.summary = SummaryOptions()
    assert compared(app).agreement.differences == ()
