"""The Neo panel of the page: the simulated team's running and latest tasks, and today's cost."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.sandbox.neo import NeoApi
from bot.sandbox.streams import CREDIT_USD
from bot.sandbox.tasks import SimTask, Stream, wire_time

Json = dict[str, Any]
LOOK_AHEAD = timedelta(hours=24)  # no execution takes longer, so what runs now has ended by then
CACHE_LIFETIME = timedelta(hours=9)
LOOK_BACK = timedelta(hours=48)
MAX_TASKS = 24  # in the list
HOUR = timedelta(hours=1)
FAILED_STATUSES = {"error", "failed"}


class CachedTasks(NamedTuple):
    """The tasks around a time with all executions of the day after, so that running ones are included."""

    at: datetime
    version: int
    tasks: list[SimTask]


class NeoPanel:
    """Summarizes Neo's tasks. Asks the world for another time only every nine hours, as that empties its cache."""

    def __init__(self, neo: NeoApi, zone: ZoneInfo) -> None:
        self._neo, self._zone = neo, zone
        self._cache: CachedTasks | None = None

    def summary(self, now: datetime) -> Json:
        """Return whether the API is up, today's sums (dollars) and the latest tasks, running ones first."""
        midnight = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)
        tasks = self._tasks(now)
        today = [stream for task in tasks for stream in task.streams if midnight <= stream.ended_at <= now]
        running = [task for task in tasks if _is_running(task, now)]
        return {
            "up": self._neo.faults.always is None,
            "tasks": len({task.task_id for task in tasks if any(stream in today for stream in task.streams)}),
            "running": len(running),
            "failed": sum(stream.status in FAILED_STATUSES for stream in today),
            "spent_today_usd": _dollars(today),
            "last_hour_usd": _dollars(stream for stream in today if stream.ended_at > now - HOUR),
            "by_hour_usd": [_dollars(hour) for hour in _hours(today, self._zone)],
            "recent": [self._row(task, now) for task in _latest(tasks, running, now)],
        }

    def ended_streams(self, since: datetime, until: datetime) -> list[Stream]:
        """Return the executions that ended after `since` and at or before `until`."""
        streams = (stream for task in self._neo.world.tasks(until) for stream in task.streams)
        return [stream for stream in streams if since < stream.ended_at <= until]

    def _tasks(self, now: datetime) -> list[SimTask]:
        cache, version = self._cache, self._neo.world.version
        if cache is None or cache.version != version or not cache.at <= now < cache.at + CACHE_LIFETIME:
            tasks = [task for task in self._neo.world.tasks(now + LOOK_AHEAD) if task.last.ended_at > now - LOOK_BACK]
            cache = self._cache = CachedTasks(now, version, tasks)
        return cache.tasks

    def _row(self, task: SimTask, now: datetime) -> Json:
        ended = [stream for stream in task.streams if stream.ended_at <= now]
        runs = _is_running(task, now)
        names = (member.name for member in self._neo.world.members if member.email == task.email)
        return {
            "task_id": task.task_id,
            "title": task.title,
            "member": next(names, task.email or "unattributed"),
            "model": task.model,
            "status": "running" if runs else ended[-1].status,
            "cost_usd": _dollars(ended) if ended else None,
            "created_at": wire_time(task.created_at),
            "at": wire_time(_started_at(task, now) if runs else ended[-1].ended_at),
            "streams": len(ended) + runs,
        }


def _latest(tasks: list[SimTask], running: list[SimTask], now: datetime) -> list[SimTask]:
    idle = [task for task in tasks if task not in running and task.streams[0].ended_at <= now]
    idle.sort(key=lambda task: max(s.ended_at for s in task.streams if s.ended_at <= now), reverse=True)
    return [*sorted(running, key=lambda task: _started_at(task, now), reverse=True), *idle][:MAX_TASKS]


def _is_running(task: SimTask, now: datetime) -> bool:
    return any(stream.started_at <= now < stream.ended_at for stream in task.streams)


def _started_at(task: SimTask, now: datetime) -> datetime:
    return max(stream.started_at for stream in task.streams if stream.started_at <= now < stream.ended_at)


def _hours(streams: list[Stream], zone: ZoneInfo) -> Iterator[list[Stream]]:
    for hour in range(24):
        yield [stream for stream in streams if stream.ended_at.astimezone(zone).hour == hour]


def _dollars(streams: "Iterator[Stream] | list[Stream]") -> float:
    """Return their total cost in dollars; a float, as it is only displayed."""
    amounts = (amount for s in streams for amount in (s.credits, s.llm_cost, s.neo_cost))
    return float(sum((amount for amount in amounts if amount is not None), Decimal(0)) * CREDIT_USD)
