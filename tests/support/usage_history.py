"""Random histories of a team's tasks: executed once or more, over midnight, late, on own keys, without known cost."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.world import World

DAYS = 12
EMAILS = ("ana@acme.example", "Ben@acme.example", "cleo@acme.example", None)


def random_world(random: Random, now: datetime, tasks: int) -> World:
    """Return a world with so many tasks of the days before `now`."""
    world = World.empty(now)
    for number in range(tasks):
        world.add(random_task(random, f"task-{number:04}", now - timedelta(days=random.uniform(0, DAYS))))
    return world


def change_some(random: Random, world: World, now: datetime) -> None:
    """Continue some tasks, restate some, and remove one."""
    tasks = world.tasks(now)
    for task in tasks:
        fate = random.random()
        if fate < 0.1:
            ended = now - timedelta(minutes=random.uniform(1, 600))
            world.add(task.with_stream(_stream(random, ended - timedelta(minutes=5), is_byok=bool(task.is_byok))))
        elif fate < 0.2:
            world.restate(task.task_id, Decimal(random.choice(("0.5", "1.25", "3"))))
    if tasks and random.random() < 0.5:
        world.remove(random.choice(tasks).task_id)


def random_task(random: Random, task_id: str, created: datetime) -> SimTask:
    """Return a task of somebody or nobody, executed once or more since it was created."""
    is_byok = random.choice((True, False, False, False, None))
    streams = tuple(_streams(random, created, is_byok=bool(is_byok)))
    return SimTask.of(task_id, *streams, email=random.choice(EMAILS), is_byok=is_byok, created_at=created)


def _streams(random: Random, created: datetime, *, is_byok: bool) -> Iterator[Stream]:
    started = created + timedelta(seconds=random.choice((0, 0.3, 9, 25)))
    for _ in range(random.choice((1, 1, 1, 1, 2, 3))):
        yield (stream := _stream(random, started, is_byok=is_byok))
        started = stream.ended_at + timedelta(hours=random.choice((0.01, 3, 20, 70)))


def _stream(random: Random, started: datetime, *, is_byok: bool) -> Stream:
    ended = started + timedelta(minutes=random.choice((0, 0.1, 4, 40, 500)))
    took = round((ended - started) / timedelta(milliseconds=1))
    amounts = [Decimal(random.choice((0, 7, *(random.randint(1, 10**9) for _ in range(4))))) / 10**8 for _ in range(2)]
    if random.random() < 0.05:
        return Stream(started, ended, total_ms=took)
    if is_byok:
        return Stream(started, ended, llm_cost=amounts[0], neo_cost=amounts[1], total_ms=took)
    return Stream(started, ended, credits=amounts[0], total_ms=took)
