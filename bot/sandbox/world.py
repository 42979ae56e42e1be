"""The simulated world: the tasks that are listed at a given time, from the seed, the date and later changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from threading import RLock
from typing import NamedTuple, Self

from bot.sandbox import scenarios
from bot.sandbox.error_messages import OVERLOADED
from bot.sandbox.generator import tasks_created_on
from bot.sandbox.tasks import Row, SimTask, Stream, row
from bot.sandbox.team import TEAM, Member

__all__ = ["START", "Row", "SimTask", "Snapshot", "Stream", "World", "row"]

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The tasks that are listed from `since` until just before `until`, unless the world is changed."""

    tasks: tuple[SimTask, ...]
    since: datetime
    until: datetime


class _Entry(NamedTuple):
    """A task with the ends of its first and last stream, which decide for most tasks whether they are listed."""

    task: SimTask
    first_end: datetime
    last_end: datetime


class World:
    """A team's tasks as a pure function of the seed, the time and the changes made since.

    History begins `history_days` before `start`; without `generates` only added tasks exist.
    Thread-safe.
    """

    def __init__(
        self,
        seed: int = 7,
        start: datetime = START,
        *,
        history_days: int = 120,
        members: tuple[Member, ...] = TEAM,
        generates: bool = True,
    ) -> None:
        self.seed, self.start, self.members = seed, start, members
        self.version = 0
        self._first_day = start.astimezone(UTC).date() - timedelta(days=history_days)
        self._generates = generates and bool(members)
        self._days: list[list[_Entry]] = []
        self._injected: dict[str, _Entry | None] = {}  # None: removed
        self._snapshot: Snapshot | None = None
        self._lock = RLock()

    @classmethod
    def empty(cls, start: datetime = START, seed: int = 7) -> Self:
        """Return a world that has only the tasks added to it."""
        return cls(seed, start, generates=False)

    def tasks(self, now: datetime) -> list[SimTask]:
        """Return the tasks of which at least one stream ended by `now`, each with those streams only."""
        return list(self.snapshot(now).tasks)

    def snapshot(self, now: datetime) -> Snapshot:
        """Return the same tasks as `tasks`, as one object for as long as they stay the same."""
        with self._lock:
            snapshot = self._snapshot
            if snapshot is None or not snapshot.since <= now < snapshot.until:
                snapshot = self._snapshot = self._snapshot_at(now)
            return snapshot

    def add(self, task: SimTask) -> None:
        """Add a task, or replace the one with its id."""
        self._inject(task.task_id, _entry(task))

    def remove(self, task_id: str) -> None:
        """Remove a task with all its streams, past and future."""
        self._inject(task_id, None)

    def restate(self, task_id: str, factor: Decimal) -> None:
        """Multiply all amounts of a task, future streams included. Raises KeyError if there is no such task."""
        with self._lock:
            self.add(self._find(task_id).with_scaled_amounts(factor))

    def spike(self, email: str, usd: Decimal, now: datetime) -> list[SimTask]:
        """Add and return some tasks of the member that ended just before `now` and together cost exactly `usd`."""
        return self._add_all(scenarios.spike(self._random(), email, usd, now))

    def error_storm(self, count: int, now: datetime, error: str = OVERLOADED) -> list[SimTask]:
        """Add and return `count` tasks of several members that failed the same way shortly before `now`."""
        return self._add_all(scenarios.error_storm(self._random(), self.members, count, now, error))

    def _add_all(self, tasks: list[SimTask]) -> list[SimTask]:
        with self._lock:
            for task in tasks:
                self.add(task)
        return tasks

    def _random(self) -> Random:
        """Return a generator that differs after each change, and is the same after the same sequence of changes."""
        return Random(f"{self.seed}:interference:{self.version}")

    def _inject(self, task_id: str, entry: _Entry | None) -> None:
        with self._lock:
            self._injected[task_id] = entry
            self.version += 1
            self._snapshot = None

    def _find(self, task_id: str) -> SimTask:
        if task_id in self._injected:
            entry = self._injected[task_id]
        else:
            entry = next((entry for entry in self._generated_entries() if entry.task.task_id == task_id), None)
        if entry is None:
            raise KeyError(task_id)
        return entry.task

    def _snapshot_at(self, now: datetime) -> Snapshot:
        self._generate(now)
        entries = [entry for entry in self._entries() if entry.first_end <= now]
        tasks = [entry.task if entry.last_end <= now else _without_running(entry.task, now) for entry in entries]
        tasks.sort(key=lambda task: (task.created_at, task.task_id))
        return Snapshot(tuple(tasks), now, self._next_change(now))

    def _next_change(self, now: datetime) -> datetime:
        """Return when the next stream ends, at the latest midnight UTC, when the next day's tasks are generated."""
        midnight = datetime.combine(now.astimezone(UTC).date() + ONE_DAY, time(), UTC)
        growing = (entry.task for entry in self._entries() if entry.last_end > now)
        ends = (stream.ended_at for task in growing for stream in task.streams)
        return min(chain((end for end in ends if end > now), [midnight]))

    def _generate(self, now: datetime) -> None:
        """Generate the missing days up to the UTC day of `now`."""
        last = now.astimezone(UTC).date()
        while self._generates and (day := self._first_day + ONE_DAY * len(self._days)) <= last:
            self._days.append([_entry(task) for task in tasks_created_on(self.seed, day, self.members)])

    def _generated_entries(self) -> Iterator[_Entry]:
        return chain.from_iterable(self._days)

    def _entries(self) -> Iterator[_Entry]:
        """Return all tasks, generated or added, ended or not."""
        untouched = (entry for entry in self._generated_entries() if entry.task.task_id not in self._injected)
        return chain(untouched, (entry for entry in self._injected.values() if entry))


def _entry(task: SimTask) -> _Entry:
    ends = [stream.ended_at for stream in task.streams]
    return _Entry(task, min(ends), max(ends))


def _without_running(task: SimTask, now: datetime) -> SimTask:
    return replace(task, streams=tuple(stream for stream in task.streams if stream.ended_at <= now))
