"""The simulated world: which tasks a moment shows, by seed and date and what was done to it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from random import Random
from threading import RLock
from typing import NamedTuple, Self

from bot.sandbox import trouble
from bot.sandbox.days import day_of
from bot.sandbox.tasks import Row, SimTask, Stream, row
from bot.sandbox.team import TEAM, Member

__all__ = ["START", "Row", "SimTask", "Snapshot", "Stream", "World", "row"]

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What is listed from `since` until just before `until`, unless somebody interferes."""

    tasks: tuple[SimTask, ...]
    since: datetime
    until: datetime


class _Entry(NamedTuple):
    """A task beside the ends of its first and last stream: most need no closer look."""

    task: SimTask
    first_end: datetime
    last_end: datetime


class World:
    """A team's tasks as a pure function of the seed, a moment and what was injected since.

    History begins `history_days` before `start`; a `quiet` world generates nothing by itself.
    Safe to change from one thread while another reads.
    """

    def __init__(
        self,
        seed: int = 7,
        start: datetime = START,
        *,
        history_days: int = 120,
        members: tuple[Member, ...] = TEAM,
        quiet: bool = False,
    ) -> None:
        self.seed, self.start, self.members = seed, start, members
        self.version = 0
        self._first_day = start.astimezone(UTC).date() - timedelta(days=history_days)
        self._quiet = quiet or not members
        self._days: list[list[_Entry]] = []
        self._injected: dict[str, _Entry | None] = {}  # None: removed
        self._snapshot: Snapshot | None = None
        self._lock = RLock()

    @classmethod
    def empty(cls, start: datetime = START, seed: int = 7) -> Self:
        """A world in which only what is added happens."""
        return cls(seed, start, quiet=True)

    def tasks(self, now: datetime) -> list[SimTask]:
        """The tasks of which at least one stream ended by `now`, each with the streams that did."""
        return list(self.snapshot(now).tasks)

    def snapshot(self, now: datetime) -> Snapshot:
        """The same as `tasks`, kept and given again as long as it holds."""
        with self._lock:
            kept = self._snapshot
            if kept is None or not kept.since <= now < kept.until:
                kept = self._snapshot = self._look(now)
            return kept

    def add(self, task: SimTask) -> None:
        """Put a task into the world, instead of the one with its id if there is one."""
        self._inject(task.task_id, _entry(task))

    def remove(self, task_id: str) -> None:
        """Let a task vanish with all its streams, past and future."""
        self._inject(task_id, None)

    def restate(self, task_id: str, factor: Decimal) -> None:
        """Multiply all amounts of a task, also of streams to come. Raises KeyError if there is none."""
        with self._lock:
            self.add(self._find(task_id).restated(factor))

    def spike(self, email: str, usd: Decimal, now: datetime) -> list[SimTask]:
        """Add some tasks of the member that ended just before `now` and cost exactly `usd` together."""
        return self._cause(trouble.spike(self._random(), email, usd, now))

    def error_storm(self, count: int, now: datetime) -> list[SimTask]:
        """Add so many tasks, of several members, that failed the same way shortly before `now`."""
        return self._cause(trouble.error_storm(self._random(), self.members, count, now))

    def _cause(self, tasks: list[SimTask]) -> list[SimTask]:
        with self._lock:
            for task in tasks:
                self.add(task)
        return tasks

    def _random(self) -> Random:
        """Different for each interference, the same for the same sequence of them."""
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
            entry = next((entry for entry in self._generated() if entry.task.task_id == task_id), None)
        if entry is None:
            raise KeyError(task_id)
        return entry.task

    def _look(self, now: datetime) -> Snapshot:
        self._generate(now)
        entries = [entry for entry in self._entries() if entry.first_end <= now]
        shown = [entry.task if entry.last_end <= now else _ended(entry.task, now) for entry in entries]
        shown.sort(key=lambda task: (task.created_at, task.task_id))
        return Snapshot(tuple(shown), now, self._next_change(now))

    def _next_change(self, now: datetime) -> datetime:
        """When the next stream ends, but midnight at the latest: then a day's tasks come into being."""
        midnight = datetime.combine(now.astimezone(UTC).date() + ONE_DAY, time(), UTC)
        growing = (entry.task for entry in self._entries() if entry.last_end > now)
        ends = (stream.ended_at for task in growing for stream in task.streams)
        return min(chain((end for end in ends if end > now), [midnight]))

    def _generate(self, now: datetime) -> None:
        """Bring forth all days through `now`'s that are not there yet."""
        last = now.astimezone(UTC).date()
        while not self._quiet and (day := self._first_day + ONE_DAY * len(self._days)) <= last:
            self._days.append([_entry(task) for task in day_of(self.seed, day, self.members)])

    def _generated(self) -> Iterator[_Entry]:
        return chain.from_iterable(self._days)

    def _entries(self) -> Iterator[_Entry]:
        """All tasks that ever were or will be, as far as generated, by whoever made them."""
        untouched = (entry for entry in self._generated() if entry.task.task_id not in self._injected)
        return chain(untouched, (entry for entry in self._injected.values() if entry))


def _entry(task: SimTask) -> _Entry:
    ends = [stream.ended_at for stream in task.streams]
    return _Entry(task, min(ends), max(ends))


def _ended(task: SimTask, now: datetime) -> SimTask:
    return replace(task, streams=tuple(stream for stream in task.streams if stream.ended_at <= now))
