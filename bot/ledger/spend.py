"""Spend: what a selection adds up to. The sum of charges over a window is the only meaning of spend.

Filters see tasks as they are now; amounts count where they were booked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    distinct,
    func,
    literal_column,
    select,
)

from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.timestamps import to_us
from bot.ledger.expressions import CrossJoin, sum_of
from bot.ledger.quarter_hour_totals import nanos_within
from bot.ledger.selection import FORMS, Conditions, Form
from bot.ledger.tables import charge, seen


@dataclass(frozen=True, slots=True)
class Sums:
    """What a selection adds up to, in USD nanos and tasks.

    `tasks` have a charge in the window, or have no known cost and were created in it (`without_cost`); so do
    `failed_tasks` (`failed_without_cost`). `by_unit` is whether an amount rests on the BYOK unit, False where that was
    not asked.
    """

    platform_nanos: int = 0
    provider_nanos: int = 0
    tasks: int = 0
    without_cost: int = 0
    failed_tasks: int = 0
    failed_without_cost: int = 0
    failed_platform_nanos: int = 0
    failed_provider_nanos: int = 0
    by_unit: bool = False

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together, where no task is in both."""
        return Sums(
            platform_nanos=self.platform_nanos + other.platform_nanos,
            provider_nanos=self.provider_nanos + other.provider_nanos,
            tasks=self.tasks + other.tasks,
            without_cost=self.without_cost + other.without_cost,
            failed_tasks=self.failed_tasks + other.failed_tasks,
            failed_without_cost=self.failed_without_cost + other.failed_without_cost,
            failed_platform_nanos=self.failed_platform_nanos + other.failed_platform_nanos,
            failed_provider_nanos=self.failed_provider_nanos + other.failed_provider_nanos,
            by_unit=self.by_unit or other.by_unit,
        )

    def spend(self, basis: SpendBasis) -> int:
        """Return the spend in nanos."""
        return basis.spend(self.platform_nanos, self.provider_nanos)

    def failed_spend(self, basis: SpendBasis) -> int:
        """Return the spend of failed tasks in nanos."""
        return basis.spend(self.failed_platform_nanos, self.failed_provider_nanos)


@dataclass(frozen=True, slots=True)
class Counting:
    """What is counted beside amounts: which statuses are those of failed tasks, and whether `by_unit` is asked."""

    failing: tuple[str, ...] = FAILED_STATUSES
    by_unit: bool = True

    @property
    def values(self) -> dict[str, Any]:
        """The parameters that `has_failed` takes."""
        return {"failing": list(self.failing)}


SumSelect = Select[*tuple[Any, ...]]


_FAILING = select(seen.c.value).where(
    seen.c.kind == "status", func.lower(seen.c.value).in_(bindparam("failing", expanding=True))
)


