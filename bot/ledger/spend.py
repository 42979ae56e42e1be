"""Spend: questions to the ledger as SQL. The sum of charges over a window is the only meaning of spend.

Filters see tasks as they are now; amounts count where they were booked. The statements are plain SQL, so that they
cost what they cost on the bare database.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from bot.database.reader import Reader, plain_rows
from bot.domain.periods import Bucket, Unit, Window, buckets
from bot.domain.pricing import SpendBasis
from bot.domain.query.question import COUNTED_GROUPINGS, TIME_GROUPINGS
from bot.domain.tasks import FAILED_STATUSES
from bot.domain.timestamps import from_us, to_us
from bot.ledger import quarter_hour_totals
from bot.ledger.members import emails_by_id, shown_email
from bot.ledger.selection import Conditions, Selection, conditions_of

if TYPE_CHECKING:
    from sqlalchemy import Connection


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
        """The spend in nanos."""
        return basis.spend(self.platform_nanos, self.provider_nanos)

    def failed_spend(self, basis: SpendBasis) -> int:
        """The spend of failed tasks in nanos."""
        return basis.spend(self.failed_platform_nanos, self.failed_provider_nanos)


@dataclass(slots=True)
class Group:
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
        """The spend in nanos."""
        return basis.spend(self.platform_nanos, self.provider_nanos)


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
        """The spend in nanos, None for a task without cost."""
        if self.platform_nanos is None or self.provider_nanos is None:
            return None
        return basis.spend(self.platform_nanos, self.provider_nanos)


def sums(reader: Reader, selection: Selection, failing: Sequence[str] = FAILED_STATUSES) -> Sums:
    """What a selection adds up to; tasks of the `failing` statuses failed."""
    where = conditions_of(reader, selection)
    failed = where.puts(failing)
    sql = f"""
SELECT sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task),
       count(DISTINCT CASE WHEN t.status IN ({failed}) THEN c.task END),
       sum(CASE WHEN t.status IN ({failed}) THEN c.platform_nanos END),
       sum(CASE WHEN t.status IN ({failed}) THEN c.provider_nanos END), max(t.by_unit)
FROM charge c {where.join_task} WHERE {where.charges()}"""  # noqa: S608 - values are bound
    platform, provider, tasks, of_them, failed_platform, failed_provider, by_unit = reader.rows(sql, where.values)[0]
    uncosted, uncosted_failed = _uncosted(reader, where, failed)
    return Sums(
        platform_nanos=platform or 0,
        provider_nanos=provider or 0,
        tasks=tasks + uncosted,
        without_cost=uncosted,
        failed_tasks=of_them + uncosted_failed,
        failed_platform_nanos=failed_platform or 0,
        failed_provider_nanos=failed_provider or 0,
        by_unit=bool(by_unit),
    )


def _uncosted(reader: Reader, where: Conditions, failed: str) -> tuple[int, int]:
    sql = f"""
SELECT count(*), count(CASE WHEN t.status IN ({failed}) THEN 1 END)
FROM {where.scope.tasks} t WHERE {where.without_cost()}"""  # noqa: S608 - values are bound
    every, of_them = reader.rows(sql, where.values)[0]
    return every, of_them


def amounts(reader: Reader, selection: Selection) -> tuple[int, int]:
    """The platform's and the provider's nanos of a selection, without counting tasks."""
    where = conditions_of(reader, selection)
    join = where.joined_task
    sql = f"SELECT sum(c.platform_nanos), sum(c.provider_nanos) FROM charge c {join} WHERE {where.charges()}"  # noqa: S608 - values are bound
    platform, provider = reader.rows(sql, where.values)[0]
    return platform or 0, provider or 0


def spend_column(basis: SpendBasis) -> str:
    """What of a charge `c` is spend, in SQL."""
    return "c.platform_nanos + c.provider_nanos" if basis is SpendBasis.TOTAL else "c.platform_nanos"


def daily(
    reader: "Connection | Reader", members: Sequence[int], windows: Sequence[Window], basis: SpendBasis
) -> dict[int, list[int]]:
    """What each member spent within each of the windows, in nanos; as scalar subqueries, each a short range."""
    amount = spend_column(basis)
    spans = ",".join(f"({i},{to_us(each.start)},{to_us(each.end)})" for i, each in enumerate(windows))
    sql = f"""
WITH span (i, low, high) AS (VALUES {spans})
SELECT j.value, s.i, (SELECT coalesce(sum({amount}), 0) FROM charge c
  WHERE c.member = j.value AND c.booked_at >= s.low AND c.booked_at < s.high)
FROM json_each(?) j CROSS JOIN span s"""  # noqa: S608 - numbers, and one of two sums
    found = {member: [0] * len(windows) for member in members}
    if windows:
        for member, place, nanos in plain_rows(reader, sql, (json.dumps(list(members)),)):
            found[member][place] = nanos
    return found


def first_charges(reader: Reader, members: Sequence[int]) -> dict[int, datetime]:
    """When the first charge of each member was booked, of those who have any."""
    sql = """
