"""The store of failures: their kinds, and the tasks that failed."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.timestamps import to_us
from bot.failures.fingerprints import fingerprint
from bot.failures.rules import Cap, cap_of

# --- kinds ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FailureSample:
    """One failure of a kind, which the kind's status, model and cap are taken from."""

    fingerprint: int
    status: str
    model: str
    error: str | None

    @classmethod
    def of(cls, status: str, model: str, error: str | None) -> "FailureSample":
        """Return a task that ended badly as a sample."""
        return cls(fingerprint(status, model, error), status, model, error)


def ensure_kinds(connection: Connection, samples: Iterable[FailureSample]) -> dict[int, int]:
    """Return the ids of kinds by fingerprint; unknown kinds are added."""
    by_fingerprint = {each.fingerprint: each for each in samples}
    if rows := [(mark, each.status, each.model, cap_of(each.error)) for mark, each in by_fingerprint.items()]:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO failure_kind (mark, status, model, cap) VALUES (?,?,?,?)", rows
        )
    kinds = connection.exec_driver_sql(
        "SELECT k.mark, k.id FROM json_each(?) j CROSS JOIN failure_kind k ON k.mark = j.value",
        (json.dumps(list(by_fingerprint)),),
    )
    return {row[0]: row[1] for row in kinds.all()}


@dataclass(frozen=True, slots=True)
class StoredKind:
    """Failures that are the same: how their tasks end, with which model, and the limit of Neo's that they ran into."""

    id: int
    status: str
    model: str
    cap: Cap | None


_KIND = "SELECT id, status, model, cap FROM failure_kind WHERE id = ?"
_LATEST_OF_KIND = "SELECT task FROM failure WHERE kind = ? AND past = 0 ORDER BY failed_at DESC LIMIT 1"


def kind_of_id(connection: Connection, kind: int) -> StoredKind | None:
    """Return a kind; None for an unknown id."""
    rows = connection.exec_driver_sql(_KIND, (kind,)).all()
    return next((StoredKind(kind_id, status, model, _cap(cap)) for kind_id, status, model, cap in rows), None)


def latest_of_kind(connection: Connection, kind: int) -> int | None:
    """Return the latest task whose current failure is of a kind, recovered or not; None if there is none."""
    return next((task for (task,) in connection.exec_driver_sql(_LATEST_OF_KIND, (kind,)).all()), None)


def _cap(cap: str | None) -> Cap | None:
    return Cap(cap) if cap else None


