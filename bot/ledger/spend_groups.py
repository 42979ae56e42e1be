"""Spend in groups: by member, model, status or a part of the calendar; tools and agents by calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    distinct,
    func,
    literal_column,
    select,
    true,
    union,
)

from bot.database import json_values
from bot.domain.periods import Bucket, Unit, Window, buckets
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import COUNTED_GROUPINGS, TIME_GROUPINGS
from bot.domain.timestamps import from_us, to_us
from bot.ledger.expressions import CrossJoin, Span, spans_table, sum_of
from bot.ledger.members import emails_by_id
from bot.ledger.selection import FORMS, Conditions, Form, Selection, conditions_of
from bot.ledger.tables import charge, task, task_detail


@dataclass(slots=True)
class SpendGroup:
    """One group of a question: amounts in nanos, or (tools, agents) calls and milliseconds.

    Of its `tasks`, `without_cost` have no known cost.
    """

    key: tuple[str, ...]
    platform_nanos: int = 0
    provider_nanos: int = 0
    tasks: int = 0
    without_cost: int = 0
    calls: int = 0
    time_ms: int = 0

    def spend(self, basis: SpendBasis) -> int:
        """Return the spend in nanos."""
        return basis.spend(self.platform_nanos, self.provider_nanos)

    def include(self, other: "SpendGroup") -> None:
        """Add another group's amounts and tasks."""
        self.platform_nanos += other.platform_nanos
        self.provider_nanos += other.provider_nanos
        self.tasks += other.tasks
        self.without_cost += other.without_cost


def groups(connection: Connection, selection: Selection, by: Sequence[str], zone: tzinfo) -> list[SpendGroup]:
    """Return a selection in groups, in no particular order; groups without a task are left out.

    Args:
        connection: the ledger.
        selection: what is asked about.
        by: one or two groupings; days, weeks and months are those of the zone.
        zone: whose local dates count.
    """
    labels, by = _Labels(connection, selection, by, zone), tuple(by)
    if any(name in COUNTED_GROUPINGS for name in by):
        return _counted_groups(connection, selection, by, labels)
    where = conditions_of(connection, selection)
    by_key: dict[tuple[str, ...], SpendGroup] = {}
    for each in _found(connection, where, by, labels):
        group = by_key.setdefault(each.key, each)
        if group is not each:
            group.include(each)
    return list(by_key.values())


class _Labels:
    """What the keys of SQL groups mean to people: members' e-mails and the calendar's names."""

    def __init__(self, connection: Connection, selection: Selection, by: Sequence[str], zone: tzinfo) -> None:
        self._by = by
        self._emails = emails_by_id(connection) if "member" in by else {}
        unit = next((Unit(name) for name in by if name in TIME_GROUPINGS), None)
        self._buckets: list[Bucket] = (
            [] if unit is None else list(buckets(unit, _with_data(connection, selection.window), zone))
        )

    def of(self, key: Sequence[Any]) -> tuple[str, ...]:
        """Return the labels of a group's key."""
        return tuple(self._label(name, part) for name, part in zip(self._by, key, strict=True))

    def _label(self, name: str, part: int | str) -> str:
        if name == "member":
            return self._emails[int(part)]
        return self._buckets[int(part)].label if name in TIME_GROUPINGS else str(part)

    @property
    def values(self) -> dict[str, list[Span]]:
        """The parts of the calendar, as a statement takes them."""
        return {"spans": [(i, to_us(b.window.start), to_us(b.window.end)) for i, b in enumerate(self._buckets)]}


# one look at each end of an index; asked for both at once, SQLite reads the whole of it
_ENDS = select(
    *(
        select(end(each)).scalar_subquery()
        for each in (charge.c.booked_at, task.c.created_at)
        for end in (func.min, func.max)
    )
)


def _with_data(connection: Connection, window: Window) -> Window:
    """Return the part of a window that holds anything, so that `to:` alone makes no bucket of every day since 2000."""
    moments = [moment for moment in connection.execute(_ENDS).all()[0] if moment is not None]
    if not moments:
        return Window(window.start, window.start)
    start = max(window.start, from_us(min(moments)))
    return Window(start, max(start, min(window.end, from_us(max(moments) + 1))))


