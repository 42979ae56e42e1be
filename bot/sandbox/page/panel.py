"""The Neo side of the page: what the simulated team runs now, and what today cost."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.sandbox.neo import NeoApi
from bot.sandbox.streams import CREDIT_USD
from bot.sandbox.tasks import SimTask, Stream, wire_time

Json = dict[str, Any]
AHEAD = timedelta(hours=24)  # no execution takes longer, so who runs now has ended by then
LASTS = timedelta(hours=9)
BEHIND = timedelta(hours=48)
SHOWN = 24  # tasks in the list
HOUR = timedelta(hours=1)
FAILURES = {"error", "failed"}


class Look(NamedTuple):
    """The tasks around a moment with all executions through the day after: also those that run."""

    at: datetime
    version: int
    tasks: list[SimTask]


class Panel:
    """Looks a day ahead once in nine hours, as asking the world for another moment makes it look twice."""

    def __init__(self, neo: NeoApi, zone: ZoneInfo) -> None:
        self._neo, self._zone = neo, zone
        self._look: Look | None = None

    def shown(self, now: datetime) -> Json:
        """Whether the API answers, today's sums (dollars) and the latest tasks, running ones first."""
        midnight = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)
        tasks = self._tasks(now)
        today = [stream for task in tasks for stream in task.streams if midnight <= stream.ended_at <= now]
        running = [task for task in tasks if _runs(task, now)]
        return {
            "up": self._neo.faults.always is None,
            "tasks": len({task.task_id for task in tasks if any(stream in today for stream in task.streams)}),
            "running": len(running),
            "failed": sum(stream.status in FAILURES for stream in today),
            "spent_today_usd": _dollars(today),
            "last_hour_usd": _dollars(stream for stream in today if stream.ended_at > now - HOUR),
            "by_hour_usd": [_dollars(hour) for hour in _hours(today, self._zone)],
            "recent": [self._row(task, now) for task in _latest(tasks, running, now)],
        }

    def ended(self, since: datetime, until: datetime) -> list[Stream]:
        """The executions that ended after `since`, by `until`."""
        streams = (stream for task in self._neo.world.tasks(until) for stream in task.streams)
        return [stream for stream in streams if since < stream.ended_at <= until]

    def _tasks(self, now: datetime) -> list[SimTask]:
        look, version = self._look, self._neo.world.version
        if look is None or look.version != version or not look.at <= now < look.at + LASTS:
            around = [task for task in self._neo.world.tasks(now + AHEAD) if task.last.ended_at > now - BEHIND]
            look = self._look = Look(now, version, around)
        return look.tasks

    def _row(self, task: SimTask, now: datetime) -> Json:
        ended = [stream for stream in task.streams if stream.ended_at <= now]
        runs = _runs(task, now)
        known = (member.name for member in self._neo.world.members if member.email == task.email)
        return {
            "task_id": task.task_id,
            "title": task.title,
            "member": next(known, task.email or "unattributed"),
            "model": task.model,
            "status": "running" if runs else ended[-1].status,
            "cost_usd": _dollars(ended) if ended else None,
            "created_at": wire_time(task.created_at),
            "at": wire_time(_begun(task, now) if runs else ended[-1].ended_at),
            "streams": len(ended) + runs,
        }


def _latest(tasks: list[SimTask], running: list[SimTask], now: datetime) -> list[SimTask]:
    idle = [task for task in tasks if task not in running and task.streams[0].ended_at <= now]
    idle.sort(key=lambda task: max(s.ended_at for s in task.streams if s.ended_at <= now), reverse=True)
    return [*sorted(running, key=lambda task: _begun(task, now), reverse=True), *idle][:SHOWN]


def _runs(task: SimTask, now: datetime) -> bool:
    return any(stream.started_at <= now < stream.ended_at for stream in task.streams)


def _begun(task: SimTask, now: datetime) -> datetime:
    return max(stream.started_at for stream in task.streams if stream.started_at <= now < stream.ended_at)


def _hours(streams: list[Stream], zone: ZoneInfo) -> Iterator[list[Stream]]:
    for hour in range(24):
        yield [stream for stream in streams if stream.ended_at.astimezone(zone).hour == hour]


def _dollars(streams: "Iterator[Stream] | list[Stream]") -> float:
    """What they cost together; for the eye, so a float."""
    amounts = (amount for s in streams for amount in (s.credits, s.llm_cost, s.neo_cost))
    return float(sum((amount for amount in amounts if amount is not None), Decimal(0)) * CREDIT_USD)
