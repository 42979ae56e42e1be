"""The list of tasks that a query matches, in its order, cached from page to page."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from bot.sandbox.query import Query
from bot.sandbox.tasks import SimTask
from bot.sandbox.world import Snapshot

FiltersBy = Literal["created", "streams", "any"]
Order = Literal["newest", "oldest", "id", "cost", "shuffled"]
Tasks = list[SimTask]

MIN_TIME, MAX_TIME = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
CACHED_LISTS = 16  # few queries are paged through at the same time


@dataclass(frozen=True, slots=True)
class ListingOptions:
    """Upstream behaviour that its documentation leaves open, and the only member that a `solo` caller sees."""

    filters_by: FiltersBy = "created"
    order: Order = "newest"
    seed: int = 7
    solo: bool = False
    owner: str | None = None


class Listing:
    """Runs queries over snapshots and caches the lists until the snapshot changes, so that further pages are cheap."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._lists: dict[tuple[ListingOptions, Query], Tasks] = {}

    def find(self, snapshot: Snapshot, options: ListingOptions, query: Query) -> Tasks:
        """Return all tasks that match the query, ignoring its limit and offset, in the order of the options."""
        if snapshot is not self._snapshot:
            self._snapshot, self._lists = snapshot, {}
        key = options, replace(query, limit=1, offset=0)
        if key not in self._lists:
            self._lists = dict(list(self._lists.items())[1 - CACHED_LISTS :])
            self._lists[key] = _sorted(_matching(snapshot.tasks, *key), options)
        return self._lists[key]


def _matching(tasks: Iterable[SimTask], options: ListingOptions, query: Query) -> Iterator[SimTask]:
    if options.solo:  # without e-mail in the rows, `email` and `search` have none to match
        tasks = (task for task in tasks if task.email == options.owner)
        tasks, query = (replace(task, email=None) for task in tasks), replace(query, email=None)
    within = _within(tasks, options.filters_by, query)
    return (task for task in within if _matches(task, query))


def _within(tasks: Iterable[SimTask], by: FiltersBy, query: Query) -> Iterable[SimTask]:
    """Return the tasks in the query's window; `streams` keeps only the streams that started in it."""
    if query.start is None and query.end is None:
        return tasks
    start, end = query.start or MIN_TIME, query.end or MAX_TIME
    match by:
        case "created":
            return (task for task in tasks if start <= task.created_at <= end)
        case "any":
            return (task for task in tasks if any(start <= s.started_at <= end for s in task.streams))
    clipped = (task.with_streams_where(lambda stream: start <= stream.started_at <= end) for task in tasks)
    return (task for task in clipped if task)


def _matches(task: SimTask, query: Query) -> bool:
    """Return whether the task's row passes all filters except those on time."""
    return (
        (query.task_id is None or task.task_id == query.task_id)
        and (query.email is None or task.email == query.email)
        and (query.is_byok is None or bool(task.is_byok) == query.is_byok)
        and (query.status is None or task.last.status == query.status)
        and (query.model is None or task.last_model == query.model)
        and (query.search is None or _mentions(task, query.search.casefold()))
    )


def _mentions(task: SimTask, text: str) -> bool:
    return text in task.task_id.casefold() or text in (task.email or "").casefold()


def _sorted(tasks: Iterable[SimTask], options: ListingOptions) -> Tasks:
    by_id = sorted(tasks, key=lambda task: task.task_id)  # so that ties always have the same order
    match options.order:
        case "id":
            return by_id
        case "newest":
            return sorted(by_id, key=lambda task: task.created_at, reverse=True)
        case "oldest":
            return sorted(by_id, key=lambda task: task.created_at)
        case "cost":
            return sorted(by_id, key=lambda task: task.cost, reverse=True)
        case "shuffled":
            return sorted(by_id, key=lambda task: _shuffle_key(options.seed, task.task_id))


def _shuffle_key(seed: int, task_id: str) -> bytes:
    return sha256(f"{seed}:{task_id}".encode()).digest()