Groups = Select[*tuple[Any, ...]]


def _span_of(by: Sequence[str]) -> FromClause | None:
    """Return the calendar's parts, if these groupings ask for them: one pass over each part's interval of an index."""
    return spans_table() if not set(TIME_GROUPINGS).isdisjoint(by) else None


def _keys(by: Sequence[str], of: FromClause, tasks: FromClause, span: FromClause | None) -> list[ColumnElement[Any]]:
    columns = {"member": of.c.member, "model": tasks.c.model, "status": tasks.c.status}
    return [columns[name] if span is None or name in columns else span.c.i for name in by]


@lru_cache(FORMS)
def _groups(form: Form, by: tuple[str, ...]) -> Groups:
    span = _span_of(by)
    keys = _keys(by, charge, form.part.tasks, span)
    table = form.charges_table(span, with_tasks=not {"model", "status"}.isdisjoint(by))
    sums = sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos), func.count(distinct(charge.c.task))
    return select(*keys, *sums).select_from(table).where(form.charges(span)).group_by(*keys)


@lru_cache(FORMS)
def _groups_without_cost(form: Form, by: tuple[str, ...]) -> Groups:
    span, tasks = _span_of(by), form.part.tasks
    keys = _keys(by, tasks, tasks, span)
    table = tasks if span is None else CrossJoin(span, tasks)
    return select(*keys, func.count()).select_from(table).where(form.without_cost(span)).group_by(*keys)


def _found(connection: Connection, where: Conditions, by: tuple[str, ...], labels: _Labels) -> Iterable[SpendGroup]:
    rows = connection.execute(_groups(where.form, by), where.values | labels.values).all()
    for *key, platform, provider, tasks in rows:
        yield SpendGroup(labels.of(key), platform, provider, tasks)
    rows = connection.execute(_groups_without_cost(where.form, by), where.values | labels.values).all()
    for *key, tasks in rows:
        yield SpendGroup(labels.of(key), tasks=tasks, without_cost=tasks)


@lru_cache(FORMS)
def _counted(form: Form, by: tuple[str, ...], kind: str) -> Groups:
    tasks = form.part.tasks
    charged = select(charge.c.task).select_from(form.charges_table()).where(form.charges())
    inside = union(charged, select(tasks.c.id).where(form.without_cost())).cte("inside")
    used = json_values.entries(task_detail.c[f"{kind}s"], "used")
    columns = {"member": tasks.c.member, "model": tasks.c.model, "status": tasks.c.status, kind: used.c.key}
    keys = [columns[name] for name in by]
    counted = select(*keys, *map(sum_of, _COUNTED[kind](used.c.value)), func.count(distinct(tasks.c.id)))
    joined = inside.join(tasks, tasks.c.id == inside.c.task).join(task_detail, task_detail.c.task == tasks.c.id)
    return counted.select_from(joined.join(used, true())).where(form.part.owns(tasks)).group_by(*keys)


def _tool_use(value: ColumnElement[Any]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return json_values.number_named(value, "calls"), json_values.number_named(value, "total_duration_ms")


def _agent_triggers(value: ColumnElement[Any]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return json_values.number(value), literal_column("0")


_COUNTED = {"tool": _tool_use, "agent": _agent_triggers}


def _counted_groups(
    connection: Connection, selection: Selection, by: tuple[str, ...], labels: _Labels
) -> list[SpendGroup]:
    """Return calls and time by tool, or triggers by agent: of the tasks in the window, as they are now."""
    kind = next(name for name in by if name in COUNTED_GROUPINGS)
    where = conditions_of(connection, selection)
    rows = connection.execute(_counted(where.form, by, kind), where.values).all()
    return [
        SpendGroup(labels.of(key), tasks=tasks, calls=calls, time_ms=time_ms) for *key, calls, time_ms, tasks in rows
    ]
