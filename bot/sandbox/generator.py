"""The generator of the tasks that the simulated team creates on one UTC day, a pure function of seed and date."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from bot.sandbox.streams import Job, chance, streams
from bot.sandbox.tasks import SimTask
from bot.sandbox.team import Member
from bot.sandbox.workloads import WORKLOADS

SATURDAY = 5
TASKS_PER_WEEKDAY, TASKS_PER_WEEKEND_DAY = 45, 10
BYOK_SHARE, LEGACY_BYOK_SHARE, TITLED_SHARE = 0.85, 0.15, 0.98
MORNING, AFTERNOON = 10.5, 15.2  # local hours around which people start tasks


@lru_cache(maxsize=1024)  # worlds of one seed share their days
def tasks_created_on(seed: int, day: date, members: tuple[Member, ...]) -> tuple[SimTask, ...]:
    """Return all tasks created on the UTC day with all the streams they will ever have, oldest task first."""
    random = Random(f"{seed}:{day}")
    mean = TASKS_PER_WEEKEND_DAY if day.weekday() >= SATURDAY else TASKS_PER_WEEKDAY
    count = max(1, round(random.gauss(mean, mean / 7)))
    return tuple(sorted((_task(random, day, members) for _ in range(count)), key=lambda task: task.created_at))


def new_id(random: Random) -> str:
    """Return a task id like upstream's, a random UUID."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _task(random: Random, day: date, members: tuple[Member, ...]) -> SimTask:
    member = random.choices(members, [member.share for member in members])[0]
    job = _job(random, member)
    created = datetime.combine(day, time(), UTC) + _time_of_day(random, member)
    return SimTask(
        task_id=new_id(random),
        title=job.workload.title(random) if chance(random, TITLED_SHARE) else None,
        email=job.email,
        model=job.model,
        is_byok=job.byok,
        created_at=created,
        streams=tuple(streams(random, job, created)),
    )


def _job(random: Random, member: Member) -> Job:
    byok = member.byok and chance(random, BYOK_SHARE)
    return Job(
        member.email,
        workload=WORKLOADS[_mostly_first(random, member.workloads)],
        model=_mostly_first(random, member.models),
        byok=byok,
        legacy=byok and chance(random, LEGACY_BYOK_SHARE),
    )


def _time_of_day(random: Random, member: Member) -> timedelta:
    """Return a time since UTC midnight. Local days wrap around, so that Tokyo and Portland share one UTC date."""
    local = random.gauss(random.choice((MORNING, AFTERNOON)), 1.6)
    hour = random.uniform(0, 24) if member.round_the_clock else (local - member.utc_offset) % 24
    return timedelta(milliseconds=min(int(hour * 3_600_000), 86_399_999))


def _mostly_first(random: Random, choices: tuple[str, ...]) -> str:
    return random.choices(choices, [1 / (place + 1) for place in range(len(choices))])[0]