def has_failed(status: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a task's status is one of those which the parameter `failing` gives.

    They are in lower case, and mean a status in any case: those few that were ever seen are compared so, since to look
    at the case of each task's takes twice as long.
    """
    return status.in_(_FAILING)


def task_counts(form: Form, *, by_unit: bool) -> tuple[ColumnElement[int], ...]:
    """Return the columns, over charges with their tasks, that `charged_sums` takes beside the amounts."""
    tasks, failed = func.count(distinct(charge.c.task)), has_failed(form.part.tasks.c.status)
    return (
        tasks,
        tasks.filter(failed),
        sum_of(charge.c.platform_nanos, failed),
        sum_of(charge.c.provider_nanos, failed),
        func.count().filter(form.part.tasks.c.by_unit) if by_unit else literal_column("0", Integer).label("by_unit"),
    )


_COUNTS = 5  # columns of `task_counts`


def charged_sums(amounts: Sequence[int | None], counts: Sequence[int | None]) -> Sums:
    """Return the sums of charges by their platform and provider nanos and the values of `task_counts`."""
    platform, provider = amounts
    tasks, failed_tasks, failed_platform, failed_provider, by_unit = counts
    return Sums(
        platform_nanos=platform or 0,
        provider_nanos=provider or 0,
        tasks=tasks or 0,
        failed_tasks=failed_tasks or 0,
        failed_platform_nanos=failed_platform or 0,
        failed_provider_nanos=failed_provider or 0,
        by_unit=bool(by_unit),
    )


def uncharged_sums(tasks: int, failed_tasks: int) -> Sums:
    """Return the sums of so many tasks without cost."""
    return Sums(tasks=tasks, without_cost=tasks, failed_tasks=failed_tasks, failed_without_cost=failed_tasks)


_AMOUNTS = sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos)
_IS_OF_PART = charge.c.booked_at < bindparam("part_end", type_=BigInteger)
_AMOUNTS_OF_PART = sum_of(charge.c.platform_nanos, _IS_OF_PART), sum_of(charge.c.provider_nanos, _IS_OF_PART)


@lru_cache(FORMS)
def _amounts(form: Form) -> SumSelect:
    return select(*_AMOUNTS).select_from(form.charges_table()).where(form.charges())


@lru_cache(FORMS)
def _amounts_and_part(form: Form) -> SumSelect:
    return _amounts(form).add_columns(*_AMOUNTS_OF_PART)


@lru_cache(FORMS)
def _task_counts(form: Form, *, by_unit: bool) -> SumSelect:
    counts = select(*task_counts(form, by_unit=by_unit))
    return counts.select_from(form.charges_table(with_tasks=True)).where(form.charges())


@lru_cache(FORMS)
def _sums(form: Form, *, by_unit: bool) -> SumSelect:
    """Return the statement of one row: tasks without cost, `task_counts` and, unless the totals say them, amounts."""
    charged = _task_counts(form, by_unit=by_unit)
    if not form.is_everything:
        charged = charged.add_columns(*_AMOUNTS)
    counts = select(func.count(), func.count().filter(has_failed(form.part.tasks.c.status)))
    uncharged = counts.select_from(form.part.tasks).where(form.without_cost())
    return select(CrossJoin(uncharged.subquery("uncharged"), charged.subquery("charged")))


def sums(connection: Connection, where: Conditions, counting: Counting = Counting()) -> Sums:
    """Return what a selection adds up to."""
    statement = _sums(where.form, by_unit=counting.by_unit)
    tasks, failed_tasks, *charged = connection.execute(statement, where.values | counting.values).all()[0]
    counts, amounts = charged[:_COUNTS], charged[_COUNTS:] or nanos_within(connection, *where.ends)
    return uncharged_sums(tasks, failed_tasks) + charged_sums(amounts, counts)


def sums_beside(connection: Connection, where: Conditions, amounts: tuple[int, int], counting: Counting) -> Sums:
    """Return the sums of a selection's charges, whose platform and provider nanos are known already."""
    statement = _task_counts(where.form, by_unit=counting.by_unit)
    return charged_sums(amounts, connection.execute(statement, where.values | counting.values).all()[0])


def amounts(connection: Connection, where: Conditions) -> tuple[int, int]:
    """Return the platform's and the provider's nanos of a selection, without counting tasks."""
    if where.form.is_everything:
        return nanos_within(connection, *where.ends)
    platform, provider = connection.execute(_amounts(where.form), where.values).all()[0]
    return platform or 0, provider or 0


def amounts_and_part(
    connection: Connection, where: Conditions, part_end: datetime
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the same of a selection, and of the part of its window up to a moment."""
    start, end, until = *where.ends, to_us(part_end)
    if where.form.is_everything:
        return nanos_within(connection, start, end), nanos_within(connection, start, until)
    row = connection.execute(_amounts_and_part(where.form), where.values | {"part_end": until}).all()[0]
    platform, provider, of_part, provider_of_part = (each or 0 for each in row)
    return (platform, provider), (of_part, provider_of_part)
