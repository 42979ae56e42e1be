"""The generated executions of one simulated task: their duration, cost and outcome, and how often it is continued."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from bot.sandbox.error_messages import BLOCKED, UPFRONT_ERRORS, format_error, random_error
from bot.sandbox.tasks import Status, Stream
from bot.sandbox.team import MODELS
from bot.sandbox.workloads import TOOL_MS, Workload

MAX_DURATION = timedelta(hours=14, minutes=40)  # upstream lists a task up to 15 h after it was created
MIN_USD, MAX_USD = 0.02, 60.0
CREDIT_USD = 10
NEO_COST_RATE = 0.2

CONTINUED_SHARE, CONTINUED_AGAIN_SHARE = 0.12, 0.25  # of all tasks, and of those continued before
SAME_DAY_SHARE = 0.6
REFUSED_UPFRONT_SHARE = 0.5
UNKNOWN_COST_SHARE = 0.006

STATUS_WEIGHTS: dict[Status, float] = {
    "completed": 89.5,
    "error": 4.7,
    "failed": 3.0,
    "aborted": 1.9,
    "blocked": 0.9,
}


@dataclass(frozen=True, slots=True)
class Job:
    """The properties of one task that all its streams share."""

    email: str
    workload: Workload
    model: str
    byok: bool = False
    legacy: bool = False


class Amounts(NamedTuple):
    """The three amounts of an execution, in Neo credits."""

    credits: Decimal | None = None
    llm_cost: Decimal | None = None
    neo_cost: Decimal | None = None


class Ending(NamedTuple):
    """How an execution ends: `error` is a template, `progress` the share of the work that was finished before."""

    status: Status
    error: str | None = None
    progress: float = 1.0


def streams(random: Random, job: Job, created: datetime) -> Iterator[Stream]:
    """Yield all executions that the task will ever have, in order, hours or days apart."""
    start, size = created + timedelta(milliseconds=random.randint(900, 25_000)), 1.0
    continued_share = CONTINUED_SHARE
    while True:
        yield (stream := _stream(random, job, start, size))
        if not chance(random, continued_share):
            return
        start, size = stream.ended_at + _pause(random), random.uniform(0.15, 0.8)
        continued_share = CONTINUED_AGAIN_SHARE


def chance(random: Random, share: float) -> bool:
    """Return True with the probability `share`."""
    return random.random() < share


def amounts(random: Random, job: Job, usd: float) -> Amounts:
    """Return the amounts of an execution that used models for `usd`; a BYOK task adds Neo's own cost."""
    base = _float_sum(random, usd / CREDIT_USD)
    if not job.byok or job.legacy:
        return Amounts(credits=base)
    return Amounts(llm_cost=base, neo_cost=Decimal(repr(float(base) * NEO_COST_RATE)))


def execution(random: Random, job: Job, start: datetime, ending: Ending, size: float) -> Stream:
    """Return an execution of `size` times the typical work, as far as the ending lets it get."""
    steps = max(1, round(job.workload.steps * size**0.8 * ending.progress))
    tools = _tools(random, job.workload.tools, round(steps * random.uniform(0.8, 1.7)))
    agents = {agent: max(1, round(steps / random.uniform(6, 30))) for agent in job.workload.agents}
    llm_ms = round(steps * MODELS[job.model].step_ms * random.uniform(0.7, 1.5))
    tool_ms = sum(ms for _, ms in tools.values())
    duration = min(timedelta(milliseconds=round((llm_ms + tool_ms) * random.uniform(1.01, 1.12))), MAX_DURATION)
    return Stream(
        start,
        start + duration,
        *_cost(random, job, size * ending.progress),
        status=ending.status,
        error_message=_error(random, job, ending, start + duration),
        steps=steps,
        tool_calls=sum(calls for calls, _ in tools.values()),
        agent_triggers=sum(agents.values()),
        llm_ms=llm_ms,
        tool_ms=tool_ms,
        total_ms=duration // timedelta(milliseconds=1),
        tools=tools,
        agents=agents,
    )


def _stream(random: Random, job: Job, start: datetime, size: float) -> Stream:
    ending = _ending(random, job.workload)
    if ending.error in UPFRONT_ERRORS and chance(random, REFUSED_UPFRONT_SHARE):
        return _refused_stream(random, job, start, ending)
    return execution(random, job, start, ending, size * random.lognormvariate(0, job.workload.spread))


def _ending(random: Random, workload: Workload) -> Ending:
    status = random.choices(list(STATUS_WEIGHTS), list(STATUS_WEIGHTS.values()))[0]
    progress = 1.0 if status == "completed" else random.uniform(0.05, 0.8)
    match status:
        case "error" | "failed":
            return Ending(status, random_error(random, workload.tools), progress)
        case "blocked":
            return Ending(status, BLOCKED, progress)
        case "completed" | "aborted":
            return Ending(status, None, progress)


def _refused_stream(random: Random, job: Job, start: datetime, ending: Ending) -> Stream:
    """Return an execution that did nothing, so that its cost is unknown."""
    ended = start + timedelta(milliseconds=random.randint(300, 2_500))
    return Stream(start, ended, status=ending.status, error_message=_error(random, job, ending, ended), total_ms=0)


def _cost(random: Random, job: Job, size: float) -> Amounts:
    if chance(random, UNKNOWN_COST_SHARE):
        return Amounts()
    usd = job.workload.usd * MODELS[job.model].price * size
    saturated = MAX_USD * -math.expm1(-usd / MAX_USD)  # clipping would pile up tasks at the limit
    return amounts(random, job, max(saturated, MIN_USD))


def _tools(random: Random, names: tuple[str, ...], calls: int) -> dict[str, tuple[int, int]]:
    """Return the calls and milliseconds of each tool, unevenly spread; a tool without a call is absent."""
    weights = [random.expovariate(1) for _ in names]
    shares = {name: round(calls * weight / sum(weights)) for name, weight in zip(names, weights, strict=True)}
    return {
        name: (count, round(count * TOOL_MS[name] * random.uniform(0.5, 1.6)))
        for name, count in shares.items()
        if count
    }


def _error(random: Random, job: Job, ending: Ending, at: datetime) -> str | None:
    return format_error(ending.error, random, job.email, at) if ending.error else None


def _pause(random: Random) -> timedelta:
    if chance(random, SAME_DAY_SHARE):
        return timedelta(minutes=random.uniform(25, 480))
    return timedelta(hours=random.uniform(14, 96))


def _float_sum(random: Random, amount: float) -> Decimal:
    """Return the amount as upstream stores it: a sum of floats, sometimes with a rounding error such as ...04."""
    part = round(amount * random.uniform(0.3, 0.7), 4)
    return Decimal(repr(part + round(amount - part, 4)))
