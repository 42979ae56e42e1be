"""The Neo panel of the page: the simulated team's running and latest tasks, and what the bot has booked of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.sandbox.neo import NeoApi
from bot.sandbox.page.bookings import Booking, Bookings, cost_usd, rounded_usd, sum_usd
from bot.sandbox.tasks import Row, SimTask, row, wire_time

Json = dict[str, Any]
LOOK_AHEAD = timedelta(hours=24)  # no execution takes longer, so what runs now has ended by then
CACHE_LIFETIME = timedelta(hours=9)
LOOK_BACK = timedelta(hours=48)
MAX_TASKS = 24  # in the list
HOUR = timedelta(hours=1)
FOREVER = datetime.max.replace(tzinfo=UTC)


class CachedTasks(NamedTuple):
    """The tasks around a time with all executions of the day after, so that running ones are included."""

    at: datetime
    version: int
    tasks: list[SimTask]


class NeoPanel:
    """Summarizes Neo's tasks, and what the bot has booked of them.

    Asks the world for another time only every nine hours, as that empties its cache.
    """

    def __init__(self, neo: NeoApi, zone: ZoneInfo) -> None:
        self._neo, self._zone = neo, zone
        self._cache: CachedTasks | None = None
        self._bookings = Bookings()
        neo.on_rows = self._read

    def summary(self, now: datetime) -> Json:
        """Return whether the API is up, the sums that the bot would answer (dollars) and the latest tasks.

        Sums are of what the bot has read until `read_at`. `unread_usd` is by how much the tasks of two days cost more
        by now; changes of older ones the bot reads at night.
        """
        local = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)
        today, month = self._bookings.totals(local, FOREVER), self._bookings.totals(local.replace(day=1), FOREVER)
        tasks = self._tasks(now)
        running = [task for task in tasks if _is_running(task, now)]
        read_at = self._bookings.read_at
        return {
            "up": self._neo.faults.always is None,
            "read_at": read_at and wire_time(read_at),
            "unread_usd": rounded_usd(self._bookings.unread_usd(_rows(tasks, now))),
            "tasks": today.tasks,
            "running": len(running),
            "failed": today.failed,
            "spent_today_usd": rounded_usd(today.usd),
            "spent_this_month_usd": rounded_usd(month.usd),
            "tasks_this_month": month.tasks,
            "last_hour_usd": rounded_usd(sum_usd(self._bookings.between(now - HOUR, now))),
            "by_hour_usd": [float(usd) for usd in self._by_hour(local)],
            "recent": [self._row(task, now) for task in _latest(tasks, running, now)],
        }

    def keep_stored(self, stored: Iterable[Booking]) -> None:
        """Keep only what the bot has stored of what it was sent, after it was killed."""
        self._bookings.keep_stored(stored)

    def _read(self, rows: list[Row]) -> None:
        self._bookings.read(rows, self._neo.clock())

    def _by_hour(self, midnight: datetime) -> list[Decimal]:
        bookings = self._bookings.between(midnight, FOREVER)
        hours = [booking.at.astimezone(self._zone).hour for booking in bookings]
        return [sum_usd(b for b, at in zip(bookings, hours, strict=True) if at == hour) for hour in range(24)]

    def ended_tasks(self, since: datetime, until: datetime) -> list[SimTask]:
        """Return the tasks with executions that ended after `since` and at or before `until`, each with these only."""
        tasks = self._neo.world.tasks(until)
        ended = (task.with_streams_where(lambda stream: since < stream.ended_at <= until) for task in tasks)
        return [task for task in ended if task is not None]

    def _tasks(self, now: datetime) -> list[SimTask]:
        cache, version = self._cache, self._neo.world.version
        if cache is None or cache.version != version or not cache.at <= now < cache.at + CACHE_LIFETIME:
            tasks = [task for task in self._neo.world.tasks(now + LOOK_AHEAD) if task.last.ended_at > now - LOOK_BACK]
            cache = self._cache = CachedTasks(now, version, tasks)
        return cache.tasks

    def _row(self, task: SimTask, now: datetime) -> Json:
        ended = [stream for stream in task.streams if stream.ended_at <= now]
        runs = _is_running(task, now)
        cost = task_cost(replace(task, streams=tuple(ended))) if ended else None
        names = (member.name for member in self._neo.world.members if member.email == task.email)
        return {
            "task_id": task.task_id,
            "title": task.title,
            "member": next(names, task.email or "unattributed"),
            "model": task.model,
            "status": "running" if runs else ended[-1].status,
            "cost_usd": None if cost is None else rounded_usd(cost),
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


def _rows(tasks: list[SimTask], now: datetime) -> Iterator[Row]:
    """Yield the rows in which the API lists the tasks of two days at `now`."""
    for task in tasks:
        ended = task.with_streams_where(lambda stream: stream.ended_at <= now)
        if ended and task.created_at > now - LOOK_BACK:
            yield row(ended)


def task_cost(task: SimTask) -> Decimal | None:
    """Return what a task's executions have cost in dollars, exact; None if unknown."""
    return cost_usd(row(task))
