"""Queries of tasks: by their ids, by status or change, and how many there are."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.scope import Scope


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task as it is now, without its texts. `id` and `member` are row ids, times are microseconds since 1970."""

    id: int
    task_id: str
    member: int
    status: str
    model: str
    created_at: int
    changed_at: int
    total_execution_ms: int | None
    stream_count: int | None


@dataclass(frozen=True, slots=True)
class TaskTexts:
    """The title and the error message of a task."""

    title: str | None
    error_message: str | None


_TASKS = """
SELECT t.id, t.task_id, t.member, t.status, t.model, t.created_at, t.changed_at, t.total_execution_ms, t.stream_count
FROM json_each(?) j CROSS JOIN task t ON t.id = j.value
"""


def tasks_by_id(reads: Connection, tasks: Iterable[int]) -> dict[int, StoredTask]:
    """Return tasks by row id; unknown ids are left out."""
    return {row[0]: StoredTask(*row) for row in reads.exec_driver_sql(_TASKS, (json.dumps(list(tasks)),)).all()}


_WITH_STATUS = """
SELECT t.id, t.task_id, t.member, t.status, t.model, t.created_at, t.changed_at, t.total_execution_ms, t.stream_count
FROM task t WHERE t.id > ? AND t.status IN (SELECT value FROM json_each(?)) ORDER BY t.id LIMIT ?
"""


def tasks_with_status(reads: Connection, statuses: Sequence[str], after: int, most: int) -> list[StoredTask]:
    """Return the first `most` tasks with one of the statuses and an id above `after`, in order of their ids."""
    rows = reads.exec_driver_sql(_WITH_STATUS, (after, json.dumps(list(statuses)), most)).all()
    return [StoredTask(*row) for row in rows]


def texts_by_id(reads: Connection, tasks: Iterable[int]) -> dict[int, TaskTexts]:
    """Return the titles and error messages of tasks, by row id."""
    sql = """
SELECT d.task, d.title, d.error_message FROM json_each(?) j CROSS JOIN task_detail d ON d.task = j.value"""
    return {key: TaskTexts(*texts) for key, *texts in reads.exec_driver_sql(sql, (json.dumps(list(tasks)),)).all()}


_TOTALS = """
SELECT t.id, t.platform_nanos, t.provider_nanos FROM json_each(?) j CROSS JOIN task t ON t.id = j.value
"""
_CHARGED = """
SELECT j.value, (SELECT sum(c.platform_nanos) FROM charge c WHERE c.task = j.value AND +c.member = ?),
  (SELECT sum(c.provider_nanos) FROM charge c WHERE c.task = j.value AND +c.member = ?) FROM json_each(?) j
"""  # unary + disables the index by member, or SQLite would read all that the member was ever charged


def costs_by_id(reads: Connection, tasks: Iterable[int], scope: Scope, basis: SpendBasis) -> dict[int, int | None]:
    """Return the nanos that tasks cost by row id, None if unknown; in a member's scope, what they were charged."""
    keys = json.dumps(list(tasks))
    if scope.member is None:
        rows = reads.exec_driver_sql(_TOTALS, (keys,)).all()
    else:
        rows = reads.exec_driver_sql(_CHARGED, (scope.member, scope.member, keys)).all()
    return {
        key: None if platform is None and provider is None else basis.spend(platform or 0, provider or 0)
        for key, platform, provider in rows
    }


def has_tasks(reads: Connection, member: int) -> bool:
    """Return whether a member has any task."""
    return bool(reads.exec_driver_sql("SELECT 1 FROM task WHERE member = ? LIMIT 1", (member,)).all())


def members_with_changes(reads: Connection, changed_since: datetime, created_since: datetime) -> set[int]:
    """Return the ids of members with a task that changed and was created since these times."""
    # unary + disables the index on created_at: recently changed tasks are few, recently created ones may be many
    sql = "SELECT member FROM task WHERE changed_at >= ? AND +created_at >= ?"
    return {member for (member,) in reads.exec_driver_sql(sql, (to_us(changed_since), to_us(created_since))).all()}


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks the ledger holds, how many of them without a known cost, and how many Neo lists no longer."""

    tasks: int
    without_cost: int
    missing: int


_COUNTS = """
SELECT (SELECT count(*) FROM task),
  (SELECT count(*) FROM task WHERE platform_nanos IS NULL AND provider_nanos IS NULL),
  (SELECT count(*) FROM task WHERE missed_at IS NOT NULL AND missing_since IS NOT NULL)
"""


def task_counts(reads: Connection) -> TaskCounts:
    """Return how many tasks there are."""
    return TaskCounts(*reads.exec_driver_sql(_COUNTS).all()[0])


def newest_creation(reads: Connection) -> datetime | None:
    """Return when the newest task was created; None in a ledger without tasks."""
    return optional_from_us(reads.exec_driver_sql("SELECT max(created_at) FROM task").all()[0][0])
