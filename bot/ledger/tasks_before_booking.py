"""Tasks before booking: what the ledger holds of the tasks of a page before the page is booked."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from sqlalchemy import Connection, bindparam, select

from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.narrowing import TaskTraits
from bot.domain.pricing import ByokUnit, price
from bot.domain.tasks import Task
from bot.ledger.rules import KnownTask, Totals
from bot.ledger.tables import task as task_table


@dataclass(slots=True)
class BookedTask:
    """A task as it was booked last."""

    id: int
    member: int
    model: str
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

    @property
    def traits(self) -> TaskTraits:
        """What decides which budgets count it."""
        return TaskTraits(self.model, self.status, bool(self.is_byok))

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


_T = task_table.c
_BOOKED = SetStatement(
    select(
        _T.task_id, _T.id, _T.member, _T.model, _T.status, _T.platform_nanos, _T.provider_nanos, _T.created_at,
        _T.stream_count, _T.by_unit, _T.mixed, _T.restated, _T.is_byok, _T.without_email, _T.fingerprint,
        _T.neo_credits, _T.llm_cost, _T.neo_cost,
    ).where(_T.task_id.in_(bindparam("task_ids", expanding=True))),
    "task_ids",
)  # fmt: skip


def booked_tasks(connection: Connection, task_ids: Sequence[str]) -> dict[str, BookedTask]:
    """Return the tasks that are booked already, by the upstream's id."""
    tasks: dict[str, BookedTask] = {}
    for some in chunks(task_ids):
        for row in _BOOKED.execute(connection, some).all():
            task_id, key, member, model, status, platform, provider, created_at, stream_count, *rest = row
            known = KnownTask(Totals(platform, provider), created_at, stream_count)
            tasks[task_id] = BookedTask(key, member, model, status, known, *rest)
    return tasks


def with_amounts(task: Task, neo_credits: Decimal | None, llm_cost: Decimal | None, neo_cost: Decimal | None) -> Task:
    """Return a task with other amounts."""
    return msgspec.structs.replace(task, neo_credits=neo_credits, llm_cost=llm_cost, neo_cost=neo_cost)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