SELECT j.value, (SELECT min(c.booked_at) FROM charge c WHERE c.member = j.value) FROM json_each(:members) j"""
    rows = reader.rows(sql, {"members": json.dumps(list(members))})
    return {member: from_us(at) for member, at in rows if at is not None}


def team_daily(reader: Reader, windows: Sequence[Window], basis: SpendBasis) -> list[int]:
    """What the team spent within each of the windows, whose ends are quarters of an hour, in nanos."""
    return [basis.spend(*quarter_hour_totals.between(reader, to_us(each.start), to_us(each.end))) for each in windows]


def groups(reader: Reader, selection: Selection, by: Sequence[str], zone: tzinfo) -> list[Group]:
    """A selection in groups, in no particular order; groups without a task are left out.

    Args:
        reader: the ledger.
        selection: what is asked about.
        by: one or two groupings; days, weeks and months are those of the zone.
        zone: whose local dates count.
    """
    labels = _Labels(reader, selection, by, zone)
    if any(name in COUNTED_GROUPINGS for name in by):
        return _counted(reader, selection, by, labels)
    found: dict[tuple[Any, ...], Group] = {}
    where = conditions_of(reader, selection)
    for *key, platform, provider, tasks in _charge_groups(reader, where, by, labels):
        group = found.setdefault(tuple(key), Group(()))
        group.platform_nanos, group.provider_nanos, group.tasks = platform, provider, tasks
    for *key, tasks in _uncosted_groups(reader, where, by, labels):
        group = found.setdefault(tuple(key), Group(()))
        group.tasks += tasks
        group.without_cost += tasks
    for parts, group in found.items():
        group.key = labels.of(parts)
    return _merged(found.values())


def _merged(found: Iterable[Group]) -> list[Group]:
    """Groups whose labels turned out equal are one."""
    result: dict[tuple[str, ...], Group] = {}
    for each in found:
        kept = result.setdefault(each.key, each)
        if kept is not each:
            kept.platform_nanos += each.platform_nanos
            kept.provider_nanos += each.provider_nanos
            kept.tasks += each.tasks
            kept.without_cost += each.without_cost
    return list(result.values())


class _Labels:
    """What the keys of SQL groups mean to people: members' e-mails and the calendar's names."""

    def __init__(self, reader: Reader, selection: Selection, by: Sequence[str], zone: tzinfo) -> None:
        self._by = by
        self._emails = emails_by_id(reader) if "member" in by else {}
        unit = next((Unit(name) for name in by if name in TIME_GROUPINGS), None)
        self.buckets: list[Bucket] = (
            [] if unit is None else list(buckets(unit, _with_data(reader, selection.window), zone))
        )

    def of(self, key: Sequence[Any]) -> tuple[str, ...]:
        return tuple(self._label(name, part) for name, part in zip(self._by, key, strict=True))

    def _label(self, name: str, part: Any) -> str:  # noqa: ANN401 - SQL's value
        if name == "member":
            return self._emails[part]
        if name in TIME_GROUPINGS:
            return self.buckets[int(part)].label
        return str(part)

    @property
    def table(self) -> str:
        """The calendar's parts as a common table: one pass over each part's stretch of the index."""
        rows = (f"({i},{to_us(b.window.start)},{to_us(b.window.end)})" for i, b in enumerate(self.buckets))
        return f"WITH bucket (i, low, high) AS (VALUES {','.join(rows) or '(0,0,0)'})"


def _with_data(reader: Reader, window: Window) -> Window:
    """The part of a window that holds anything, so that `to:` alone does not make a bucket of every day since 2000."""
    # one look at each end of an index; asked for both at once, SQLite reads the whole of it
    row = reader.rows(
        "SELECT (SELECT min(booked_at) FROM charge), (SELECT max(booked_at) FROM charge),"
        " (SELECT min(created_at) FROM task), (SELECT max(created_at) FROM task)"
    )[0]
    moments = [moment for moment in row if moment is not None]
    if not moments:
        return Window(window.start, window.start)
    start = max(window.start, from_us(min(moments)))
    return Window(start, max(start, min(window.end, from_us(max(moments) + 1))))


def _charge_groups(reader: Reader, where: Conditions, by: Sequence[str], labels: _Labels) -> list[tuple[Any, ...]]:
    columns = {"member": "c.member", "model": "t.model", "status": "t.status"}
    keys = ", ".join(columns.get(name, "b.i") for name in by)
    join = where.join_task if {"model", "status"} & set(by) else where.joined_task
    # the parts make up the window, and SQLite must look for each by its own ends alone, not scan the whole for each
    timed = any(name in TIME_GROUPINGS for name in by)
    with_buckets, source = (labels.table, "bucket b CROSS JOIN charge c") if timed else ("", "charge c")
    conditions = where.charges(("b.low", "b.high") if timed else None)
    sql = f"""{with_buckets}
