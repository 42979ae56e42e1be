"""Trouble on demand: the tasks of one member's spike, and those of an error storm."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from bot.sandbox.days import new_id
from bot.sandbox.errors import OVERLOADED
from bot.sandbox.streams import CREDIT_USD, Ending, Job, execution
from bot.sandbox.tasks import SimTask, Stream
from bot.sandbox.team import TEAM, Member
from bot.sandbox.work import KINDS

MODEL = "claude-opus-4"
CENT = Decimal("0.01")
LEAST, MOST = 3, 6  # tasks of a spike
VICTIMS = 4  # members hit by a storm
SHORT = timedelta(minutes=40)  # what happens now should be created today


def spike(random: Random, email: str, usd: Decimal, now: datetime) -> list[SimTask]:
    """Expensive pentests, ended within minutes before `now`, together exactly `usd` of Neo credits."""
    weights = [random.randint(40, 100) for _ in range(random.randint(LEAST, MOST))]
    shares = [(usd * weight / sum(weights)).quantize(CENT) for weight in weights[1:]]
    job = Job(email, KINDS["pentest"], MODEL)
    return [_expensive(random, job, share, now) for share in (usd - sum(shares), *shares)]


def error_storm(random: Random, members: tuple[Member, ...], count: int, now: datetime) -> list[SimTask]:
    """Tasks of some members that an overloaded model ended within the quarter of an hour before `now`."""
    team = members or TEAM
    victims = random.sample(team, min(VICTIMS, len(team)))
    return [_overloaded(random, random.choice(victims), now) for _ in range(count)]


def _expensive(random: Random, job: Job, usd: Decimal, now: datetime) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 240))
    stream = _ending_at(ended, execution(random, job, ended, Ending("completed"), random.uniform(2.5, 4)))
    return _task(random, job, replace(stream, credits=usd / CREDIT_USD))


def _overloaded(random: Random, member: Member, now: datetime) -> SimTask:
    ended = now - timedelta(seconds=random.randint(5, 900))
    job = Job(member.email, KINDS[random.choice(member.kinds)], MODEL)
    ending = Ending("error", OVERLOADED, done=random.uniform(0.05, 0.4))
    return _task(random, job, _ending_at(ended, execution(random, job, ended, ending, 1.0)))


def _ending_at(ended: datetime, stream: Stream) -> Stream:
    took = min(stream.ended_at - stream.started_at, SHORT)
    return replace(stream, started_at=ended - took, ended_at=ended, total_ms=took // timedelta(milliseconds=1))


def _task(random: Random, job: Job, stream: Stream) -> SimTask:
    created = stream.started_at - timedelta(milliseconds=random.randint(900, 9_000))
    return SimTask(new_id(random), job.work.title(random), job.email, job.model, job.byok, created, (stream,))
