"""The facts of failures as messages show them: a group, the groups that one message reports, and their tasks."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.failure_causes import FailureCause, failure_cause
from bot.domain.pricing import SpendBasis
from bot.domain.text import one_line
from bot.domain.timestamps import from_us
from bot.failures import alert_store, failure_store, kind_store
from bot.failures.alert_store import Acknowledgement, StoredGroup
from bot.failures.failure_store import GroupedFailure
from bot.failures.keys import ReportedGroups
from bot.failures.rules import Cap
from bot.ledger.members import UNATTRIBUTED_NAME, emails_by_id
from bot.ledger.scope import Scope
from bot.ledger.task_queries import StoredTask, TaskTexts, costs_by_id, tasks_by_id, texts_by_id

_LONGEST_ERROR = 300  # characters
NOBODY = UNATTRIBUTED_NAME  # the name for tasks without an e-mail


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group as it is now, or the part of it that belongs to one member.

    `nanos` is what its tasks cost in all, or what was charged to that member, without the `unknown` ones whose cost is
    not known; `recovered` of its `tasks` have completed since. `members` are e-mails, or names where a message names
    them. `error` is the first line of the latest one's, and `cause` says in words for anybody why that failed.
    `is_muted` says that a failure that was silenced closed the group.
    """

    group: int
    kind: int
    status: str
    model: str
    cap: Cap | None
    cause: FailureCause
    error: str
    tasks: int
    recovered: int
    members: tuple[str, ...]
    nanos: int
    unknown: int
    began: datetime
    last: datetime
    is_closed: bool
    is_muted: bool = False


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task of a group, and in words for anybody why it failed. `nanos` is None if its cost is unknown."""

    task_id: str
    member: str
    failed_at: datetime
    nanos: int | None
    title: str | None
    cause: FailureCause
    error: str | None
    recovered: bool


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What one message reports: its groups, the largest first, and who acknowledged it."""

    first: int
    groups: tuple[GroupFacts, ...]
    acknowledgement: Acknowledgement | None

    @property
    def is_closed(self) -> bool:
        """Whether none of the groups is open."""
        return all(each.is_closed for each in self.groups)


# --- groups --------------------------------------------------------------------------------------


def alert_facts(connection: Connection, first: int, basis: SpendBasis, scope: Scope) -> AlertFacts:
    """Return what the message reports whose first group is `first`, of a member's scope only their own tasks.

    Like all here but `open_group_facts`, it reads within the caller's snapshot.
    """
    stored = alert_store.stored_groups(connection, ReportedGroups(first, is_first=True))
    return AlertFacts(
        first, tuple(_facts(connection, stored, basis, scope)), alert_store.acknowledgement(connection, first)
    )


def facts_of(connection: Connection, groups: ReportedGroups, basis: SpendBasis, scope: Scope) -> list[GroupFacts]:
    """Return the groups, or a member's part of them, the largest first; without those that hold nothing any more."""
    return _facts(connection, alert_store.stored_groups(connection, groups), basis, scope)


def open_group_facts(connection: Connection, basis: SpendBasis, scope: Scope) -> list[GroupFacts]:
    """Return the groups that are open, or a member's part of them, the largest first, from one snapshot."""
    return _facts(connection, alert_store.stored_open_groups(connection), basis, scope)


def _facts(connection: Connection, stored: Sequence[StoredGroup], basis: SpendBasis, scope: Scope) -> list[GroupFacts]:
    contents = _contents(connection, [each.id for each in stored], basis, scope)
    errors = _latest_errors(connection, contents)
    facts = [
        _group_facts(each, failures, contents, errors.get(each.id))
        for each in stored
        if (failures := contents.failures.get(each.id))
    ]
    return sorted(facts, key=lambda each: (-each.tasks, each.group))


def _group_facts(
    stored: StoredGroup, failures: Sequence[GroupedFailure], contents: "_Contents", error: str | None
) -> GroupFacts:
    costs = [contents.costs[each.task] for each in failures]
    return GroupFacts(
        group=stored.id,
        kind=stored.kind,
        status=stored.status,
        model=stored.model,
        cap=stored.cap,
        cause=failure_cause(stored.status, error, stored.cap),
        error=first_line(error),
        tasks=len(failures),
        recovered=sum(each.recovered for each in failures),
        members=contents.members(failures),
        nanos=sum(each or 0 for each in costs),
        unknown=costs.count(None),
        began=from_us(min(each.failed_at for each in failures)),
        last=from_us(max(each.failed_at for each in failures)),
        is_closed=stored.is_closed,
        is_muted=stored.is_muted,
    )


