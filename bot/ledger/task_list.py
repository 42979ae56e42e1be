"""The task list: the tasks of a selection, each with the part of its cost that was booked in the window."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us
from bot.ledger.members import shown_email
from bot.ledger.selection import Conditions, Selection, conditions_of


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task of a selection, with what of its cost lies in the window (None: without cost)."""

    task_id: str
    created_at: datetime
    member: str
    model: str
    status: str
    title: str | None
    platform_nanos: int | None
    provider_nanos: int | None

    def spend(self, basis: SpendBasis) -> int | None:
        """Return the spend in nanos, None for a task without cost."""
        if self.platform_nanos is None or self.provider_nanos is None:
            return None
        return basis.spend(self.platform_nanos, self.provider_nanos)


_ROWS = """
WITH inside (task, platform, provider, booked) AS (
  SELECT c.task, sum(c.platform_nanos), sum(c.provider_nanos), min(c.booked_at) FROM charge c {join}
  WHERE {charges} GROUP BY c.task
  UNION ALL SELECT t.id, NULL, NULL, NULL FROM {tasks} t WHERE {without_cost})
SELECT t.task_id, iif({owned}, t.created_at, i.booked), m.email, t.model, t.status, iif({owned}, d.title, NULL),
  i.platform, i.provider
FROM (SELECT i.* FROM inside i {join_order} ORDER BY {inner_order} LIMIT :most) i
JOIN {tasks} t ON t.id = i.task JOIN member m ON m.id = {holder} JOIN task_detail d ON d.task = t.id
ORDER BY {order}
"""


def task_rows(
    reader: Connection, selection: Selection, basis: SpendBasis, top: int | None, *, by_name: bool
) -> list[TaskRow]:
    """Return the tasks of a selection with their spend in the window, dearest first (or by task id).

    A task that was transferred to another member has no title, and the time of its first charge as `created_at`.
    """
    amount = "platform + provider" if basis is SpendBasis.TOTAL else "platform"
    where = conditions_of(reader, selection)
    order = "t.task_id" if by_name else f"coalesce({amount}, -1) DESC, t.task_id"
    sql = _statement(where, order, by_name=by_name)
    return [
        TaskRow(task_id, from_us(created), shown_email(email), model, status, title, platform, provider)
        for task_id, created, email, model, status, title, platform, provider in reader.execute(
            text(sql), where.values | {"most": -1 if top is None else top}
        ).all()
    ]


def _statement(where: Conditions, order: str, *, by_name: bool) -> str:
    # of many that cost the same, ids decide which are left out; of everybody's, what is quicker
    joined = by_name or where.scope.member is not None
    return compose(
        _ROWS,
        join=where.join_filtered_task,
        charges=where.charges(),
        tasks=where.scope.tasks,
        without_cost=where.without_cost(),
        owned=where.scope.owns("t"),
        join_order="JOIN task t ON t.id = i.task" if joined else "",
        inner_order=order if joined else order.replace("t.task_id", "i.task"),
        holder=where.scope.holder("t"),
        order=order,
    )
