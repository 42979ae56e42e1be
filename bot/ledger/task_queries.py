"""Queries of tasks: by their ids, by status or change, and how many there are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Select, bindparam, func, select

from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.expressions import has_no_cost, one_of, sum_of, unindexed
from bot.ledger.narrowed_tasks import NarrowingForm, values_of
from bot.ledger.scope import Scope
from bot.ledger.tables import charge, task, task_detail


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


_TASKS = select(
    task.c.id,
    task.c.task_id,
    task.c.member,
    task.c.status,
    task.c.model,
    task.c.created_at,
    task.c.changed_at,
    task.c.total_execution_ms,
    task.c.stream_count,
)
_BY_ID = _TASKS.where(one_of(task.c.id, "tasks"))
_WITH_STATUS = (
    _TASKS.where(task.c.id > bindparam("after"), func.lower(task.c.status).in_(bindparam("statuses", expanding=True)))
    .order_by(task.c.id)
    .limit(bindparam("most"))
)
_TEXTS = select(task_detail.c.task, task_detail.c.title, task_detail.c.error_message).where(
    one_of(task_detail.c.task, "tasks")
)


def tasks_by_id(connection: Connection, tasks: Iterable[int]) -> dict[int, StoredTask]:
    """Return tasks by row id; unknown ids are left out."""
    return {row[0]: StoredTask(*row) for row in connection.execute(_BY_ID, {"tasks": list(tasks)}).all()}


def tasks_with_status(connection: Connection, statuses: Sequence[str], after: int, most: int) -> list[StoredTask]:
    """Return the first `most` tasks above an id, by id, with one of the statuses: in lower case, they mean any case."""
    values = {"after": after, "statuses": list(statuses), "most": most}
    return [StoredTask(*row) for row in connection.execute(_WITH_STATUS, values).all()]


def texts_by_id(connection: Connection, tasks: Iterable[int]) -> dict[int, TaskTexts]:
    """Return the titles and error messages of tasks, by row id."""
    return {key: TaskTexts(*texts) for key, *texts in connection.execute(_TEXTS, {"tasks": list(tasks)}).all()}


_TOTALS = select(task.c.id, task.c.platform_nanos, task.c.provider_nanos).where(one_of(task.c.id, "tasks"))
_CHARGED = (
    select(charge.c.task, sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos))
    # by task: by member, SQLite would read all that the member was ever charged
    .where(one_of(charge.c.task, "tasks"), unindexed(charge.c.member) == bindparam("of_member"))
    .group_by(charge.c.task)
)


def costs_by_id(connection: Connection, tasks: Iterable[int], scope: Scope, basis: SpendBasis) -> dict[int, int | None]:
    """Return the nanos that tasks cost by row id, None if unknown; in a member's scope, what they were charged."""
    keys = list(tasks)
    if scope.member is None:
        rows = connection.execute(_TOTALS, {"tasks": keys}).all()
        return {key: _cost(platform, provider, basis) for key, platform, provider in rows}
    rows = connection.execute(_CHARGED, {"tasks": keys, "of_member": scope.member}).all()
    return dict.fromkeys(keys) | {key: basis.spend(platform, provider) for key, platform, provider in rows}


def _cost(platform: int | None, provider: int | None, basis: SpendBasis) -> int | None:
    return None if platform is None and provider is None else basis.spend(platform or 0, provider or 0)


# by an index each: of charges by member (in its order, or PostgreSQL would rather look through all charges), and of the
# few tasks without a cost, which have no charge
_ANY_CHARGE = select(charge.c.id).where(charge.c.member == bindparam("of_member")).order_by(charge.c.booked_at).limit(1)
_ANY_WITHOUT_COST = select(task.c.id).where(has_no_cost(task), task.c.member == bindparam("of_member")).limit(1)
# recently changed tasks are few, recently created ones may be many
_CHANGED = select(task.c.member).where(
    task.c.changed_at >= bindparam("changed_since"), unindexed(task.c.created_at) >= bindparam("created_since")
)


def has_tasks(connection: Connection, member: int) -> bool:
    """Return whether a member has any task."""
    values = {"of_member": member}
    return any(connection.execute(each, values).first() is not None for each in (_ANY_CHARGE, _ANY_WITHOUT_COST))


def members_with_changes(connection: Connection, changed_since: datetime, created_since: datetime) -> set[int]:
    """Return the ids of members with a task that changed and was created since these times."""
    values = {"changed_since": to_us(changed_since), "created_since": to_us(created_since)}
    return {member for (member,) in connection.execute(_CHANGED, values).all()}


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """How many tasks the ledger holds, how many of them without a known cost, and how many Neo lists no longer."""

    tasks: int
    without_cost: int
    missing: int


_COUNT = select(func.count()).select_from(task)
_COUNTS = select(
    _COUNT.scalar_subquery(),
    _COUNT.where(has_no_cost(task)).scalar_subquery(),
    _COUNT.where(task.c.missed_at.is_not(None), task.c.missing_since.is_not(None)).scalar_subquery(),
)
_NEWEST = select(func.max(task.c.created_at))


@cache
def _without_cost(form: NarrowingForm, *, of_member: bool) -> Select[int]:
    within = task.c.created_at >= bindparam("low"), task.c.created_at < bindparam("high")
    whose = [unindexed(task.c.member) == bindparam("of_member")] if of_member else []
    return _COUNT.where(has_no_cost(task), *within, *whose, *form.task_conditions(task))


@cache
def _without_cost_by_member(form: NarrowingForm) -> Select[int, int]:
    within = task.c.created_at >= bindparam("low"), task.c.created_at < bindparam("high")
    columns = select(task.c.member, func.count())
    return columns.where(has_no_cost(task), *within, *form.task_conditions(task)).group_by(task.c.member)


def task_counts(connection: Connection) -> TaskCounts:
    """Return how many tasks there are."""
    return TaskCounts(*connection.execute(_COUNTS).one())


def without_cost_count(
    connection: Connection, window: Window, member: int | None = None, narrowing: TaskNarrowing = ALL_TASKS
) -> int:
    """Return how many tasks without a known cost a member, or everybody, created in a window, of these tasks."""
    statement = _without_cost(NarrowingForm.of(narrowing), of_member=member is not None)
    values = {"low": to_us(window.start), "high": to_us(window.end), "of_member": member, **values_of(narrowing)}
    return int(connection.execute(statement, values).scalar_one())


def without_cost_by_member(
    connection: Connection, window: Window, narrowing: TaskNarrowing = ALL_TASKS
) -> dict[int, int]:
    """Return the same for each member who created any."""
    statement = _without_cost_by_member(NarrowingForm.of(narrowing))
    values = {"low": to_us(window.start), "high": to_us(window.end), **values_of(narrowing)}
    return {row[0]: row[1] for row in connection.execute(statement, values).all()}


def newest_creation(connection: Connection) -> datetime | None:
    """Return when the newest task was created; None in a ledger without tasks."""
    return optional_from_us(connection.execute(_NEWEST).scalar_one())
