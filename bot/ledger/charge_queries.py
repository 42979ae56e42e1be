"""Queries of charges: of all, of those in a window, and of those of a range of ids."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Window
from bot.domain.pricing import SpendBasis
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.expressions import nanos_of, one_of, sum_of, unindexed
from bot.ledger.narrowed_tasks import NarrowingForm, values_of
from bot.ledger.quarter_hour_totals import QUARTER_US
from bot.ledger.rules import EntryKind
from bot.ledger.scope import TRANSFERRED
from bot.ledger.tables import charge, task, task_detail

Rows = Select[*tuple[Any, ...]]


def _booked_within(booked_at: ColumnElement[Any]) -> ColumnElement[bool]:
    return (booked_at >= bindparam("low")) & (booked_at < bindparam("high"))


_IN_WINDOW = _booked_within(charge.c.booked_at)
_PLATFORM, _PROVIDER = sum_of(charge.c.platform_nanos), sum_of(charge.c.provider_nanos)

_NEWEST = select(func.coalesce(func.max(charge.c.id), 0))
# duplicates go in Python: with DISTINCT, SQLite reads the whole index by member
_MEMBERS_AFTER = select(charge.c.member).where(charge.c.id > bindparam("after"))
_MEMBERS_WITHIN = (
    select(charge.c.member)
    .where(_IN_WINDOW)
    .group_by(charge.c.member)
    .order_by(func.min(charge.c.booked_at), charge.c.member)
)
_OF_MEMBERS = charge.c.member.in_(bindparam("members", expanding=True))
_BY_MEMBER = {
    basis: SetStatement(
        select(charge.c.member, sum_of(nanos_of(charge, basis)))
        .where(_OF_MEMBERS, _IN_WINDOW)
        .group_by(charge.c.member),
        "members",
    )
    for basis in SpendBasis
}


@cache
def _all_by_member(form: NarrowingForm) -> Select[int, int, int]:
    counted = select(charge.c.member, _PLATFORM, _PROVIDER).where(_IN_WINDOW, *form.charge_conditions())
    return counted.group_by(charge.c.member)


@cache
def _narrowed_by_member(basis: SpendBasis, form: NarrowingForm) -> Select[int, int]:
    of_members = one_of(charge.c.member, "members")
    return (
        select(charge.c.member, sum_of(nanos_of(charge, basis)))
        .where(of_members, _IN_WINDOW, *form.charge_conditions())
        .group_by(charge.c.member)
    )


def newest_charge(connection: Connection) -> int:
    """Return the id of the newest charge; 0 if there is none."""
    return int(connection.execute(_NEWEST).scalar_one())


def members_charged_after(connection: Connection, charge: int) -> set[int]:
    """Return the ids of the members with charges whose ids follow `charge`."""
    return {member for (member,) in connection.execute(_MEMBERS_AFTER, {"after": charge}).all()}


def members_charged_within(connection: Connection, window: Window) -> list[int]:
    """Return the ids of the members with charges in a window, in the order of their first ones."""
    return [member for (member,) in connection.execute(_MEMBERS_WITHIN, _ends(window)).all()]


def spend_by_member(
    connection: Connection,
    members: Iterable[int],
    window: Window,
    basis: SpendBasis,
    narrowing: TaskNarrowing = ALL_TASKS,
) -> dict[int, int]:
    """Return what each of the members spent in a window on these tasks, as they are now, in nanos."""
    spend = dict.fromkeys(members, 0)
    if narrowing:
        statement = _narrowed_by_member(basis, NarrowingForm.of(narrowing))
        values = {"members": list(spend), **_ends(window), **values_of(narrowing)}
        for member, nanos in connection.execute(statement, values).all():
            spend[member] = nanos
        return spend
    for part in chunks(spend):
        for member, nanos in _BY_MEMBER[basis].execute(connection, part, **_ends(window)).all():
            spend[member] = nanos
    return spend


def spend_of_all_members(
    connection: Connection, window: Window, basis: SpendBasis, narrowing: TaskNarrowing = ALL_TASKS
) -> dict[int, int]:
    """Return what each member with charges of these tasks in a window spent on them in it, in nanos."""
    values = {**_ends(window), **values_of(narrowing)}
    rows = connection.execute(_all_by_member(NarrowingForm.of(narrowing)), values).all()
    return {member: basis.spend(platform, provider) for member, platform, provider in rows}


def _ends(window: Window) -> dict[str, int]:
    return {"low": to_us(window.start), "high": to_us(window.end)}


class _OnRange:
    """A statement on a range of charges: of everybody or of a member, of all tasks or of some.

    `build` returns it with a condition on charges, and is told whether they are a member's.
    """

    def __init__(self, build: Callable[[ColumnElement[bool], bool], Rows]) -> None:
        self._build = build
        self._statements: dict[tuple[bool, NarrowingForm], Rows] = {}

    def statement(self, form: NarrowingForm, *, of_member: bool) -> Rows:
        """Return the statement, built once for each form."""
        if (of_member, form) not in self._statements:
            charges = _MEMBERS_RANGE if of_member else _IN_RANGE
            self._statements[of_member, form] = self._build(and_(charges, *form.charge_conditions()), of_member)
        return self._statements[of_member, form]


@dataclass(frozen=True, slots=True)
class ChargeRange:
    """The charges of a member (None: of everybody) booked in a window, with ids above `after` up to `upto`.

    Of tasks that the narrowing leaves out there are none.
    """

    window: Window
    member: int | None = None
    after: int = 0
    upto: int = 2**62  # above the id of any charge
    narrowing: TaskNarrowing = ALL_TASKS

    def rows(self, connection: Connection, on_range: _OnRange, **values: object) -> list[Row[*tuple[Any, ...]]]:
        """Return what a statement finds of the range."""
        chosen = on_range.statement(NarrowingForm.of(self.narrowing), of_member=self.member is not None)
        return list(connection.execute(chosen, self.values | values).all())

    @property
    def values(self) -> dict[str, object]:
        """The range as the named values of a statement."""
        ends = {**_ends(self.window), "after": self.after, "upto": self.upto}
        return {**ends, "of_member": self.member, **values_of(self.narrowing)}


@dataclass(frozen=True, slots=True)
class ChargeCount:
    """How many charges there are, and when the first and the last of them were booked."""

    charges: int
    first: datetime | None
    last: datetime | None


_AFTER, _UPTO = bindparam("after", type_=BigInteger), bindparam("upto", type_=BigInteger)  # `upto` may be above any id
_IN_RANGE = _IN_WINDOW & (charge.c.id > _AFTER) & (charge.c.id <= _UPTO)
_MEMBERS_RANGE = (charge.c.member == bindparam("of_member")) & _IN_RANGE


def _on_range(statement: Rows) -> _OnRange:
    return _OnRange(lambda condition, _: statement.where(condition))


_COUNT = _on_range(select(func.count(), func.min(charge.c.booked_at), func.max(charge.c.booked_at)))
_LAST = _on_range(select(charge.c.booked_at).order_by(charge.c.id.desc()).limit(1))
_SUMS = _on_range(select(func.coalesce(_PLATFORM, 0), func.coalesce(_PROVIDER, 0)))
_TASK_COUNT = _on_range(select(func.count(charge.c.task.distinct())))


def charge_count(connection: Connection, charges: ChargeRange) -> ChargeCount:
    """Return how many charges a range holds, and when the first and the last were booked."""
    count, *moments = charges.rows(connection, _COUNT)[0]
    return ChargeCount(count, *(optional_from_us(at) for at in moments))


def last_booking(connection: Connection, charges: ChargeRange) -> datetime | None:
    """Return when the newest charge of a range was booked; None for an empty range."""
    return next((from_us(at) for (at,) in charges.rows(connection, _LAST)), None)


def range_spend(connection: Connection, charges: ChargeRange, basis: SpendBasis) -> int:
    """Return what the charges of a range add up to, in nanos."""
    platform, provider = charges.rows(connection, _SUMS)[0]
    return basis.spend(platform, provider)


def charged_task_count(connection: Connection, charges: ChargeRange) -> int:
    """Return how many tasks the charges of a range are of."""
    return int(charges.rows(connection, _TASK_COUNT)[0][0])


@dataclass(frozen=True, slots=True)
class LateCharges:
    """What was booked within a quarter of an hour, which begins at `start`, in nanos."""

    start: datetime
    platform_nanos: int
    provider_nanos: int


_QUARTER = charge.c.booked_at // literal_column(str(QUARTER_US), BigInteger)
_OF_TASKS = SetStatement(
    select(*charge.c["task", "member", "booked_at", "platform_nanos", "provider_nanos"]).where(
        charge.c.task.in_(bindparam("tasks", expanding=True))
    ),
    "tasks",
)


@cache
def _members_narrowed_quarters(form: NarrowingForm) -> Select[int, int, int, int]:
    conditions = one_of(charge.c.member, "members"), _IN_WINDOW, *form.charge_conditions()
    return (
        select(charge.c.member, _QUARTER, _PLATFORM, _PROVIDER).where(*conditions).group_by(charge.c.member, _QUARTER)
    )


@cache
def _narrowed_quarters(form: NarrowingForm) -> Select[int, int, int]:
    counted = select(_QUARTER, _PLATFORM, _PROVIDER).where(_IN_WINDOW, *form.charge_conditions())
    return counted.group_by(_QUARTER)


class TaskCharge(NamedTuple):
    """A charge by the ids of its task and member: when it is booked (microseconds), and its amounts."""

    task: int
    member: int
    booked_at: int
    platform_nanos: int
    provider_nanos: int


def charges_of_tasks(connection: Connection, tasks: Collection[int]) -> list[TaskCharge]:
    """Return all that was ever charged for these tasks."""
    found = (_OF_TASKS.execute(connection, part).all() for part in chunks(tasks))
    return [TaskCharge(*row) for rows in found for row in rows]


def narrowed_quarters(
    connection: Connection, low: int, high: int, narrowing: TaskNarrowing
) -> list[tuple[int, int, int]]:
    """Return the start, platform and provider nanos of each quarter of an hour in `[low, high)` that holds charges.

    Only charges of tasks that count are summed.
    """
    values = {"low": low, "high": high, **values_of(narrowing)}
    rows = connection.execute(_narrowed_quarters(NarrowingForm.of(narrowing)), values).all()
    return [(quarter * QUARTER_US, platform, provider) for quarter, platform, provider in rows]


def members_narrowed_quarters(
    connection: Connection, members: Collection[int], low: int, high: int, narrowing: TaskNarrowing
) -> list[tuple[int, int, int, int]]:
    """Return the same of each of the members, whose id comes first."""
    values = {"members": members, "low": low, "high": high, **values_of(narrowing)}
    rows = connection.execute(_members_narrowed_quarters(NarrowingForm.of(narrowing)), values).all()
    return [(member, quarter * QUARTER_US, platform, provider) for member, quarter, platform, provider in rows]


_LATE = (
    select(_QUARTER, _PLATFORM, _PROVIDER)
    .where(
        charge.c.id > bindparam("after"),  # the index to go by: few charges follow, many precede it
        charge.c.observed_at > bindparam("observed_after"),
        _booked_within(unindexed(charge.c.booked_at)),
        charge.c.kind != EntryKind.REPRICED.value,
    )
    .group_by(_QUARTER)
    .order_by(_QUARTER)
)


def late_charges(connection: Connection, charges: ChargeRange, observed_after: int) -> list[LateCharges]:
    """Return what a range holds of charges observed after a moment (microseconds), by quarter of an hour, in order.

    Corrections after a change of the BYOK unit are left out.
    """
    rows = connection.execute(_LATE, charges.values | {"observed_after": observed_after}).all()
    return [LateCharges(from_us(quarter * QUARTER_US), platform, provider) for quarter, platform, provider in rows]


@dataclass(frozen=True, slots=True)
class TaskSpend:
    """What a range holds of one task, in nanos; a `transferred` one is another member's now, and has no title."""

    task_id: str
    title: str | None
    transferred: bool
    nanos: int


