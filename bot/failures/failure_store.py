"""The store of failures: the tasks that failed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, exists, null, select, text, update

from bot.database.chunks import chunks
from bot.database.statements import insert
from bot.domain.periods import Window
from bot.domain.timestamps import to_us
from bot.failures.rules import Cap
from bot.failures.tables import failure, failure_group, failure_kind
from bot.ledger.expressions import one_of


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
    recovered: bool = False
    fingerprint: int = 0


# kinds are read by scalar subqueries, or SQLite might begin with them and read all failures
_OF_TASKS = one_of(failure.c.task, "tasks")
_IS_NEWEST = failure.c.past == 0
_RECORDS = select(
    failure.c.task,
    failure.c.kind,
    failure.c.grp,
    failure.c.failed_at,
    failure.c.streams,
    failure.c.mended_at.is_not(None),
    select(failure_kind.c.mark).where(failure_kind.c.id == failure.c.kind).scalar_subquery(),
).where(_OF_TASKS, _IS_NEWEST)


def failure_records(connection: Connection, tasks: Iterable[int]) -> dict[int, FailureRecord]:
    """Return, by task, the failures of those of the tasks that have failed."""
    return {row[0]: FailureRecord(*row) for row in connection.execute(_RECORDS, {"tasks": list(tasks)}).all()}


_INSERT = insert(failure)
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=[failure.c.task, failure.c.past],
    set_={
        "kind": _INSERT.excluded.kind,
        "grp": _INSERT.excluded.grp,
        "failed_at": _INSERT.excluded.failed_at,
        "streams": _INSERT.excluded.streams,
        "mended_at": null(),
    },
)


def write_failures(connection: Connection, failures: Iterable[FailureRecord]) -> None:
    """Record that tasks failed, in place of how they failed before; closed groups that were reported keep that."""
    if rows := [_values(each) for each in failures]:
        connection.execute(_KEEP_PAST, {"tasks": [row["task"] for row in rows]})
        connection.execute(_UPSERT, rows)


def _values(record: FailureRecord) -> dict[str, int | None]:
    return {
        "task": record.task,
        "past": 0,
        "kind": record.kind,
        "grp": record.group,
        "failed_at": record.failed_at,
        "streams": record.streams,
    }


_IN_REPORTED_GROUP = exists().where(
    failure_group.c.id == failure.c.grp, failure_group.c.closed_at.is_not(None), failure_group.c.first.is_not(None)
)
_KEEP_PAST = (
    insert(failure)
    .from_select(
        ["task", "past", "kind", "grp", "failed_at", "streams", "mended_at"],
        select(
            failure.c.task,
            failure.c.grp,
            failure.c.kind,
            failure.c.grp.label("of_group"),
            failure.c.failed_at,
            failure.c.streams,
            failure.c.mended_at,
        ).where(_OF_TASKS, _IS_NEWEST, _IN_REPORTED_GROUP),
    )
    .on_conflict_do_nothing()
)
_MARK_RECOVERED = update(failure).where(failure.c.task == bindparam("which"), failure.c.mended_at.is_(None))


def mark_recovered(connection: Connection, tasks: Iterable[int], now: datetime) -> None:
    """Record that tasks which failed have ended well after all."""
    if rows := [{"which": task, "mended_at": to_us(now)} for task in tasks]:
        connection.execute(_MARK_RECOVERED, rows)


_FAILING_AFTER = (
    select(failure.c.task)
    .distinct()
    .where(failure.c.task > bindparam("after"), failure.c.mended_at.is_(None))
    .order_by(failure.c.task)
    .limit(bindparam("most"))
)


def failing_tasks_after(connection: Connection, task: int, most: int) -> list[int]:
    """Return the first `most` tasks with a failure that has not recovered, of those whose ids follow `task`."""
    return list(connection.execute(_FAILING_AFTER, {"after": task, "most": most}).scalars())


_GROUPS_OF_TASKS = (
    select(failure.c.grp).distinct().where(_OF_TASKS, failure.c.mended_at.is_(None), failure.c.grp.is_not(None))
)
_DELETE = delete(failure).where(failure.c.task == bindparam("which"))


def delete_failures(connection: Connection, tasks: Collection[int]) -> set[int]:
    """Forget that tasks failed, in closed groups too; return the groups that held a failure that had not recovered."""
    groups = set(connection.execute(_GROUPS_OF_TASKS, {"tasks": list(tasks)}).scalars())
    if rows := [{"which": task} for task in tasks]:
        connection.execute(_DELETE, rows)
    return groups


_RECOVERED = select(failure.c.task).where(
    _IS_NEWEST,
    failure.c.mended_at.is_not(None),
    failure.c.failed_at >= bindparam("start"),
    failure.c.failed_at < bindparam("end"),
)


def recovered_tasks(connection: Connection, window: Window) -> list[int]:
    """Return the tasks whose latest failure was in a window and which have ended well since."""
    return list(connection.execute(_RECOVERED, {"start": to_us(window.start), "end": to_us(window.end)}).scalars())


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
_FAILURES = text("""
SELECT f.grp, f.task, f.failed_at, f.mended_at IS NOT NULL AS recovered, n.kind = f.kind AS is_current
FROM failure f CROSS JOIN failure n WHERE f.grp IN :groups AND n.task = f.task AND n.past = 0
""").bindparams(bindparam("groups", expanding=True))


def grouped_failures(connection: Connection, groups: Iterable[int]) -> list[GroupedFailure]:
    """Return the failures that those groups hold."""
    return [
        GroupedFailure(group, task, at, bool(recovered), bool(is_current))
        for group, task, at, recovered, is_current in connection.execute(_FAILURES, {"groups": list(groups)})
    ]


_FAILING_OF_GROUPS = select(failure.c.grp, failure.c.task).where(
    failure.c.grp.in_(bindparam("groups", expanding=True)), failure.c.mended_at.is_(None)
)


def failing_tasks(connection: Connection, groups: Iterable[int]) -> list[tuple[int, int]]:
    """Return group and task of the failures in those groups whose tasks have not recovered."""
    return [(row.grp, row.task) for row in connection.execute(_FAILING_OF_GROUPS, {"groups": list(groups)})]


# --- kinds of failing tasks ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CurrentFailure:
    """The current failure of a task: its kind, the limit of Neo's that it hit, and when it failed (microseconds)."""

    kind: int
    cap: Cap | None
    failed_at: int


_CURRENT = select(
    failure.c.task,
    failure.c.kind,
    select(failure_kind.c.cap).where(failure_kind.c.id == failure.c.kind).scalar_subquery().label("cap"),
    failure.c.failed_at,
).where(_OF_TASKS, _IS_NEWEST, failure.c.mended_at.is_(None))


def current_failures(connection: Connection, tasks: Iterable[int]) -> dict[int, CurrentFailure]:
    """Return, by task, how those of the tasks stand that are recorded as failed and have not recovered."""
    rows = (row for chunk in chunks(tasks) for row in connection.execute(_CURRENT, {"tasks": chunk}).all())
    return {task: CurrentFailure(kind, Cap(cap) if cap else None, at) for task, kind, cap, at in rows}
