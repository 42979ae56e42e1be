"""Tasks before booking: what the ledger holds of the tasks of a page before the page is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import Connection

from bot.database.sql import compose
from bot.domain.pricing import ByokUnit, price
from bot.domain.tasks import Task
from bot.ledger.rules import KnownTask, Totals

_CHUNK = 400  # parameters a statement; below SQLite's oldest limit of 999


@dataclass(slots=True)
class BookedTask:
    """A task as it was booked last."""

    id: int
    member: int
    status: str
    known: KnownTask
    by_unit: bool
    mixed: bool
    restated: bool
    is_byok: bool
    without_email: bool
    fingerprint: int
    neo_credits: str | None
    llm_cost: str | None
    neo_cost: str | None

    def amounts(self) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
        """Return the upstream's three amounts as they were written: credits, provider cost, fee."""
        return _decimal(self.neo_credits), _decimal(self.llm_cost), _decimal(self.neo_cost)

    def totals(self, task: Task, unit: ByokUnit) -> Totals:
        """Return what its charges sum to, with what of that rests on the BYOK unit."""
        totals = self.known.totals
        if not self.is_byok:
            return totals
        # its amounts were priced when they were booked, and make sense
        cost = price(msgspec.structs.replace(with_amounts(task, *self.amounts()), is_byok=True), unit)
        return Totals(totals.platform_nanos, totals.provider_nanos, cost.platform_by_unit, cost.provider_by_unit)


_BOOKED = """
SELECT t.task_id, t.id, t.member, t.status, t.platform_nanos, t.provider_nanos,
       t.created_at, t.stream_count, t.by_unit, t.mixed, t.restated, t.is_byok, t.without_email, t.fingerprint,
       t.neo_credits, t.llm_cost, t.neo_cost
FROM task t WHERE t.task_id IN ({marks})
"""


def booked_tasks(connection: Connection, task_ids: Sequence[str]) -> dict[str, BookedTask]:
    """Return the tasks that are booked already, by the upstream's id."""
    tasks: dict[str, BookedTask] = {}
    for start in range(0, len(task_ids), _CHUNK):
        some = tuple(task_ids[start : start + _CHUNK])
        for row in connection.exec_driver_sql(compose(_BOOKED, marks=",".join("?" * len(some))), some):
            task_id, key, member, status, platform, provider, created_at, stream_count, *rest = row
            known = KnownTask(Totals(platform, provider), created_at, stream_count)
            tasks[task_id] = BookedTask(key, member, status, known, *rest)
    return tasks


def with_amounts(task: Task, neo_credits: Decimal | None, llm_cost: Decimal | None, neo_cost: Decimal | None) -> Task:
    """Return a task with other amounts."""
    return msgspec.structs.replace(task, neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
