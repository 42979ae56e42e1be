"""Scenarios on demand: the tasks of one member's spending spike, and those of an error storm."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from bot.sandbox.error_messages import OVERLOADED
from bot.sandbox.generator import new_id
from bot.sandbox.streams import CREDIT_USD, Ending, Job, execution
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.team import TEAM, Member
from bot.sandbox.workloads import WORKLOADS

MODEL = "claude-opus-4"
CENT = Decimal("0.01")
MIN_SPIKE_TASKS, MAX_SPIKE_TASKS = 3, 6
STORM_MEMBERS = 4
MAX_DURATION = timedelta(minutes=40)  # so that tasks that end now were mostly created today


def spike(random: Random, email: str, usd: Decimal, now: datetime) -> list[SimTask]:
    """Return expensive pentests that ended minutes before `now` and together cost exactly `usd` of Neo credits."""
    weights = [random.randint(40, 100) for _ in range(random.randint(MIN_SPIKE_TASKS, MAX_SPIKE_TASKS))]
    shares = [(usd * weight / sum(weights)).quantize(CENT) for weight in weights[1:]]
    job = Job(email, WORKLOADS["pentest"], MODEL)
    return [_expensive_task(random, job, share, now) for share in (usd - sum(shares), *shares)]


def error_storm(random: Random, members: tuple[Member, ...], count: int, now: datetime) -> list[SimTask]:
    """Return `count` tasks of a few members that failed on an overloaded model in the 15 minutes before `now`."""
    team = members or TEAM
    affected = random.sample(team, min(STORM_MEMBERS, len(team)))
    return [_overloaded_task(random, random.choice(affected), now) for _ in range(count)]


def _expensive_task(random: Random, job: Job, usd: Decimal, now: datetime) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 240))
    stream = _ending_at(ended, execution(random, job, ended, Ending("completed"), random.uniform(2.5, 4)))
    return _task(random, job, replace(stream, credits=usd / CREDIT_USD))


def _overloaded_task(random: Random, member: Member, now: datetime) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 900))
    job = Job(member.email, WORKLOADS[random.choice(member.workloads)], MODEL)
    ending = Ending("error", OVERLOADED, progress=random.uniform(0.05, 0.4))
    return _task(random, job, _ending_at(ended, execution(random, job, ended, ending, 1.0)))


def _ending_at(ended: datetime, stream: Stream) -> Stream:
    duration = min(stream.ended_at - stream.started_at, MAX_DURATION)
    return replace(stream, started_at=ended - duration, ended_at=ended, total_ms=duration // timedelta(milliseconds=1))


def _task(random: Random, job: Job, stream: Stream) -> SimTask:
    created = stream.started_at - timedelta(milliseconds=random.randint(900, 9_000))
    return SimTask(new_id(random), job.workload.title(random), job.email, job.model, job.byok, created, (stream,))