def _latest_errors(connection: Connection, contents: "_Contents") -> dict[int, str | None]:
    """Return the error of each group's latest failure, of those whose tasks have not failed in another way since."""
    latest = {
        group: max(current, key=lambda each: (each.failed_at, -each.task)).task
        for group, failures in contents.failures.items()
        if (current := [each for each in failures if each.is_current])
    }
    texts = texts_by_id(connection, latest.values())
    return {group: texts[task].error_message for group, task in latest.items()}


# --- what groups hold ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Contents:
    """What some groups hold within a scope: failures by group, and by id the tasks, their e-mails and costs."""

    failures: Mapping[int, Sequence[GroupedFailure]]
    tasks: Mapping[int, StoredTask]
    emails: Mapping[int, str]
    costs: Mapping[int, int | None]

    def members(self, failures: Iterable[GroupedFailure]) -> tuple[str, ...]:
        """Return the e-mails of those whose tasks failed, in order."""
        emails = {self.emails[each.task] for each in failures}
        return tuple(sorted(emails, key=lambda email: (email != NOBODY, email)))


def _contents(connection: Connection, groups: Iterable[int], basis: SpendBasis, scope: Scope) -> _Contents:
    every = failure_store.grouped_failures(connection, groups)
    tasks = {
        row_id: task
        for row_id, task in tasks_by_id(connection, {each.task for each in every}).items()
        if scope.member in {None, task.member}
    }
    failures: dict[int, list[GroupedFailure]] = defaultdict(list)
    for each in every:
        if each.task in tasks:
            failures[each.group].append(each)
    members = emails_by_id(connection, {task.member for task in tasks.values()})
    emails = {row_id: members[task.member] for row_id, task in tasks.items()}
    return _Contents(failures, tasks, emails, costs_by_id(connection, tasks, scope, basis))


# --- tasks ---------------------------------------------------------------------------------------


def group_tasks(
    connection: Connection, groups: Iterable[int], basis: SpendBasis, scope: Scope, most: int
) -> list[FailedTask]:
    """Return the `most` latest tasks of some groups, or of a member's part of them, the latest first."""
    contents = _contents(connection, groups, basis, scope)
    failures = [each for of_group in contents.failures.values() for each in of_group]
    latest = sorted(failures, key=lambda each: (each.failed_at, contents.tasks[each.task].task_id), reverse=True)[:most]
    texts = texts_by_id(connection, {each.task for each in latest})
    return [_failed_task(each, contents, texts[each.task]) for each in latest]


def _failed_task(failure: GroupedFailure, contents: _Contents, texts: TaskTexts) -> FailedTask:
    task = contents.tasks[failure.task]
    error = texts.error_message if failure.is_current else None
    return FailedTask(
        task_id=task.task_id,
        member=contents.emails[failure.task],
        failed_at=from_us(failure.failed_at),
        nanos=contents.costs[failure.task],
        title=texts.title,
        cause=failure_cause(task.status, error),
        error=error,
        recovered=failure.recovered,
    )


# --- names ---------------------------------------------------------------------------------------


def kind_name(connection: Connection, kind: int) -> str:
    """Return what a kind is called: the model, why its tasks fail, and what the latest error says."""
    stored_kind = kind_store.kind_of_id(connection, kind)
    if stored_kind is None:
        return "an error that no task has now"
    task = kind_store.latest_of_kind(connection, kind)
    error = None if task is None else texts_by_id(connection, [task])[task].error_message
    cause = failure_cause(stored_kind.status, error, stored_kind.cap)
    why = f", {cause}" if cause.is_known else ""
    return f"{stored_kind.model}{why}: {stored_kind.cap or first_line(error) or f'ended as {stored_kind.status}'}"


def first_line(error: str | None) -> str:
    """Return the first line of an error that says anything, as one short line."""
    return one_line(next((line for line in (error or "").splitlines() if line.strip()), ""), _LONGEST_ERROR)
