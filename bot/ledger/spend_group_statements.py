"""Statements on spend in groups: charges by member, model, status and the calendar, and the tasks without cost."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Select, bindparam, distinct, func, select

from bot.domain.query.question import TIME_GROUPINGS
from bot.ledger.expressions import CrossJoin, spans_table, sum_of
from bot.ledger.quarter_hour_totals import nanos_of_span
from bot.ledger.selection import FORMS, Form
from bot.ledger.spend import has_failed, task_counts
from bot.ledger.tables import charge, member

GroupSelect = Select[*tuple[Any, ...]]

_START, _END = bindparam("start", type_=BigInteger), bindparam("end", type_=BigInteger)
_AMOUNTS = sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos)
_TASKS = func.count(distinct(charge.c.task))


def are_of_tasks(by: Sequence[str]) -> bool:
    """Return whether every task is in one group only: a task has one model and one status, but charges on many days."""
    return {"model", "status"}.issuperset(by)


@lru_cache(FORMS)
def charge_groups(form: Form, by: tuple[str, ...], *, by_unit: bool) -> GroupSelect:
    """Return the statement on charges in groups: keys, amounts, tasks; the rest of `task_counts` where it adds up."""
    span = _span_of(by)
    keys = _keys(by, charge, form.part.tasks, span)
    counts = task_counts(form, by_unit=by_unit) if are_of_tasks(by) else (_TASKS,)
    table = form.charges_table(span, with_tasks=not {"model", "status"}.isdisjoint(by))
    return select(*keys, *_AMOUNTS, *counts).select_from(table).where(form.charges(span)).group_by(*keys)


@lru_cache(FORMS)
def uncharged_groups(form: Form, by: tuple[str, ...]) -> GroupSelect:
    """Return the statement on tasks without cost in groups: keys, tasks, failed tasks."""
    span, tasks = _span_of(by), form.part.tasks
    keys = _keys(by, tasks, tasks, span)
    table = tasks if span is None else CrossJoin(span, tasks)
    counts = func.count(), func.count().filter(has_failed(form.part.tasks.c.status))
    return select(*keys, *counts).select_from(table).where(form.without_cost(span)).group_by(*keys)


def _span_of(by: Sequence[str]) -> FromClause | None:
    """Return the calendar's parts, if these groupings ask for them: one pass over each part's interval of an index."""
    return spans_table() if not set(TIME_GROUPINGS).isdisjoint(by) else None


def _keys(by: Sequence[str], of: FromClause, tasks: FromClause, span: FromClause | None) -> list[ColumnElement[Any]]:
    columns = {"member": of.c.member, "model": tasks.c.model, "status": tasks.c.status}
    return [columns[name] if span is None or name in columns else span.c.i for name in by]


def _by_quarters() -> GroupSelect:
    """Return the statement on all charges by spans that begin and end on a quarter of an hour, as `charge_groups`.

    Amounts come from the totals, tasks are counted span by span: nothing has to be sorted by span.
    """
    span = spans_table()
    tasks = select(_TASKS).where(charge.c.booked_at >= span.c.low, charge.c.booked_at < span.c.high)
    columns = span.c.i, *nanos_of_span(span), tasks.scalar_subquery()
    return select(*columns).select_from(span).where(span.c.low < span.c.high)


BY_QUARTERS = _by_quarters()

# member by member in the order of their index, so that nothing has to be sorted by member
MEMBER_BY_MEMBER: GroupSelect = (
    select(member.c.id, *_AMOUNTS, _TASKS)
    .select_from(CrossJoin(member, charge))
    .where(charge.c.member == member.c.id, charge.c.booked_at >= _START, charge.c.booked_at < _END)
    .group_by(member.c.id)
)
# whether so many charges are in a window
IS_LONG = (
    select(charge.c.booked_at)
    .where(charge.c.booked_at >= _START, charge.c.booked_at < _END)
    .limit(1)
    .offset(bindparam("most"))
)
