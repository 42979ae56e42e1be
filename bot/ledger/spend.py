"""Spend: what a selection adds up to. The sum of charges over a window is the only meaning of spend.

Filters see tasks as they are now; amounts count where they were booked. The statements are plain SQL, so that they
cost what they cost on the bare database.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.pricing import SpendBasis
from bot.domain.tasks import FAILED_STATUSES
from bot.ledger.selection import Conditions, Selection, conditions_of


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


_SUMS = """
SELECT sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task),
       count(DISTINCT CASE WHEN t.status IN ({failed}) THEN c.task END),
       sum(CASE WHEN t.status IN ({failed}) THEN c.platform_nanos END),
       sum(CASE WHEN t.status IN ({failed}) THEN c.provider_nanos END), max(t.by_unit)
FROM charge c {join} WHERE {charges}
"""
_WITHOUT_COST = """
SELECT count(*), count(CASE WHEN t.status IN ({failed}) THEN 1 END) FROM {tasks} t WHERE {without_cost}
"""
_AMOUNTS = "SELECT sum(c.platform_nanos), sum(c.provider_nanos) FROM charge c {join} WHERE {charges}"


def sums(reader: Connection, selection: Selection, failing: Sequence[str] = FAILED_STATUSES) -> Sums:
    """Return what a selection adds up to; tasks of the `failing` statuses failed."""
    where = conditions_of(reader, selection)
    failed = where.puts(failing)
    sql = compose(_SUMS, failed=failed, join=where.join_task, charges=where.charges())
    row = reader.execute(text(sql), where.values).all()[0]
    platform, provider, tasks, failed_tasks, failed_platform, failed_provider, by_unit = row
    without_cost, failed_without_cost = _without_cost(reader, where, failed)
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


def _without_cost(reader: Connection, where: Conditions, failed: str) -> tuple[int, int]:
    """Return how many tasks have no known cost, and how many of them failed."""
    sql = compose(_WITHOUT_COST, failed=failed, tasks=where.scope.tasks, without_cost=where.without_cost())
    tasks, failed_tasks = reader.execute(text(sql), where.values).all()[0]
    return tasks, failed_tasks


def amounts(reader: Connection, selection: Selection) -> tuple[int, int]:
    """Return the platform's and the provider's nanos of a selection, without counting tasks."""
    where = conditions_of(reader, selection)
    sql = compose(_AMOUNTS, join=where.join_filtered_task, charges=where.charges())
    platform, provider = reader.execute(text(sql), where.values).all()[0]
    return platform or 0, provider or 0


def spend_column(basis: SpendBasis) -> str:
    """Return, in SQL, what of a charge `c` is spend."""
    return "c.platform_nanos + c.provider_nanos" if basis is SpendBasis.TOTAL else "c.platform_nanos"
