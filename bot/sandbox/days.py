"""The generator: what the simulated team asks of Neo on one UTC day, a pure function of seed and date."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from bot.sandbox.streams import Job, chance, streams
from bot.sandbox.tasks import SimTask
from bot.sandbox.team import Member
from bot.sandbox.work import KINDS

SATURDAY = 5
ON_WEEKDAYS, AT_WEEKENDS = 45, 10
BYOK, LEGACY_BYOK, TITLED = 0.85, 0.15, 0.98
MORNING, AFTERNOON = 10.5, 15.2  # local hours around which people start tasks


@lru_cache(maxsize=1024)  # worlds of one seed share their days
def day_of(seed: int, day: date, members: tuple[Member, ...]) -> tuple[SimTask, ...]:
    """All tasks created on the UTC day, with all streams they will ever have, oldest first."""
    random = Random(f"{seed}:{day}")
    mean = AT_WEEKENDS if day.weekday() >= SATURDAY else ON_WEEKDAYS
    count = max(1, round(random.gauss(mean, mean / 7)))
    return tuple(sorted((_task(random, day, members) for _ in range(count)), key=lambda task: task.created_at))


def new_id(random: Random) -> str:
    """A task id as upstream makes them: a random UUID."""
    return str(UUID(int=random.getrandbits(128), version=4))


def _task(random: Random, day: date, members: tuple[Member, ...]) -> SimTask:
    member = random.choices(members, [member.share for member in members])[0]
    job = _job(random, member)
    created = datetime.combine(day, time(), UTC) + _time_of_day(random, member)
    return SimTask(
        task_id=new_id(random),
        title=job.work.title(random) if chance(random, TITLED) else None,
        email=job.email,
        model=job.model,
        is_byok=job.byok,
        created_at=created,
        streams=tuple(streams(random, job, created)),
    )


def _job(random: Random, member: Member) -> Job:
    byok = member.byok and chance(random, BYOK)
    return Job(
        member.email,
        work=KINDS[_mostly_first(random, member.kinds)],
        model=_mostly_first(random, member.models),
        byok=byok,
        legacy=byok and chance(random, LEGACY_BYOK),
    )


def _time_of_day(random: Random, member: Member) -> timedelta:
    """Since UTC midnight; wrapped, so that a day in Tokyo and one in Portland are the same date here."""
    local = random.gauss(random.choice((MORNING, AFTERNOON)), 1.6)
    hour = random.uniform(0, 24) if member.round_the_clock else (local - member.utc_offset) % 24
    return timedelta(milliseconds=min(int(hour * 3_600_000), 86_399_999))


def _mostly_first(random: Random, choices: tuple[str, ...]) -> str:
    return random.choices(choices, [1 / (place + 1) for place in range(len(choices))])[0]
