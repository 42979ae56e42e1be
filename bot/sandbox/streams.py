"""The executions of one simulated task: how long, how dear, how each ended, and whether it was continued."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from bot.sandbox.errors import BLOCKED, REFUSALS, error_for, worded
from bot.sandbox.tasks import Status, Stream
from bot.sandbox.team import MODELS
from bot.sandbox.work import TOOL_MS, Kind

LONGEST = timedelta(hours=14, minutes=40)  # upstream lists a task up to 15 h after it was created
CHEAPEST_USD, DEAREST_USD = 0.02, 60.0
CREDIT_USD = 10
NEO_COST_RATE = 0.2

CONTINUED, CONTINUED_AGAIN = 0.12, 0.25  # shares of tasks, and of those continued once
SAME_DAY = 0.6
REFUSED_AT_ONCE = 0.5
WITHOUT_COST = 0.006

ENDINGS: dict[Status, float] = {
    "completed": 89.5,
    "error": 4.7,
    "failed": 3.0,
    "aborted": 1.9,
    "blocked": 0.9,
}


@dataclass(frozen=True, slots=True)
class Job:
    """What one task is about: drawn once, the same for all its streams."""

    email: str
    work: Kind
    model: str
    byok: bool = False
    legacy: bool = False


class Amounts(NamedTuple):
    """The three amounts of an execution, in credits."""

    credits: Decimal | None = None
    llm_cost: Decimal | None = None
    neo_cost: Decimal | None = None


class Ending(NamedTuple):
    """How an execution ends. `done` is the share of the work that got done before."""

    status: Status
    error: str | None = None
    done: float = 1.0


def streams(random: Random, job: Job, created: datetime) -> Iterator[Stream]:
    """All executions the task will ever have, each after the one before, hours or days apart."""
    begins, size = created + timedelta(milliseconds=random.randint(900, 25_000)), 1.0
    more = CONTINUED
    while True:
        yield (stream := _stream(random, job, begins, size))
        if not chance(random, more):
            return
        begins, size = stream.ended_at + _pause(random), random.uniform(0.15, 0.8)
        more = CONTINUED_AGAIN


def chance(random: Random, share: float) -> bool:
    """Whether something that happens to this share of all happens now."""
    return random.random() < share


def amounts(random: Random, job: Job, usd: float) -> Amounts:
    """What an execution that took models worth so many dollars shows; BYOK adds Neo's own cost."""
    base = _float_sum(random, usd / CREDIT_USD)
    if not job.byok or job.legacy:
        return Amounts(credits=base)
    return Amounts(llm_cost=base, neo_cost=Decimal(repr(float(base) * NEO_COST_RATE)))


def execution(random: Random, job: Job, begins: datetime, ending: Ending, size: float) -> Stream:
    """An execution of `size` times the usual work, of which the ending's share got done."""
    steps = max(1, round(job.work.steps * size**0.8 * ending.done))
    tools = _tools(random, job.work.tools, round(steps * random.uniform(0.8, 1.7)))
    agents = {agent: max(1, round(steps / random.uniform(6, 30))) for agent in job.work.agents}
    llm_ms = round(steps * MODELS[job.model].step_ms * random.uniform(0.7, 1.5))
    tool_ms = sum(ms for _, ms in tools.values())
    took = min(timedelta(milliseconds=round((llm_ms + tool_ms) * random.uniform(1.01, 1.12))), LONGEST)
    return Stream(
        begins,
        begins + took,
        *_worth(random, job, size * ending.done),
        status=ending.status,
        error_message=_error(random, job, ending, begins + took),
        steps=steps,
        tool_calls=sum(calls for calls, _ in tools.values()),
        agent_triggers=sum(agents.values()),
        llm_ms=llm_ms,
        tool_ms=tool_ms,
        total_ms=took // timedelta(milliseconds=1),
        tools=tools,
        agents=agents,
    )


def _stream(random: Random, job: Job, begins: datetime, size: float) -> Stream:
    ending = _ending(random, job.work)
    if ending.error in REFUSALS and chance(random, REFUSED_AT_ONCE):
        return _refused(random, job, begins, ending)
    return execution(random, job, begins, ending, size * random.lognormvariate(0, job.work.spread))


def _ending(random: Random, work: Kind) -> Ending:
    status = random.choices(list(ENDINGS), list(ENDINGS.values()))[0]
    done = 1.0 if status == "completed" else random.uniform(0.05, 0.8)
    match status:
        case "error" | "failed":
            return Ending(status, error_for(random, work.tools), done)
        case "blocked":
            return Ending(status, BLOCKED, done)
        case _:
            return Ending(status, None, done)


def _refused(random: Random, job: Job, begins: datetime, ending: Ending) -> Stream:
    """Nothing was done, so nothing is known of what it cost."""
    ended = begins + timedelta(milliseconds=random.randint(300, 2_500))
    return Stream(begins, ended, status=ending.status, error_message=_error(random, job, ending, ended), total_ms=0)


def _worth(random: Random, job: Job, size: float) -> Amounts:
    if chance(random, WITHOUT_COST):
        return Amounts()
    usd = job.work.usd * MODELS[job.model].price * size
    bent = DEAREST_USD * -math.expm1(-usd / DEAREST_USD)  # a cut would heap tasks at the limit
    return amounts(random, job, max(bent, CHEAPEST_USD))


def _tools(random: Random, names: tuple[str, ...], calls: int) -> dict[str, tuple[int, int]]:
    """The calls spread over the tools unevenly; a tool without a call is absent."""
    weights = [random.expovariate(1) for _ in names]
    shares = {name: round(calls * weight / sum(weights)) for name, weight in zip(names, weights, strict=True)}
    return {
        name: (count, round(count * TOOL_MS[name] * random.uniform(0.5, 1.6)))
        for name, count in shares.items()
        if count
    }


def _error(random: Random, job: Job, ending: Ending, at: datetime) -> str | None:
    return worded(ending.error, random, job.email, at) if ending.error else None


def _pause(random: Random) -> timedelta:
    if chance(random, SAME_DAY):
        return timedelta(minutes=random.uniform(25, 480))
    return timedelta(hours=random.uniform(14, 96))


def _float_sum(random: Random, amount: float) -> Decimal:
    """The amount as upstream keeps it: a sum of floats, now and then with a tail such as ...04."""
    part = round(amount * random.uniform(0.3, 0.7), 4)
    return Decimal(repr(part + round(amount - part, 4)))
