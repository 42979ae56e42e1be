"""Error lines: the kinds of failure that a selection of tasks holds, for reports, digests and App Home."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.failure_causes import FailureCause, failure_cause
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, to_us
from bot.failures.alert_facts import first_line
from bot.failures.failure_store import current_failures
from bot.failures.rules import Cap
from bot.ledger.failed_task_queries import SelectedTask, failed_tasks
from bot.ledger.selection import Conditions
from bot.ledger.task_queries import texts_by_id


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """Failures of one kind: of how many members, what they cost within the window (nanos), when the last was.

    `cause` says in words for anybody why the last one failed; `error` is text that only some may see. `unknown` of the
    `tasks` have an unknown cost, which is not in `nanos`.
    """

    status: str
    model: str
    cap: Cap | None
    cause: FailureCause
    error: str
    tasks: int
    members: int
    nanos: int
    unknown: int
    last: datetime


def error_lines(
    connection: Connection, where: Conditions, basis: SpendBasis, failing: Sequence[str]
) -> list[ErrorLine]:
    """Return the kinds of failure of a selection, those of the most tasks first, within the caller's snapshot.

    A task of a `failing` status that was booked under another setting has no kind yet: its status and model tell it.
    """
    by_kind: dict[tuple[int | None, str, str], list[_SelectedFailure]] = defaultdict(list)
    for each in _selected_failures(connection, where, basis, failing):
        by_kind[each.kind, each.task.status, each.task.model].append(each)
    latest = [max(of_kind, key=lambda each: each.failed_at) for of_kind in by_kind.values()]
    texts = texts_by_id(connection, [each.task.id for each in latest])
    errors = [texts[each.task.id].error_message or "" for each in latest]
    lines = map(_line, by_kind.values(), latest, errors)
    ordered = sorted(zip(lines, errors, strict=True), key=lambda each: _most_tasks_first(*each))
    return [line for line, _ in ordered]


@dataclass(frozen=True, slots=True)
class _SelectedFailure:
    """A failed task of a selection: of which kind (None: not known yet), with which cap, and when (microseconds)."""

    task: SelectedTask
    kind: int | None
    cap: Cap | None
    failed_at: int


def _selected_failures(
    connection: Connection, where: Conditions, basis: SpendBasis, failing: Sequence[str]
) -> Iterator[_SelectedFailure]:
    tasks = failed_tasks(connection, where, basis, failing)
    failures = current_failures(connection, [each.id for each in tasks])
    for task in tasks:
        if failure := failures.get(task.id):
            yield _SelectedFailure(task, failure.kind, failure.cap, failure.failed_at)
        else:
            yield _SelectedFailure(task, None, None, task.created_at)


def _line(of_kind: Sequence[_SelectedFailure], last: _SelectedFailure, error: str) -> ErrorLine:
    return ErrorLine(
        status=last.task.status,
        model=last.task.model,
        cap=last.cap,
        cause=failure_cause(last.task.status, error, last.cap),
        error=first_line(error),
        tasks=len(of_kind),
        members=len({each.task.member for each in of_kind}),
        nanos=sum(each.task.nanos or 0 for each in of_kind),
        unknown=sum(each.task.nanos is None for each in of_kind),
        last=from_us(last.failed_at),
    )


def _most_tasks_first(line: ErrorLine, error: str) -> tuple[object, ...]:
    return -line.tasks, -line.nanos, -to_us(line.last), line.status, line.model, error