_NANOS = charge.c.platform_nanos + bindparam("with_provider", type_=Integer) * charge.c.provider_nanos
_BY_TASK = select(charge.c.task, sum_of(_NANOS).label("nanos")).group_by(charge.c.task)
_MOST = bindparam("most", type_=Integer)


def _dearest_tasks(by_task: Rows) -> Rows:
    dearest = by_task.order_by(literal_column("nanos").desc(), charge.c.task).limit(_MOST).subquery("s")
    joined = dearest.join(task, task.c.id == dearest.c.task).join(task_detail, task_detail.c.task == task.c.id)
    found = select(task.c.task_id, task_detail.c.title, task.c.member, dearest.c.nanos).select_from(joined)
    return found.where(dearest.c.nanos > 0).order_by(dearest.c.nanos.desc(), task.c.id)


def _dearest_models(by_task: Rows, model: ColumnElement[Any]) -> Rows:
    spent = by_task.subquery("s")
    modelled = (
        select(model.label("model"), spent.c.nanos).join_from(spent, task, task.c.id == spent.c.task).subquery("m")
    )
    nanos = sum_of(modelled.c.nanos)
    found = select(modelled.c.model, nanos.label("nanos")).group_by(modelled.c.model).having(nanos > 0)
    return found.order_by(nanos.desc(), modelled.c.model).limit(_MOST)


