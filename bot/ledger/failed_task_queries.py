"""Queries of failed tasks: which tasks of a selection failed, and how many by model or member."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.pricing import SpendBasis
from bot.ledger.members import shown_email
from bot.ledger.selection import Conditions, Selection, conditions_of


@dataclass(frozen=True, slots=True)
class SelectedTask:
    """A task of a selection and its spend in the window, in nanos; `id` and `member` are row ids."""

    id: int
    status: str
    model: str
    member: int
    created_at: int
    nanos: int


@dataclass(frozen=True, slots=True)
class TaskShare:
    """How many tasks of a selection a model or a member has, and how many of them failed."""

    name: str
    tasks: int
    failed: int


# those with a charge in the window, and those without cost created in it
_SELECTED = """
WITH selected (task, platform, provider) AS MATERIALIZED (
  SELECT c.task, sum(c.platform_nanos), sum(c.provider_nanos) FROM charge c {join} WHERE {charges} GROUP BY c.task
  UNION ALL SELECT t.id, 0, 0 FROM {tasks} t WHERE {without_cost})
"""
_FAILED = """{selected}
SELECT t.id, t.status, t.model, t.member, t.created_at, s.platform, s.provider
FROM selected s JOIN task t ON t.id = s.task WHERE t.status IN ({failed}) AND {owned} ORDER BY t.id
"""
_SHARES = """{selected}
SELECT {name}, count(*), count(CASE WHEN t.status IN ({failed}) THEN 1 END)
FROM selected s JOIN {tasks} t ON t.id = s.task JOIN member m ON m.id = {holder}
GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1
"""


def failed_tasks(
    reader: Connection, selection: Selection, basis: SpendBasis, failing: Sequence[str]
) -> list[SelectedTask]:
    """Return the tasks of a selection whose status is one of the `failing`, of a member's scope only their own."""
    where = conditions_of(reader, selection)
    sql = compose(_FAILED, selected=_selected(where), failed=where.puts(failing), owned=where.scope.owns("t"))
    rows = reader.execute(text(sql), where.values).all()
    return [
        SelectedTask(key, status, model, member, created_at, basis.spend(platform, provider))
        for key, status, model, member, created_at, platform, provider in rows
    ]


def task_shares(
    reader: Connection, selection: Selection, by: Literal["model", "member"], failing: Sequence[str]
) -> list[TaskShare]:
    """Return how many tasks of a selection each model or member has: those with the most failed ones first."""
    where = conditions_of(reader, selection)
    name = {"model": "t.model", "member": "m.email"}[by]
    sql = compose(
        _SHARES,
        selected=_selected(where),
        name=name,
        failed=where.puts(failing),
        tasks=where.scope.tasks,
        holder=where.scope.holder("t"),
    )
    shares = [TaskShare(*row) for row in reader.execute(text(sql), where.values).all()]
    return shares if by == "model" else [TaskShare(shown_email(s.name), s.tasks, s.failed) for s in shares]


def _selected(where: Conditions) -> str:
    return compose(
        _SELECTED,
        join=where.join_task,
        charges=where.charges(),
        tasks=where.scope.tasks,
        without_cost=where.without_cost(),
    )
