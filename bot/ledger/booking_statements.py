"""The statements that a booking writes with, and the rows that they take."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import bindparam, update

from bot.database.bulk import BulkInsert, BulkStatement, Row
from bot.database.statements import insert
from bot.domain.pricing import Price
from bot.domain.tasks import Task
from bot.ledger.rules import Change, Entry
from bot.ledger.tables import charge, seen, task_detail
from bot.ledger.tables import task as task_table
from bot.ledger.tasks_before_booking import BookedTask


class TaskEntry(msgspec.Struct, frozen=True, gc=False):
    """A task that is about to be written: its keys, its fingerprint, its price, and what that changes in the ledger.

    `created_at` is in microseconds since 1970; `before` is None for a task that is seen for the first time.
    """

    id: int
    member: int
    task: Task
    created_at: int
    fingerprint: int
    cost: Price
    change: Change
    before: BookedTask | None = None


# in the order of the table, as the statements are compiled: no row has to be put in another order
_TASK_COLUMNS = (
    "member", "model", "status", "created_at", "platform_nanos", "provider_nanos", "neo_credits", "llm_cost",
    "neo_cost", "is_byok", "mixed", "by_unit", "restated", "cost_withdrawn", "without_email", "stream_count",
    "step_count", "tool_calls", "agent_triggers", "llm_time_ms", "tool_time_ms", "total_execution_ms",
    "avg_step_latency_ms",
)  # fmt: skip
_WRITTEN = ("changed_at", "fingerprint")


_DETAIL_COLUMNS = ("task", "title", "error_message", "tools", "agents")
_INSERT_DETAIL = insert(task_detail)

INSERT_TASK = BulkInsert(task_table, "id", "task_id", *_TASK_COLUMNS, "first_seen_at", *_WRITTEN)
UPDATE_TASK = BulkStatement(
    update(task_table).where(task_table.c.id == bindparam("of_task")), *_TASK_COLUMNS, *_WRITTEN, "of_task"
)
INSERT_DETAIL = BulkInsert(task_detail, *_DETAIL_COLUMNS)
UPDATE_DETAIL = BulkStatement(
    _INSERT_DETAIL.on_conflict_do_update(
        index_elements=[task_detail.c.task],
        set_={name: _INSERT_DETAIL.excluded[name] for name in _DETAIL_COLUMNS[1:]},
    ),
    *_DETAIL_COLUMNS,
)
INSERT_CHARGE = BulkInsert(
    charge,
    "task", "member", "platform_nanos", "provider_nanos", "booked_at", "observed_at", "kind", "platform_by_unit",
    "provider_by_unit",
)  # fmt: skip
INSERT_SEEN = BulkStatement(insert(seen).on_conflict_do_nothing(), "kind", "value")


def inserted_row(entry: TaskEntry, now_us: int) -> Row:
    """Return the row of `INSERT_TASK`."""
    return (entry.id, entry.task.task_id, *_columns(entry), now_us, now_us, entry.fingerprint)


def updated_row(entry: TaskEntry, now_us: int) -> Row:
    """Return the row of `UPDATE_TASK`."""
    return (*_columns(entry), now_us, entry.fingerprint, entry.id)


def _columns(entry: TaskEntry) -> Row:
    """Return a task's values in the order of _TASK_COLUMNS."""
    task, cost, change, before = entry.task, entry.cost, entry.change, entry.before
    return (
        entry.member, task.model, task.status, entry.created_at, change.totals.platform_nanos,
        change.totals.provider_nanos, _text(task.neo_credits), _text(task.llm_cost), _text(task.neo_cost),
        cost.own_key, cost.mixed, cost.by_unit, change.restated or (before is not None and bool(before.restated)),
        change.withdrawn, task.email is None and (before is None or bool(before.without_email)),
        task.stream_count, task.step_count, task.tool_calls, task.agent_triggers, task.llm_time_ms,
        task.tool_time_ms, task.total_execution_ms, task.avg_step_latency_ms,
    )  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def detail_row(key: int, task: Task) -> Row:
    """Return the row of `INSERT_DETAIL` and `UPDATE_DETAIL` for the task with that key."""
    return (key, task.title, task.error_message, _json(task.tools), _json(task.agents))


def _json(value: Mapping[str, Any] | None) -> str | None:
    return _encode(value).decode() if value else None


_encode = msgspec.json.Encoder().encode


def charge_rows(key: int, member: int, entries: Sequence[Entry], now_us: int) -> list[Row]:
    """Return the rows of `INSERT_CHARGE` for what is booked of one task."""
    return [
        (
            key, member, e.platform_nanos, e.provider_nanos, e.booked_at, now_us, e.kind, e.platform_by_unit,
            e.provider_by_unit,
        )
        for e in entries
    ]  # fmt: skip
