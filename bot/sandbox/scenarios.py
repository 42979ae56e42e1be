"""Scenarios on demand: the tasks of one member's spending spike, and those of an error storm."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random

from bot.sandbox.error_messages import format_error
from bot.sandbox.generator import new_id
from bot.sandbox.streams import CREDIT_USD, Ending, Job, execution
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.team import TEAM, Member
from bot.sandbox.workloads import WORKLOADS

MODEL = "claude-opus-4"
CENT = Decimal("0.01")
MIN_SPIKE_TASKS, MAX_SPIKE_TASKS = 3, 6
STORM_MEMBERS = 4
MAX_DURATION = timedelta(minutes=40)
ALL_OF_IT = timedelta(hours=1)  # longer than any task of a scenario, with the time since its end


def spike(random: Random, email: str, usd: Decimal, now: datetime) -> list[SimTask]:
    """Return expensive pentests of the UTC day of `now` that just ended and together cost exactly `usd`."""
    weights = [random.randint(40, 100) for _ in range(random.randint(MIN_SPIKE_TASKS, MAX_SPIKE_TASKS))]
    shares = [(usd * weight / sum(weights)).quantize(CENT) for weight in weights[1:]]
    job = Job(email, WORKLOADS["pentest"], MODEL)
    return [_expensive_task(random, job, share, now) for share in (usd - sum(shares), *shares)]


def error_storm(random: Random, members: tuple[Member, ...], count: int, now: datetime, error: str) -> list[SimTask]:
    """Return `count` tasks of a few members that failed with the error, a template, shortly before `now`."""
    team = members or TEAM
    affected = random.sample(team, min(STORM_MEMBERS, len(team)))
    return [_failed_task(random, random.choice(affected), now, error) for _ in range(count)]


def _expensive_task(random: Random, job: Job, usd: Decimal, now: datetime) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 240)) * _share_of_today(now)
    stream = execution(random, job, ended, Ending("completed"), random.uniform(2.5, 4))
    return _task(random, job, replace(stream, credits=usd / CREDIT_USD), now)


def _failed_task(random: Random, member: Member, now: datetime, error: str) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 900)) * _share_of_today(now)
    job = Job(member.email, WORKLOADS[random.choice(member.workloads)], MODEL)
    ending = Ending("error", progress=random.uniform(0.05, 0.4))
    message = format_error(error, random, job.email, ended)
    return _task(random, job, replace(execution(random, job, ended, ending, 1.0), error_message=message), now)


def _task(random: Random, job: Job, stream: Stream, now: datetime) -> SimTask:
    """Return the task of an execution that ends where the given one starts, on the day of `now`."""
    duration = min(stream.ended_at - stream.started_at, MAX_DURATION) * _share_of_today(now)
    started, ended = stream.started_at - duration, stream.started_at
    stream = replace(stream, started_at=started, ended_at=ended, total_ms=duration // timedelta(milliseconds=1))
    created = started - timedelta(milliseconds=random.randint(900, 9_000)) * _share_of_today(now)
    return SimTask(new_id(random), job.workload.title(random), job.email, job.model, job.byok, created, (stream,))


def _share_of_today(now: datetime) -> float:
    """Return by how much times are shortened, so that right after midnight all of a task is still of that day."""
    return min(1.0, (now - datetime.combine(now.astimezone(UTC).date(), time(), UTC)) / ALL_OF_IT)
