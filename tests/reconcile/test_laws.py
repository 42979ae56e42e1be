"""Laws of comparing with Neo's total: no difference where there is none, and one task among many is found."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.app import App
from bot.database.errors import LedgerError
from bot.domain.tasks import normalized_email
from bot.ledger.neo_agreement import TaskDifference, TaskProblem
from bot.maintenance.persons import erase_person
from bot.neo.client import RetryPolicy
from bot.people.person import find_person
from bot.reconcile.days_comparison import Comparison
from bot.sandbox.http_server import NeoServer
from bot.sandbox.listing import FiltersBy
from bot.sandbox.summary import CountsBy, SummaryOptions
from bot.sandbox.tasks import SimTask
from bot.sandbox.world import START, World
from tests.support.app import merge
from tests.support.clock import AdjustableClock
from tests.support.effort import WITH_LEDGERS, examples
from tests.support.engines import sqlite_only, url_of
from tests.support.fixtures import Wire
from tests.support.ledgers import Ledgers
from tests.support.usage_history import DAYS, EMAILS, change_some, random_task, random_world

pytestmark = [
    sqlite_only("the statements have tests of their own on both engines, and the law is about their answers"),
    pytest.mark.slow,
]

DAY = timedelta(days=1)
HISTORY_DAYS = 40  # longer than the history of a random world
# the second and third are some days after clocks there were put forward and back
PLACES = (
    ("UTC", START),
    ("America/New_York", datetime(2026, 3, 12, 3, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 29, 23, 10, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 9, 14, 20, tzinfo=UTC)),
)

Fresh = Callable[..., App]


@pytest.fixture
def fresh(wire: Wire, neo: NeoServer, ledgers: Ledgers, clock: AdjustableClock) -> Fresh:
    """An app in a time zone over an empty ledger and another world, both as the first time."""

    def made(world: World, zone: str, now: datetime, history_days: int = HISTORY_DAYS) -> App:
        neo.api.world, neo.api.summary, neo.api.hidden = world, SummaryOptions(), frozenset()
        clock.set_back(clock() - now)
        url, days = url_of(ledgers.new()), str(history_days)
        app = wire(DATABASE_URL=url, HISTORY_DAYS=days, BYOK_UNIT="credits", TIMEZONE=zone)
        return replace(app, retry_policy=RetryPolicy())  # a late answer on a busy machine is an answer

    return made


def synced(app: App) -> None:
    asyncio.run(app.sync(full=False, progress=lambda _: None, on_wait=lambda _: None))


def compared(app: App) -> Comparison:
    return asyncio.run(app.reconcile("20d"))


seeds = st.integers(0, 2**32)
listings, totals = st.sampled_from(get_args(FiltersBy)), st.sampled_from(get_args(CountsBy))


@examples(1000, **WITH_LEDGERS)
@example(19, 19, "created", "created", PLACES[0])  # a member's credits are less than what the team's may differ by
@example(12, 11, "streams", "streams", PLACES[0])  # a task on own keys is executed again after the compared days
@example(17162, 5, "created", "streams", PLACES[0])  # healing reads an execution after the compared days
@example(37, 13, "created", "streams", PLACES[0])  # a task on own keys is executed again on a day that fits only
@example(16, 16, "created", "ended", PLACES[2])  # of two tasks without credits, one counts in place of the other
@example(7312, 5, "created", "created", PLACES[0])  # of two merged members Neo knows one
@given(seeds, st.integers(0, 40), listings, totals, st.sampled_from(PLACES))
def test_there_is_no_difference_whatever_neo_counts_by(
    fresh: Fresh,
    neo: NeoServer,
    clock: AdjustableClock,
    seed: int,
    tasks: int,
    lists_by: FiltersBy,
    counts_by: CountsBy,
    place: tuple[str, datetime],
) -> None:
    random, (zone, now) = Random(seed), place
    world = random_world(random, now, tasks)
    add_midnight_tasks(random, world, now)
    reaches_back = random.random() < 0.7  # else some tasks are older than the ledger, and executed since it begins
    app = fresh(world, zone, now, HISTORY_DAYS if reaches_back else 7)
    neo.api.filters_by = lists_by
    departed = frozenset(email for email in EMAILS if email is not None and random.random() < 0.2)
    neo.api.summary = SummaryOptions(counts_by, departed=departed, includes_end=random.random() < 0.5)
    synced(app)
    read_at = clock()
    clock.advance(timedelta(hours=random.choice((1, 30))))
    change_some(random, world, clock())
    has_handed_over = hand_over_some(random, world, clock())
    change_members(random, app)
    if is_fresh := random.random() < 0.7:
        synced(app)
        read_at = clock()
    for _ in range(2):  # what was found once is not found out anew
        found = compared(app)
        assert found.agreement.unavailable == ""
        assert found.agreement.differences == ()
        # so all days were decided; to look into one may have read more
        through = {(min(clock() - DAY, at)).date() - DAY for at in (read_at, clock())}
        assert found.agreement.through in through or not reaches_back
        assert found.own_keys == {}
        assert found.agreement.members == ()
        assert found.members == {} or not is_fresh or has_handed_over


def add_midnight_tasks(random: Random, world: World, now: datetime) -> None:
    """Add tasks that are created at midnight sharp, some on keys of the team's own."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for back in range(DAYS):
        if random.random() < 0.3:
            task = random_task(random, f"midnight-{back}", midnight - back * DAY)
            world.add(task)


