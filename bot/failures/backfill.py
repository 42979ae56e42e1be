"""Backfill: records, without notifying anybody, failures that are in the ledger and were not recorded when booked.

There are some after an update from a version that recorded none, or none whose status has capital letters, and where
FAILURE_STATUSES has been changed.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from bot.database import metadata
from bot.domain.text import ascii_lower
from bot.domain.timestamps import from_us, to_us
from bot.failures import failure_store
from bot.failures.alerts import request_edits_of
from bot.failures.failure_store import FailureRecord, current_failures
from bot.failures.group_store import close_empty_groups
from bot.failures.kind_store import FailureSample, ensure_kinds
from bot.failures.rules import failed_at
from bot.ledger.task_queries import StoredTask, tasks_by_id, tasks_with_status, texts_by_id

_IN_ANY_CASE = "in any case"  # as earlier versions did not record them
_RECORDED = "failures_of"  # the metadata of which statuses' failures are recorded


def is_backfill_due(connection: Connection, statuses: Sequence[str]) -> bool:
    """Return whether `backfill` would change anything."""
    return metadata.read(connection, _RECORDED) != _as_text(statuses)


def backfill(connection: Connection, statuses: Sequence[str], at_once: int = 5_000) -> None:
    """Record the failures of all tasks in the ledger that have one of the statuses, and forget all others.

    `at_once` is how many tasks one statement reads.
    """
    if not is_backfill_due(connection, statuses):
        return
    emptied = _forget_others(connection, statuses, at_once)
    close_empty_groups(connection, emptied)
    request_edits_of(connection, emptied)
    for tasks in _unrecorded_tasks(connection, statuses, at_once):
        failure_store.write_failures(connection, list(_records(connection, tasks)))
    metadata.write(connection, _RECORDED, _as_text(statuses))


def _as_text(statuses: Sequence[str]) -> str:
    return ",".join([*sorted(statuses), _IN_ANY_CASE])


def _forget_others(connection: Connection, statuses: Sequence[str], at_once: int) -> list[int]:
    """Forget the failures of tasks with none of the statuses; return the groups they were in."""
    last, groups = 0, set[int]()
    while failing := failure_store.failing_tasks_after(connection, last, at_once):
        last = failing[-1]
        tasks = tasks_by_id(connection, failing)
        groups |= failure_store.delete_failures(
            connection, [each.id for each in tasks.values() if ascii_lower(each.status) not in statuses]
        )
    return sorted(groups)


def _unrecorded_tasks(connection: Connection, statuses: Sequence[str], at_once: int) -> Iterator[list[StoredTask]]:
    """Yield the tasks of the statuses that are not recorded as failed, many at once."""
    last = 0
    while tasks := tasks_with_status(connection, statuses, last, at_once):
        last = tasks[-1].id
        recorded = current_failures(connection, [each.id for each in tasks])
        yield [each for each in tasks if each.id not in recorded]


def _records(connection: Connection, tasks: Sequence[StoredTask]) -> Iterator[FailureRecord]:
    texts = texts_by_id(connection, [each.id for each in tasks])
    samples = {each.id: FailureSample.of(each.status, each.model, texts[each.id].error_message) for each in tasks}
    kinds = ensure_kinds(connection, samples.values())
    for each in tasks:
        at = failed_at(from_us(each.created_at), each.total_execution_ms, from_us(each.changed_at))
        yield FailureRecord(each.id, kinds[samples[each.id].fingerprint], None, to_us(at), each.stream_count)
