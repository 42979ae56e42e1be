"""Spend in groups: by member, model, status or a part of the calendar; tools and agents by calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, distinct, func, literal_column, select, true, union

from bot.database import json_values
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import COUNTED_GROUPINGS, TIME_GROUPINGS
from bot.ledger.expressions import sum_of
from bot.ledger.group_labels import GroupLabels
from bot.ledger.quarter_hour_totals import has_totals
from bot.ledger.selection import FORMS, Conditions, Form
from bot.ledger.spend import Counting, Sums, charged_sums, sums, sums_beside, uncharged_sums
from bot.ledger.spend_group_statements import (
    BY_QUARTERS,
    IS_LONG,
    MEMBER_BY_MEMBER,
    GroupSelect,
    are_of_tasks,
    charge_groups,
    uncharged_groups,
)
from bot.ledger.tables import charge, task_detail


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


@dataclass(frozen=True, slots=True)
class GroupedSpend:
    """A selection in groups, in no particular order, and what the whole of it adds up to."""

    groups: list[SpendGroup]
    total: Sums


def groups(connection: Connection, where: Conditions, by: Sequence[str], zone: tzinfo) -> list[SpendGroup]:
    """Return a selection in groups, in no particular order; groups without a task are left out.

    Args:
        connection: the ledger.
        where: what is asked about.
        by: one or two groupings; days, weeks and months are those of the zone.
        zone: whose local dates count.
    """
    by = tuple(by)
    labels = GroupLabels(connection, where.ends, by, zone)
    if any(name in COUNTED_GROUPINGS for name in by):
        return _counted_groups(connection, where, by, labels)
    return _merged(_rows(connection, where, by, labels, Counting(by_unit=False)), labels)


def grouped_spend(
    connection: Connection, where: Conditions, by: Sequence[str], zone: tzinfo, counting: Counting
) -> GroupedSpend:
    """Return a selection in groups, as `groups` does, with its total."""
    by = tuple(by)
    if any(name in COUNTED_GROUPINGS for name in by):
        return GroupedSpend(groups(connection, where, by, zone), sums(connection, where, counting))
    labels = GroupLabels(connection, where.ends, by, zone)
    rows = _rows(connection, where, by, labels, counting)
    return GroupedSpend(_merged(rows, labels), _total(connection, where, rows, counting))


GroupRow = Row[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _GroupRows:
    """The rows of groups, as `charge_groups` and `uncharged_groups` return them."""

    by: tuple[str, ...]
    charged: Sequence[GroupRow]
    uncharged: Sequence[GroupRow]


def _rows(
    connection: Connection, where: Conditions, by: tuple[str, ...], labels: GroupLabels, counting: Counting
) -> _GroupRows:
    values = where.values | counting.values | {"spans": labels.spans}
    quick = _quick_groups(connection, where, by, labels)
    statement = charge_groups(where.form, by, by_unit=counting.by_unit) if quick is None else quick
    charged = connection.execute(statement, values).all()
    return _GroupRows(by, charged, connection.execute(uncharged_groups(where.form, by), values).all())


def _quick_groups(
    connection: Connection, where: Conditions, by: tuple[str, ...], labels: GroupLabels
) -> GroupSelect | None:
    """Return a statement that does the same as `charge_groups` in less time, if there is one."""
    if where.form.is_everything and by == ("member",) and _is_long(connection, where, labels.members):
        return MEMBER_BY_MEMBER
    if where.form.is_everything and by in _TIME and has_totals(labels.spans):
        return BY_QUARTERS
    return None


_TIME = {(name,) for name in TIME_GROUPINGS}
_CHARGES_OF_A_MEMBER = 3  # with more on average, reading one member after another is quicker than sorting charges


def _is_long(connection: Connection, where: Conditions, members: int) -> bool:
    values = where.values | {"most": members * _CHARGES_OF_A_MEMBER}
    return connection.execute(IS_LONG, values).first() is not None


def _merged(rows: _GroupRows, labels: GroupLabels) -> list[SpendGroup]:
    """Return the groups of rows: two members may have one name, and tasks with and without cost one group."""
    first, by_key = len(rows.by), dict[tuple[str, ...], SpendGroup]()
    for key, row in zip(labels.keys(rows.charged), rows.charged, strict=True):
        if row[first + 2]:
            each = SpendGroup(key, row[first], row[first + 1], row[first + 2])
            if (group := by_key.setdefault(key, each)) is not each:
                group.include(each)
    for key, row in zip(labels.keys(rows.uncharged), rows.uncharged, strict=True):
        group = by_key.get(key) or by_key.setdefault(key, SpendGroup(key))
        group.tasks += row[first]
        group.without_cost += row[first]
    return list(by_key.values())


def _total(connection: Connection, where: Conditions, rows: _GroupRows, counting: Counting) -> Sums:
    """Return what the groups add up to.

    Amounts are the sums of theirs, and so are tasks if each is in one group; otherwise they are counted.
    """
    first = len(rows.by)
    uncharged = uncharged_sums(*(sum(row[first + each] for row in rows.uncharged) for each in range(2)))
    if are_of_tasks(rows.by):
        return sum((charged_sums(row[first : first + 2], row[first + 2 :]) for row in rows.charged), uncharged)
    platform, provider = (sum(row[first + each] or 0 for row in rows.charged) for each in range(2))
    return uncharged + sums_beside(connection, where, (platform, provider), counting)


@lru_cache(FORMS)
def _counted(form: Form, by: tuple[str, ...], kind: str) -> GroupSelect:
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
    connection: Connection, where: Conditions, by: tuple[str, ...], labels: GroupLabels
) -> list[SpendGroup]:
    """Return calls and time by tool, or triggers by agent: of the tasks in the window, as they are now."""
    kind = next(name for name in by if name in COUNTED_GROUPINGS)
    rows = connection.execute(_counted(where.form, by, kind), where.values).all()
    return [
        SpendGroup(key, tasks=tasks, calls=calls, time_ms=time_ms)
        for key, (*_, calls, time_ms, tasks) in zip(labels.keys(rows), rows, strict=True)
    ]
