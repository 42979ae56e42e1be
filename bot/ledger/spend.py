"""Spend: what a selection adds up to. The sum of charges over a window is the only meaning of spend.

Filters see tasks as they are now; amounts count where they were booked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, Select, bindparam, case, cast, distinct, func, select

from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.ledger.expressions import sum_of
from bot.ledger.selection import FORMS, Form, Selection, conditions_of
from bot.ledger.tables import charge


@dataclass(frozen=True, slots=True)
class Sums:
    """What a selection adds up to, in USD nanos and tasks.

    `tasks` have a charge in the window, or have no known cost and were created in it (`without_cost`).
    """

    platform_nanos: int = 0
    provider_nanos: int = 0
    tasks: int = 0
    without_cost: int = 0
    failed_tasks: int = 0
    failed_platform_nanos: int = 0
    failed_provider_nanos: int = 0
    by_unit: bool = False

    def spend(self, basis: SpendBasis) -> int:
        """Return the spend in nanos."""
        return basis.spend(self.platform_nanos, self.provider_nanos)

    def failed_spend(self, basis: SpendBasis) -> int:
        """Return the spend of failed tasks in nanos."""
        return basis.spend(self.failed_platform_nanos, self.failed_provider_nanos)


Sum = Select[*tuple[Any, ...]]


def _has_failed(form: Form) -> ColumnElement[bool]:
    return form.part.tasks.c.status.in_(bindparam("failing", expanding=True))


@lru_cache(FORMS)
def _sums(form: Form) -> Sum:
    failed = _has_failed(form)
    return (
        select(
            sum_of(charge.c.platform_nanos),
            sum_of(charge.c.provider_nanos),
            func.count(distinct(charge.c.task)),
            func.count(distinct(case((failed, charge.c.task)))),
            sum_of(case((failed, charge.c.platform_nanos))),
            sum_of(case((failed, charge.c.provider_nanos))),
            func.max(cast(form.part.tasks.c.by_unit, Integer)),
        )
        .select_from(form.charges_table(with_tasks=True))
        .where(form.charges())
    )


@lru_cache(FORMS)
def _counts_without_cost(form: Form) -> Sum:
    counts = select(func.count(), func.count(case((_has_failed(form), 1))))
    return counts.select_from(form.part.tasks).where(form.without_cost())


@lru_cache(FORMS)
def _amounts(form: Form) -> Sum:
    amounts = select(sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos))
    return amounts.select_from(form.charges_table()).where(form.charges())


def sums(connection: Connection, selection: Selection, failing: Sequence[str] = FAILED_STATUSES) -> Sums:
    """Return what a selection adds up to; tasks of the `failing` statuses failed."""
    where = conditions_of(connection, selection)
    values = where.values | {"failing": list(failing)}
    row = connection.execute(_sums(where.form), values).all()[0]
    platform, provider, tasks, failed_tasks, failed_platform, failed_provider, by_unit = row
    without_cost, failed_without_cost = connection.execute(_counts_without_cost(where.form), values).all()[0]
    return Sums(
        platform_nanos=platform or 0,
        provider_nanos=provider or 0,
        tasks=tasks + without_cost,
        without_cost=without_cost,
        failed_tasks=failed_tasks + failed_without_cost,
        failed_platform_nanos=failed_platform or 0,
        failed_provider_nanos=failed_provider or 0,
        by_unit=bool(by_unit),
    )


def amounts(connection: Connection, selection: Selection) -> tuple[int, int]:
    """Return the platform's and the provider's nanos of a selection, without counting tasks."""
    where = conditions_of(connection, selection)
    platform, provider = connection.execute(_amounts(where.form), where.values).all()[0]
    return platform or 0, provider or 0
