"""Queries of failed tasks: which tasks of a selection failed, and how many by model or member."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import CTE, Connection, Select, case, func, null, select, union_all

from bot.domain.pricing import SpendBasis
from bot.ledger.expressions import one_of, sum_of
from bot.ledger.members import shown_email
from bot.ledger.selection import FORMS, Conditions, Form
from bot.ledger.spend import has_failed
from bot.ledger.tables import charge, member, task


@dataclass(frozen=True, slots=True)
class SelectedTask:
    """A task of a selection and its spend in the window, in nanos, None if unknown; `id` and `member` are row ids."""

    id: int
    status: str
    model: str
    member: int
    created_at: int
    nanos: int | None


@dataclass(frozen=True, slots=True)
class TaskShare:
    """How many tasks of a selection a model or a member has, and how many of them failed."""

    name: str
    tasks: int
    failed: int


Rows = Select[*tuple[Any, ...]]


def _selected(form: Form) -> CTE:
    """Return the tasks with a charge in the window, and those without cost created in it."""
    charged = (
        select(
            charge.c.task,
            sum_of(charge.c.platform_nanos).label("platform"),
            sum_of(charge.c.provider_nanos).label("provider"),
        )
        .select_from(form.charges_table(with_tasks=True))
        .where(form.charges())
        .group_by(charge.c.task)
    )
    without_cost = select(form.part.tasks.c.id, null(), null()).where(form.without_cost())
    return union_all(charged, without_cost).cte("selected").prefix_with("MATERIALIZED")


@lru_cache(FORMS)
def _failed(form: Form) -> Rows:
    selected = _selected(form)
    return (
        select(
            task.c.id,
            task.c.status,
            task.c.model,
            task.c.member,
            task.c.created_at,
            selected.c.platform,
            selected.c.provider,
        )
        .join_from(selected, task, task.c.id == selected.c.task)
        .where(has_failed(task.c.status), form.part.owns(task))
        .order_by(task.c.id)
    )


@lru_cache(FORMS)
def _not_failing(form: Form) -> Select[int]:
    selected = _selected(form)
    return (
        select(func.count())
        .join_from(selected, task, task.c.id == selected.c.task)
        .where(one_of(task.c.id, "among"), ~has_failed(task.c.status), form.part.owns(task))
    )


@lru_cache(FORMS)
def _shares(form: Form, by: Literal["model", "member"]) -> Rows:
    selected, tasks = _selected(form), form.part.tasks
    name = {"model": tasks.c.model, "member": member.c.email}[by]
    count, failed = func.count(), func.count(case((has_failed(tasks.c.status), 1)))
    return (
        select(name, count, failed)
        .join_from(selected, tasks, tasks.c.id == selected.c.task)
        .join(member, member.c.id == form.part.holder(tasks))
        .group_by(name)
        .order_by(failed.desc(), count.desc(), name)
    )


def failed_tasks(
    connection: Connection, where: Conditions, basis: SpendBasis, failing: Sequence[str]
) -> list[SelectedTask]:
    """Return the tasks of a selection whose status is one of the `failing`, of a member's scope only their own."""
    rows = connection.execute(_failed(where.form), where.values | {"failing": list(failing)}).all()
    return [
        SelectedTask(
            key, status, model, member, created_at, None if platform is None else basis.spend(platform, provider)
        )
        for key, status, model, member, created_at, platform, provider in rows
    ]


def count_not_failing(connection: Connection, where: Conditions, tasks: Collection[int], failing: Sequence[str]) -> int:
    """Return how many of these tasks a selection holds whose status is none of the `failing`."""
    values = where.values | {"among": tasks, "failing": list(failing)}
    return connection.execute(_not_failing(where.form), values).scalar_one()


def task_shares(
    connection: Connection, where: Conditions, by: Literal["model", "member"], failing: Sequence[str]
) -> list[TaskShare]:
    """Return how many tasks of a selection each model or member has: those with the most failed ones first."""
    rows = connection.execute(_shares(where.form, by), where.values | {"failing": list(failing)}).all()
    if by == "model":
        return [TaskShare(model, tasks, failed) for model, tasks, failed in rows]
    return [TaskShare(shown_email(email), tasks, failed) for email, tasks, failed in rows]