SELECT {keys}, sum(c.platform_nanos), sum(c.provider_nanos), count(DISTINCT c.task)
FROM {source} {join} WHERE {conditions} GROUP BY {keys}"""  # noqa: S608 - values are bound
    return reader.rows(sql, where.values)


def _uncosted_groups(reader: Reader, where: Conditions, by: Sequence[str], labels: _Labels) -> list[tuple[Any, ...]]:
    columns = {"member": "t.member", "model": "t.model", "status": "t.status"}
    keys = ", ".join(columns.get(name, "b.i") for name in by)
    timed = any(name in TIME_GROUPINGS for name in by)
    tasks = where.scope.tasks
    with_buckets, source = (labels.table, f"bucket b CROSS JOIN {tasks} t") if timed else ("", f"{tasks} t")
    conditions = where.without_cost(("b.low", "b.high") if timed else None)
    sql = f"{with_buckets} SELECT {keys}, count(*) FROM {source} WHERE {conditions} GROUP BY {keys}"  # noqa: S608 - values are bound
    return reader.rows(sql, where.values)


def _counted(reader: Reader, selection: Selection, by: Sequence[str], labels: _Labels) -> list[Group]:
    """Calls and time by tool, or triggers by agent: of the tasks in the window, as they are now."""
    kind = next(name for name in by if name in COUNTED_GROUPINGS)
    calls, time = (
        ("json_extract(j.value, '$.calls')", "json_extract(j.value, '$.total_duration_ms')")
        if kind == "tool"
        else ("j.value", "0")
    )
    columns = {"member": "t.member", "model": "t.model", "status": "t.status", kind: "j.key"}
    keys = ", ".join(columns[name] for name in by)
    where = conditions_of(reader, selection)
    sql = f"""{_tasks_inside(where)}
SELECT {keys}, sum({calls}), sum({time}), count(DISTINCT t.id)
FROM inside i JOIN {where.scope.tasks} t ON t.id = i.task JOIN task_detail d ON d.task = t.id
JOIN json_each(d.{kind}s) j WHERE {where.scope.owns("t")}
GROUP BY {keys}"""  # noqa: S608 - values are bound
    return [
        Group(labels.of(key), tasks=tasks, calls=called, time_ms=spent)
        for *key, called, spent, tasks in reader.rows(sql, where.values)
    ]


def _tasks_inside(where: Conditions) -> str:
    return f"""
WITH inside (task) AS (
  SELECT c.task FROM charge c {where.joined_task} WHERE {where.charges()}
  UNION SELECT t.id FROM {where.scope.tasks} t WHERE {where.without_cost()})"""  # noqa: S608 - values are bound


def task_rows(
    reader: Reader, selection: Selection, basis: SpendBasis, top: int | None, *, by_name: bool
) -> list[TaskRow]:
    """The tasks of a selection with what of them lies in the window, dearest first (or by id).

    One that has become somebody else's since has no title, and is of the day of its first charge.
    """
    amount = "platform + provider" if basis is SpendBasis.TOTAL else "platform"
    where = conditions_of(reader, selection)
    order = "t.task_id" if by_name else f"coalesce({amount}, -1) DESC, t.task_id"
    tasks, owned = where.scope.tasks, where.scope.owns("t")
    # which of many that cost the same are left out is told by their ids; of everybody's, by what is quicker
    joined = by_name or where.scope.member is not None
    sql = f"""
WITH inside (task, platform, provider, booked) AS (
  SELECT c.task, sum(c.platform_nanos), sum(c.provider_nanos), min(c.booked_at) FROM charge c {where.joined_task}
  WHERE {where.charges()} GROUP BY c.task
  UNION ALL SELECT t.id, NULL, NULL, NULL FROM {tasks} t WHERE {where.without_cost()})
SELECT t.task_id, iif({owned}, t.created_at, i.booked), m.email, t.model, t.status, iif({owned}, d.title, NULL),
  i.platform, i.provider
FROM (SELECT i.* FROM inside i {"JOIN task t ON t.id = i.task" if joined else ""}
      ORDER BY {order if joined else order.replace("t.task_id", "i.task")} LIMIT :most) i
JOIN {tasks} t ON t.id = i.task JOIN member m ON m.id = {where.scope.holder("t")} JOIN task_detail d ON d.task = t.id
ORDER BY {order}"""  # noqa: S608 - values are bound
    values = where.values | {"most": -1 if top is None else top}
    return [
        TaskRow(task_id, from_us(created), shown_email(email), model, status, title, platform, provider)
        for task_id, created, email, model, status, title, platform, provider in reader.rows(sql, values)
    ]