def add_wrong_history(random: Random, world: World, now: datetime) -> SummaryOptions:
    """Add tasks of the time before the ledger; return of which of them Neo's total is wrong."""
    wrong: dict[str, set[str]] = {"left_out": set(), "doubled": set()}
    for number in range(6):
        task_id = f"old-{number}"
        world.add(random_task(random, task_id, now - random.uniform(55, 80) * DAY))
        if random.random() < 0.5:
            wrong[random.choice(tuple(wrong))].add(task_id)
    return SummaryOptions(left_out=frozenset(wrong["left_out"]), doubled=frozenset(wrong["doubled"]))


@examples(120, **WITH_LEDGERS)
@given(seeds, st.sampled_from(("left_out", "doubled")), listings, totals)
def test_one_task_among_many_is_found_and_named(
    fresh: Fresh, neo: NeoServer, seed: int, wrong: str, lists_by: FiltersBy, counts_by: CountsBy
) -> None:
    random = Random(seed)
    world = random_world(random, START, 60)
    app = fresh(world, "UTC", START)
    neo.api.filters_by = lists_by
    task_id = random.choice(unmistakable(world)).task_id
    right = replace(add_wrong_history(random, world, START), counts_by=counts_by)
    left_out, doubled = right.left_out, right.doubled
    if wrong == "left_out":
        neo.api.summary = replace(right, left_out=left_out | {task_id})
    else:
        neo.api.summary = replace(right, doubled=doubled | {task_id})
    synced(app)
    found = compared(app).agreement
    problem = TaskProblem.NOT_COUNTED if wrong == "left_out" else TaskProblem.COUNTED_TWICE
    assert [task for day in found.differences for task in day.tasks] == [TaskDifference(task_id, problem)]
    neo.api.summary = right
    assert compared(app).agreement.differences == ()


def unmistakable(world: World) -> list[SimTask]:
    """The tasks that ended days ago, whose amounts tell them from all others."""
    tasks = world.tasks(START)
    amounts = Counter(credits_of(task) for task in tasks)
    old = [task for task in tasks if task.last.ended_at < START - 3 * DAY]
    return [task for task in old if credits_of(task) > 0.01 and amounts[credits_of(task)] == 1]


def credits_of(task: SimTask) -> float:
    return round(sum(float(stream.credits or 0) for stream in task.streams), 6)


@examples(60, **WITH_LEDGERS)
@given(seeds, st.sampled_from(("left_out", "doubled")), listings)
def test_one_task_on_own_keys_whose_costs_neo_counts_otherwise_is_found_and_named(
    fresh: Fresh, neo: NeoServer, seed: int, wrong: str, lists_by: FiltersBy
) -> None:
    random = Random(seed)
    world = random_world(random, START, 60)
    app = fresh(world, "UTC", START)
    neo.api.filters_by = lists_by
    own = [task for task in world.tasks(START) if task.is_byok and task.last.ended_at < START - 3 * DAY and task.cost]
    task_id = random.choice(own).task_id
    only = frozenset({task_id})
    is_left_out = wrong == "left_out"
    neo.api.summary = SummaryOptions(own_keys_left_out=only) if is_left_out else SummaryOptions(own_keys_doubled=only)
    synced(app)
    found = compared(app).agreement
    problem = TaskProblem.NOT_COUNTED if wrong == "left_out" else TaskProblem.COUNTED_TWICE
    assert [task for day in found.differences for task in day.tasks] == [TaskDifference(task_id, problem)]
    neo.api.summary = SummaryOptions()
    assert compared(app).agreement.differences == ()


@examples(120, **WITH_LEDGERS)
@given(seeds, st.sampled_from(PLACES))
def test_one_task_counted_for_another_person_is_found_with_both_people(
    fresh: Fresh, neo: NeoServer, seed: int, place: tuple[str, datetime]
) -> None:
    random, (zone, now) = Random(seed), place
    world = random_world(random, now, 60)
    app = fresh(world, zone, now)
    synced(app)
    old = [task for task in world.tasks(now) if task.email and task.last.ended_at < now - 3 * DAY]
    task = random.choice(old)
    owner, other = normalized_email(task.email or ""), random.choice([each for each in PEOPLE if each != task.email])
    neo.api.summary = SummaryOptions(moved={task.task_id: other})
    for _ in range(2):
        found = compared(app)
        assert found.agreement.differences == ()
        differing = {found.emails[each.member]: each for each in found.agreement.members}
        assert differing.keys() == {owner, normalized_email(other)}
        assert {each.day for each in differing.values()} == {task.created_at.astimezone(UTC).date()}
        moved = {email: each.neos.tasks - each.ours.tasks for email, each in differing.items()}
        assert moved == {owner: -1, normalized_email(other): 1}
    neo.api.summary = SummaryOptions()
    assert compared(app).agreement.members == ()


PEOPLE = tuple(email for email in EMAILS if email is not None)


def hand_over_some(random: Random, world: World, now: datetime) -> bool:
    """Give some tasks to others of the team; return whether any."""
    some = [task for task in world.tasks(now) if task.email is not None and random.random() < 0.1]
    for task in some:
        world.add(replace(task, email=random.choice(PEOPLE)))
    return bool(some)


def change_members(random: Random, app: App) -> None:
    """Perhaps merge two members, or erase one."""
    one, other = (normalized_email(email) for email in random.sample(PEOPLE, 2))
    fate = random.choice(("merged", "erased", "", ""))
    with app.ledger.database() as database, database.transaction() as connection, suppress(LedgerError):
        if fate == "merged":
            merge(app, database, connection, one, other)
        elif fate == "erased":
            erase_person(connection, app.capabilities(database), find_person(connection, one, ()), app.clock())
