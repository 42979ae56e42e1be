"""Spend in groups: by member, model, status or a part of the calendar; tools and agents by calls."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Connection, text

from bot.database.sql import compose
from bot.domain.periods import Bucket, Unit, Window, buckets
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import COUNTED_GROUPINGS, TIME_GROUPINGS
from bot.domain.timestamps import from_us, to_us
from bot.ledger.members import emails_by_id
from bot.ledger.selection import Conditions, Selection, conditions_of


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


def groups(reader: Connection, selection: Selection, by: Sequence[str], zone: tzinfo) -> list[SpendGroup]:
    """Return a selection in groups, in no particular order; groups without a task are left out.

    Args:
        reader: the ledger.
        selection: what is asked about.
        by: one or two groupings; days, weeks and months are those of the zone.
        zone: whose local dates count.
    """
    labels = _Labels(reader, selection, by, zone)
    if any(name in COUNTED_GROUPINGS for name in by):
        return _counted_groups(reader, selection, by, labels)
    where = conditions_of(reader, selection)
    by_key: dict[tuple[str, ...], SpendGroup] = {}
    for each in (*_charge_groups(reader, where, by, labels), *_groups_without_cost(reader, where, by, labels)):
        group = by_key.setdefault(each.key, each)
        if group is not each:
            group.include(each)
    return list(by_key.values())


class _Labels:
    """What the keys of SQL groups mean to people: members' e-mails and the calendar's names."""

    def __init__(self, reader: Connection, selection: Selection, by: Sequence[str], zone: tzinfo) -> None:
        self._by = by
        self._emails = emails_by_id(reader) if "member" in by else {}
        unit = next((Unit(name) for name in by if name in TIME_GROUPINGS), None)
        self.timed = unit is not None
        self._buckets: list[Bucket] = (
            [] if unit is None else list(buckets(unit, _with_data(reader, selection.window), zone))
        )

    def of(self, key: Sequence[Any]) -> tuple[str, ...]:
        """Return the labels of a group's key."""
        return tuple(self._label(name, part) for name, part in zip(self._by, key, strict=True))

    def _label(self, name: str, part: int | str) -> str:
        if name == "member":
            return self._emails[int(part)]
        return self._buckets[int(part)].label if name in TIME_GROUPINGS else str(part)

    @property
    def buckets_table(self) -> str:
        """The calendar's parts as a common table: one pass over each part's interval of the index."""
        rows = (f"({i},{to_us(b.window.start)},{to_us(b.window.end)})" for i, b in enumerate(self._buckets))
        return f"WITH bucket (i, low, high) AS (VALUES {','.join(rows) or '(0,0,0)'})" if self.timed else ""

    @property
    def span(self) -> tuple[str, str] | None:
        """The ends of a part of the calendar, in SQL, in place of the window's: the parts make up the window."""
        return ("b.low", "b.high") if self.timed else None

    @property
    def join_buckets(self) -> str:
        """The calendar's parts to begin a join with: SQLite must look for each by its own ends, not scan for each."""
        return "bucket b CROSS JOIN" if self.timed else ""


# one look at each end of an index; asked for both at once, SQLite reads the whole of it
_ENDS = """
SELECT (SELECT min(booked_at) FROM charge), (SELECT max(booked_at) FROM charge),
  (SELECT min(created_at) FROM task), (SELECT max(created_at) FROM task)
"""


def _with_data(reader: Connection, window: Window) -> Window:
    """Return the part of a window that holds anything, so that `to:` alone makes no bucket of every day since 2000."""
    moments = [moment for moment in reader.execute(text(_ENDS)).all()[0] if moment is not None]
    if not moments:
        return Window(window.start, window.start)
    start = max(window.start, from_us(min(moments)))
    return Window(start, max(start, min(window.end, from_us(max(moments) + 1))))


_CHARGES = """{with_buckets}
SELECT {keys}, sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task)
FROM {buckets} charge c {join} WHERE {conditions} GROUP BY {keys}
"""
_WITHOUT_COST = "{with_buckets} SELECT {keys}, count(*) FROM {buckets} {tasks} t WHERE {conditions} GROUP BY {keys}"


def _charge_groups(reader: Connection, where: Conditions, by: Sequence[str], labels: _Labels) -> Iterable[SpendGroup]:
    columns = {"member": "c.member", "model": "t.model", "status": "t.status"}
    sql = compose(
        _CHARGES,
        with_buckets=labels.buckets_table,
        keys=", ".join(columns.get(name, "b.i") for name in by),
        buckets=labels.join_buckets,
        join=where.join_task if {"model", "status"} & set(by) else where.join_filtered_task,
        conditions=where.charges(labels.span),
    )
    for *key, platform, provider, tasks in reader.execute(text(sql), where.values).all():
        yield SpendGroup(labels.of(key), platform, provider, tasks)


def _groups_without_cost(
    reader: Connection, where: Conditions, by: Sequence[str], labels: _Labels
) -> Iterable[SpendGroup]:
    columns = {"member": "t.member", "model": "t.model", "status": "t.status"}
    sql = compose(
        _WITHOUT_COST,
        with_buckets=labels.buckets_table,
        keys=", ".join(columns.get(name, "b.i") for name in by),
        buckets=labels.join_buckets,
        tasks=where.scope.tasks,
        conditions=where.without_cost(labels.span),
    )
    for *key, tasks in reader.execute(text(sql), where.values).all():
        yield SpendGroup(labels.of(key), tasks=tasks, without_cost=tasks)


_COUNTED = """
WITH inside (task) AS (
  SELECT c.task FROM charge c {join} WHERE {charges}
  UNION SELECT t.id FROM {tasks} t WHERE {without_cost})
SELECT {keys}, sum({calls}), sum({time}), count(DISTINCT t.id)
FROM inside i JOIN {tasks} t ON t.id = i.task JOIN task_detail d ON d.task = t.id
JOIN json_each(d.{kind}s) j WHERE {owned} GROUP BY {keys}
"""
_COUNTS = {
    "tool": ("json_extract(j.value, '$.calls')", "json_extract(j.value, '$.total_duration_ms')"),
    "agent": ("j.value", "0"),
}


def _counted_groups(reader: Connection, selection: Selection, by: Sequence[str], labels: _Labels) -> list[SpendGroup]:
    """Return calls and time by tool, or triggers by agent: of the tasks in the window, as they are now."""
    kind = next(name for name in by if name in COUNTED_GROUPINGS)
    columns = {"member": "t.member", "model": "t.model", "status": "t.status", kind: "j.key"}
    where = conditions_of(reader, selection)
    sql = compose(
        _COUNTED,
        join=where.join_filtered_task,
        charges=where.charges(),
        tasks=where.scope.tasks,
        without_cost=where.without_cost(),
        keys=", ".join(columns[name] for name in by),
        calls=_COUNTS[kind][0],
        time=_COUNTS[kind][1],
        kind=kind,
        owned=where.scope.owns("t"),
    )
    return [
        SpendGroup(labels.of(key), tasks=tasks, calls=calls, time_ms=time_ms)
        for *key, calls, time_ms, tasks in reader.execute(text(sql), where.values).all()
    ]
