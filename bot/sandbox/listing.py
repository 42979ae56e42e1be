"""The list behind a query: which tasks a caller sees, in which order, kept from page to page."""

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

EVER, NEVER_AFTER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
KEPT = 16  # lists; readers ask for few at once


@dataclass(frozen=True, slots=True)
class Manner:
    """How upstream goes about what its page leaves open, and the only member a `solo` caller sees."""

    filters_by: FiltersBy = "created"
    order: Order = "newest"
    seed: int = 7
    solo: bool = False
    owner: str | None = None


class Listing:
    """Answers queries over snapshots; a further page costs little while neither of them changes."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._found: dict[tuple[Manner, Query], Tasks] = {}

    def find(self, snapshot: Snapshot, manner: Manner, query: Query) -> Tasks:
        """All tasks that match, whatever the query's limit and offset, in the manner's order."""
        if snapshot is not self._snapshot:
            self._snapshot, self._found = snapshot, {}
        asked = manner, replace(query, limit=1, offset=0)
        if asked not in self._found:
            self._found = dict(list(self._found.items())[1 - KEPT :])
            self._found[asked] = _sorted(_matching(snapshot.tasks, *asked), manner)
        return self._found[asked]


def _matching(tasks: Iterable[SimTask], manner: Manner, query: Query) -> Iterator[SimTask]:
    if manner.solo:  # without e-mail in the rows, `email` and `search` have none to find
        tasks = (task for task in tasks if task.email == manner.owner)
        tasks, query = (replace(task, email=None) for task in tasks), replace(query, email=None)
    within = _within(tasks, manner.filters_by, query)
    return (task for task in within if _fits(task, query))


def _within(tasks: Iterable[SimTask], by: FiltersBy, query: Query) -> Iterable[SimTask]:
    """The tasks in the window; `streams` clips them to the streams that started in it."""
    if query.start is None and query.end is None:
        return tasks
    start, end = query.start or EVER, query.end or NEVER_AFTER
    match by:
        case "created":
            return (task for task in tasks if start <= task.created_at <= end)
        case "any":
            return (task for task in tasks if any(start <= s.started_at <= end for s in task.streams))
    clipped = (task.keeping(lambda stream: start <= stream.started_at <= end) for task in tasks)
    return (task for task in clipped if task)


def _fits(task: SimTask, query: Query) -> bool:
    """Whether the row, as it would be shown, passes all filters that are not about time."""
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


def _sorted(tasks: Iterable[SimTask], manner: Manner) -> Tasks:
    by_id = sorted(tasks, key=lambda task: task.task_id)  # ties always fall the same way
    match manner.order:
        case "newest":
            return sorted(by_id, key=lambda task: task.created_at, reverse=True)
        case "oldest":
            return sorted(by_id, key=lambda task: task.created_at)
        case "cost":
            return sorted(by_id, key=lambda task: task.cost, reverse=True)
        case "shuffled":
            return sorted(by_id, key=lambda task: _shuffled(manner.seed, task.task_id))
    return by_id


def _shuffled(seed: int, task_id: str) -> bytes:
    return sha256(f"{seed}:{task_id}".encode()).digest()