_MEMBERS_MODEL = case((task.c.member == bindparam("of_member"), task.c.model), else_=literal_column(f"'{TRANSFERRED}'"))
_TASKS = _OnRange(lambda condition, _: _dearest_tasks(_BY_TASK.where(condition)))
_MODELS = _OnRange(
    lambda condition, of_member: _dearest_models(
        _BY_TASK.where(condition), _MEMBERS_MODEL if of_member else task.c.model
    )
)


def dearest_tasks(connection: Connection, charges: ChargeRange, basis: SpendBasis, most: int) -> list[TaskSpend]:
    """Return the tasks of a range on which most was spent, the dearest first; only those with any spend."""
    found = []
    for task_id, title, member, nanos in charges.rows(connection, _TASKS, **_dearest(basis, most)):
        transferred = charges.member not in {None, member}
        found.append(TaskSpend(task_id, None if transferred else title, transferred, nanos))
    return found


def dearest_models(connection: Connection, charges: ChargeRange, basis: SpendBasis, most: int) -> list[tuple[str, int]]:
    """Return the models of a range on which most was spent, with their nanos, the dearest first.

    Tasks that were transferred to another member count under the model "moved".
    """
    return [(model, nanos) for model, nanos in charges.rows(connection, _MODELS, **_dearest(basis, most))]


def _dearest(basis: SpendBasis, most: int) -> dict[str, int]:
    return {"with_provider": int(basis is SpendBasis.TOTAL), "most": most}