# --- tasks that failed ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """A stored failure of a task: its kind, its group, and when it failed (microseconds).

    `streams` is how often the task had run. Two fields are read and not written: `recovered`, whether it has ended well
    since, and `fingerprint`, that of its kind.
    """

    task: int
    kind: int
    group: int | None
    failed_at: int
    streams: int | None
    recovered: bool | int = False
    fingerprint: int = 0


def failure_records(connection: Connection, tasks: Iterable[int]) -> dict[int, FailureRecord]:
    """Return, by task, the failures of those of the tasks that have failed."""
    rows = connection.exec_driver_sql(
        "SELECT f.task, f.kind, f.grp, f.failed_at, f.streams, f.mended_at IS NOT NULL, k.mark FROM json_each(?) j"
        " CROSS JOIN failure f ON f.task = j.value AND f.past = 0 JOIN failure_kind k ON k.id = f.kind",
        (json.dumps(list(tasks)),),
    )
    return {row[0]: FailureRecord(*row) for row in rows.all()}


def write_failures(connection: Connection, failures: Iterable[FailureRecord]) -> None:
    """Record that tasks failed, in place of how they failed before; closed groups that were reported keep that."""
    if rows := [(each.task, each.kind, each.group, each.failed_at, each.streams) for each in failures]:
        _keep_past_failures(connection, [row[0] for row in rows])
        connection.exec_driver_sql(
            "INSERT INTO failure (task, past, kind, grp, failed_at, streams) VALUES (?,0,?,?,?,?)"
            " ON CONFLICT (task, past) DO UPDATE SET kind = excluded.kind, grp = excluded.grp,"
            " failed_at = excluded.failed_at, streams = excluded.streams, mended_at = NULL",
            rows,
        )


def _keep_past_failures(connection: Connection, tasks: Sequence[int]) -> None:
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO failure (task, past, kind, grp, failed_at, streams, mended_at)"
        " SELECT f.task, f.grp, f.kind, f.grp, f.failed_at, f.streams, f.mended_at FROM json_each(?) j"
        " CROSS JOIN failure f ON f.task = j.value AND f.past = 0 JOIN failure_group g ON g.id = f.grp"
        " WHERE g.closed_at IS NOT NULL AND g.first IS NOT NULL",
        (json.dumps(tasks),),
    )


def mark_recovered(connection: Connection, tasks: Iterable[int], now: datetime) -> None:
    """Record that tasks which failed have ended well after all."""
    if rows := [(to_us(now), task) for task in tasks]:
        connection.exec_driver_sql("UPDATE failure SET mended_at = ? WHERE task = ? AND mended_at IS NULL", rows)


_FAILING_AFTER = "SELECT DISTINCT task FROM failure WHERE task > ? AND mended_at IS NULL ORDER BY task LIMIT ?"


def failing_tasks_after(connection: Connection, task: int, most: int) -> list[int]:
    """Return the first `most` tasks with a failure that has not recovered, of those whose ids follow `task`."""
    return [row[0] for row in connection.exec_driver_sql(_FAILING_AFTER, (task, most)).all()]


_GROUPS_OF_TASKS = """
SELECT DISTINCT f.grp FROM json_each(?) j CROSS JOIN failure f ON f.task = j.value
WHERE f.mended_at IS NULL AND f.grp IS NOT NULL
"""


def delete_failures(connection: Connection, tasks: Collection[int]) -> set[int]:
    """Forget that tasks failed, in closed groups too; return the groups that held a failure that had not recovered."""
    groups = connection.exec_driver_sql(_GROUPS_OF_TASKS, (json.dumps(list(tasks)),)).all()
    if rows := [(task,) for task in tasks]:
        connection.exec_driver_sql("DELETE FROM failure WHERE task = ?", rows)
    return {row[0] for row in groups}


# --- the failures of groups ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupedFailure:
    """A failure in a group: when it was (microseconds), and whether the task has `recovered`.

    `is_current` says that the task has not failed in another way since, so that its error is this one's.
    """

    group: int
    task: int
    failed_at: int
    recovered: bool
    is_current: bool


# CROSS JOIN has SQLite begin with the groups; it would scan all failures otherwise
_FAILURES = """
SELECT f.grp, f.task, f.failed_at, f.mended_at IS NOT NULL, s.kind = f.kind
FROM json_each(?) j CROSS JOIN failure f ON f.grp = j.value JOIN failure s ON s.task = f.task AND s.past = 0
"""


def grouped_failures(connection: Connection, groups: Iterable[int]) -> list[GroupedFailure]:
    """Return the failures that those groups hold."""
    rows = connection.exec_driver_sql(_FAILURES, (json.dumps(list(groups)),)).all()
    return [
        GroupedFailure(group, task, at, bool(recovered), bool(is_current))
        for group, task, at, recovered, is_current in rows
    ]


def failing_tasks(connection: Connection, groups: Iterable[int]) -> list[tuple[int, int]]:
    """Return group and task of the failures in those groups whose tasks have not recovered."""
    rows = connection.exec_driver_sql(
        "SELECT f.grp, f.task FROM json_each(?) j CROSS JOIN failure f ON f.grp = j.value WHERE f.mended_at IS NULL",
        (json.dumps(list(groups)),),
    )
    return [(row[0], row[1]) for row in rows.all()]


# --- kinds of failing tasks ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CurrentFailure:
    """The current failure of a task: its kind, the limit of Neo's that it hit, and when it failed (microseconds)."""

    kind: int
    cap: Cap | None
    failed_at: int


_CURRENT = """
SELECT f.task, f.kind, k.cap, f.failed_at FROM json_each(?) j
CROSS JOIN failure f ON f.task = j.value AND f.past = 0 AND f.mended_at IS NULL JOIN failure_kind k ON k.id = f.kind
"""


def current_failures(connection: Connection, tasks: Iterable[int]) -> dict[int, CurrentFailure]:
    """Return, by task, how those of the tasks stand that are recorded as failed and have not recovered."""
    rows = connection.exec_driver_sql(_CURRENT, (json.dumps(list(tasks)),)).all()
    return {task: CurrentFailure(kind, _cap(cap), at) for task, kind, cap, at in rows}
