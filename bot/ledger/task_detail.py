"""One task in full: its totals, counts, times, tools and agents, and the charges it was booked with."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from bot.domain.timestamps import from_us, optional_from_us
from bot.ledger.members import shown_email
from bot.ledger.rules import EntryKind
from bot.ledger.scope import MEMBERS, TRANSFERRED, Scope
from bot.ledger.selection import FORMS, Conditions, Form
from bot.ledger.tables import charge, member, task
from bot.ledger.tables import task_detail as detail


@dataclass(frozen=True, slots=True)
class BookedCharge:
    """A charge as shown: USD nanos, and why it was booked."""

    booked_at: datetime
    kind: str
    platform_nanos: int
    provider_nanos: int


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """Everything the ledger keeps of one task. Amounts are USD nanos, None unknown; durations milliseconds.

    Within a member's scope amounts and charges are those booked to them. A `transferred` task
    is another member's now: only its charges are shown, and `created_at` is when the first of them was booked.
    """

    task_id: str
    member: str
    model: str
    status: str
    created_at: datetime
    title: str | None
    error_message: str | None
    platform_nanos: int | None
    provider_nanos: int | None
    is_byok: bool
    mixed: bool
    restated: bool
    cost_withdrawn: bool
    stream_count: int | None
    step_count: int
    tool_calls: int
    agent_triggers: int
    llm_time_ms: int | None
    tool_time_ms: int | None
    total_execution_ms: int | None
    missing_since: datetime | None
    tools: dict[str, tuple[int, int]]
    agents: dict[str, int]
    charges: tuple[BookedCharge, ...]
    transferred: bool = False


_FLAGS = ("is_byok", "mixed", "restated", "cost_withdrawn")
_PLAIN = (
    "task_id", "model", "status", "title", "error_message", "platform_nanos", "provider_nanos", *_FLAGS,
    "stream_count", "step_count", "tool_calls", "agent_triggers", "llm_time_ms", "tool_time_ms", "total_execution_ms",
)  # fmt: skip
_CHARGE = (charge.c.booked_at, charge.c.kind, charge.c.platform_nanos, charge.c.provider_nanos)
_TASKS = (
    select(
        *(detail.c[name] if name in detail.c else task.c[name] for name in _PLAIN),
        task.c.missing_since,
        detail.c.tools,
        detail.c.agents,
        member.c.email,
        task.c.created_at,
        task.c.member,
        *_CHARGE,
    )
    .join_from(task, member, member.c.id == task.c.member)
    .join(detail, detail.c.task == task.c.id)
    .order_by(task.c.task_id, charge.c.booked_at, charge.c.id)
)
_EMAIL = select(member.c.email).where(
    MEMBERS.is_members(func.coalesce(member.c.merged_into, member.c.id)), member.c.merged_into.is_(None)
)


@lru_cache(FORMS)
def _tasks(form: Form) -> Select[*tuple[Any, ...]]:
    """Return the statement on the tasks inside a selection, with a row for each charge, or one if there is none."""
    return _TASKS.outerjoin(charge, form.part.is_charge_of(task.c.id)).where(task.c.id.in_(form.inside()))


def task_details(connection: Connection, scope: Scope, where: Conditions) -> list[TaskDetail]:
    """Return the tasks of a selection in the order of their ids, as far as its scope has them."""
    rows = connection.execute(_tasks(where.form), where.values).all()
    details = (_detail(connection, scope, list(of_task)) for _, of_task in groupby(rows, itemgetter(0)))
    return [each for each in details if each is not None]


def _detail(connection: Connection, scope: Scope, rows: Sequence[Row[*tuple[Any, ...]]]) -> TaskDetail | None:
    """Return a task by its rows; None if the scope has nothing of it."""
    *columns, missing_since, tools, agents, email, created_at, member = rows[0][: -len(_CHARGE)]
    values: dict[str, Any] = dict(zip(_PLAIN, columns, strict=True))
    values |= {name: bool(values[name]) for name in _FLAGS}
    detail = TaskDetail(
        member=shown_email(email),
        created_at=from_us(created_at),
        missing_since=optional_from_us(missing_since),
        tools={name: (use["calls"], use["total_duration_ms"]) for name, use in _loaded(tools).items()},
        agents=_loaded(agents),
        charges=tuple(_charges(rows)),
        **values,
    )
    return detail if scope.member is None else _within(connection, scope, detail, member)


def _within(connection: Connection, scope: Scope, detail: TaskDetail, member: int) -> TaskDetail | None:
    """Return what a member's scope has of a task that is now of the member with that key."""
    if member != scope.member and not detail.charges:
        return None
    booked = replace(
        detail,
        platform_nanos=sum(each.platform_nanos for each in detail.charges) if detail.charges else None,
        provider_nanos=sum(each.provider_nanos for each in detail.charges) if detail.charges else None,
        restated=any(each.kind == EntryKind.RESTATED for each in detail.charges),
    )
    return booked if member == scope.member else _transferred(connection, scope, booked)


def _transferred(connection: Connection, scope: Scope, detail: TaskDetail) -> TaskDetail:
    """Return what was charged to a member for a task that was transferred to another one since."""
    row = connection.execute(_EMAIL, scope.values).first()
    return TaskDetail(
        task_id=detail.task_id,
        member=shown_email(row[0] if row else ""),
        model=TRANSFERRED,
        status=TRANSFERRED,
        created_at=detail.charges[0].booked_at,
        title=None,
        error_message=None,
        platform_nanos=detail.platform_nanos,
        provider_nanos=detail.provider_nanos,
        is_byok=False,
        mixed=False,
        restated=detail.restated,
        cost_withdrawn=False,
        stream_count=None,
        step_count=0,
        tool_calls=0,
        agent_triggers=0,
        llm_time_ms=None,
        tool_time_ms=None,
        total_execution_ms=None,
        missing_since=None,
        tools={},
        agents={},
        charges=detail.charges,
        transferred=True,
    )


def _loaded(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


def _charges(rows: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[BookedCharge]:
    for *_, at, kind, platform, provider in rows:
        if at is not None:
            yield BookedCharge(from_us(at), kind, platform, provider)
