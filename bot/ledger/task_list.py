"""The task list: the tasks of a selection, each with the part of its cost that was booked in the window."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, Subquery, bindparam, case, func, null, select, union_all

from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us
from bot.ledger.expressions import sum_of
from bot.ledger.members import shown_email
from bot.ledger.selection import FORMS, Conditions, Form
from bot.ledger.tables import charge, member, task, task_detail


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of a selection, its error if it has one, and what of its cost lies in the window (None: unknown)."""

    task_id: str
    created_at: datetime
    member: str
    model: str
    status: str
    title: str | None
    error_message: str | None
    platform_nanos: int | None
    provider_nanos: int | None

    def spend(self, basis: SpendBasis) -> int | None:
        """Return the spend in nanos, None for a task without cost."""
        if self.platform_nanos is None or self.provider_nanos is None:
            return None
        return basis.spend(self.platform_nanos, self.provider_nanos)


def task_rows(
    connection: Connection, where: Conditions, basis: SpendBasis, top: int | None, *, by_name: bool
) -> list[TaskRow]:
    """Return the tasks of a selection with their spend in the window, dearest first (or by task id).

    A task that was transferred to another member has no title and no error, and as `created_at` the time of its first
    charge.
    """
    statement = _rows(where.form, _Order(basis, by_name=by_name), limited=top is not None)
    return [
        TaskRow(task_id, from_us(created), shown_email(email), *others)
        for task_id, created, email, *others in connection.execute(statement, where.values | {"most": top}).all()
    ]


Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Order:
    """In what order the rows come: by task id, or the dearest by a basis first."""

    basis: SpendBasis
    by_name: bool

    def of(self, found: CTE | Subquery, name: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
        """Return the order of rows that hold spend; `name` decides between those that cost the same."""
        if self.by_name:
            return (name,)
        total = self.basis is SpendBasis.TOTAL
        nanos = found.c.platform + found.c.provider if total else found.c.platform
        return func.coalesce(nanos, -1).desc(), name


@lru_cache(FORMS)
def _rows(form: Form, order: _Order, *, limited: bool) -> Rows:
    tasks = form.part.tasks
    found = _dearest(form, order) if limited else _inside(form)
    owned = form.part.owns(tasks)
    joined = (
        found.join(tasks, tasks.c.id == found.c.task)
        .join(member, member.c.id == form.part.holder(tasks))
        .join(task_detail, task_detail.c.task == tasks.c.id)
    )
    created_at = case((owned, tasks.c.created_at), else_=found.c.booked)
    texts = (case((owned, task_detail.c[name]), else_=null()) for name in ("title", "error_message"))
    return (
        select(
            tasks.c.task_id,
            created_at,
            member.c.email,
            tasks.c.model,
            tasks.c.status,
            *texts,
            found.c.platform,
            found.c.provider,
        )
        .select_from(joined)
        .order_by(*order.of(found, tasks.c.task_id))
    )


def _inside(form: Form) -> CTE:
    """Return the tasks that are in the window by a charge, and those without cost that were created in it."""
    charged = select(
        charge.c.task,
        sum_of(charge.c.platform_nanos).label("platform"),
        sum_of(charge.c.provider_nanos).label("provider"),
        func.min(charge.c.booked_at).label("booked"),
    )
    charged = charged.select_from(form.charges_table()).where(form.charges()).group_by(charge.c.task)
    without_cost = select(form.part.tasks.c.id, null(), null(), null()).where(form.without_cost())
    return union_all(charged, without_cost).cte("inside")


def _dearest(form: Form, order: _Order) -> Subquery:
    inside = _inside(form)
    # of many that cost the same, ids decide which are left out; of everybody's, what is quicker
    if order.by_name or not form.part.whole:
        joined = select(inside).join_from(inside, task, task.c.id == inside.c.task)
        first = joined.order_by(*order.of(inside, task.c.task_id))
    else:
        first = select(inside).order_by(*order.of(inside, inside.c.task))
    return first.limit(bindparam("most")).subquery("i")
