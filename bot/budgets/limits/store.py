"""The store of limits: the budgets as they stand, and the limit that holds for each case."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import compress
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Integer,
    Row,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from bot.budgets.periods import UNITS, BudgetPeriod, Case, subjects_by_period
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit
from bot.budgets.tables import budget, budget_revision
from bot.budgets.unique_keys import is_free
from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing, narrowing_of
from bot.domain.periods import Unit
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.members import nameless_ids

_NEW = bindparam("new", type_=Integer)
_OF_UNIT = (budget.c.unit == bindparam("unit")) & (budget.c.narrowing == bindparam("narrowing"))
_IS_LIMITED = budget.c.limit_nanos.is_not(None)
_STORED = select(
    *(budget.c[name] for name in ("id", "scope", "unit", "narrowing", "revision", "limit_nanos", "ends_at"))
)
_IN_FORCE = _STORED.where(_IS_LIMITED).order_by(budget.c.id)
_BUDGET = _STORED.where(budget.c.scope == bindparam("scope"), _OF_UNIT)
_EXPIRED = _STORED.where(budget.c.ends_at <= bindparam("now")).order_by(budget.c.ends_at, budget.c.id)

_OF_SCOPES = budget.c.scope.in_(bindparam("scopes", expanding=True))
_PRESENT_LIMITS = SetStatement(
    select(budget.c.scope, budget.c.revision, budget.c.limit_nanos, budget.c.ends_at).where(_OF_SCOPES, _OF_UNIT),
    "scopes",
)
_EARLIER = budget_revision.alias("earlier")
_FINAL_REVISION = (
    select(func.max(_EARLIER.c.id))
    .where(
        _EARLIER.c.budget == budget.c.id,
        _EARLIER.c.set_at < bindparam("end"),
        or_(_EARLIER.c.ends_at.is_(None), _EARLIER.c.ends_at >= bindparam("end")),
    )
    .scalar_subquery()
)
_FINAL_LIMITS = (
    select(
        budget.c.scope,
        budget_revision.c.id.label("revision"),
        budget_revision.c.limit_nanos,
        budget_revision.c.ends_at,
    )
    .join_from(budget, budget_revision, budget_revision.c.id == _FINAL_REVISION)
    .where(_OF_SCOPES, _OF_UNIT, budget_revision.c.limit_nanos.is_not(None))
)
_KIND_OF_SCOPE = case(
    (budget.c.scope == literal_column(str(TEAM)), literal_column("'team'", Text)),
    (budget.c.scope == literal_column(str(DEFAULT)), literal_column("'default'", Text)),
    else_=literal_column("'member'", Text),
)
_COUNTS_ALL = budget.c.narrowing == ""
# as in the condition of the index of narrowed budgets
_IS_NARROWED = budget.c.narrowing != literal_column("''", Text)
_LIMITED_UNITS = select(
    *(exists().where(budget.c.unit == unit, _COUNTS_ALL, _IS_LIMITED).label(unit) for unit in UNITS)
)
_NARROWED_UNITS = select(budget.c.unit, budget.c.narrowing).distinct().where(_IS_NARROWED)
_ANY_NARROWED = select(budget.c.id).where(_IS_NARROWED).limit(1)
_NARROWED = SetStatement(_STORED.where(_OF_SCOPES, _IS_NARROWED).order_by(budget.c.id), "scopes")
_LIMITED_MEMBERS = select(budget.c.scope).where(_OF_UNIT, budget.c.scope > 0, _IS_LIMITED)
_NEWEST_REVISION = (
    select(func.max(budget_revision.c.id))
    .where(
        budget_revision.c.budget == budget.c.id,
        or_(budget_revision.c.ends_at.is_(None), budget_revision.c.ends_at > bindparam("now")),
    )
    .scalar_subquery()
)
_OUTDATED = _STORED.where(budget.c.revision < _NEWEST_REVISION).order_by(budget.c.id)
_MOVE = update(budget).values(scope=_NEW).where(budget.c.scope == bindparam("old"), is_free(budget, scope=_NEW))


def limits(connection: Connection, cases: Collection[Case], now: datetime) -> dict[Case, BudgetLimit]:
    """Return the limit of each case that has one: in force now or, for a period that has ended, at its end."""
    limits_by_case: dict[Case, BudgetLimit] = {}
    nameless = nameless_ids(connection)
    for period, subjects in subjects_by_period(cases):
        limits_of = _present_limits if now < period.window.end else _final_limits
        by_scope = limits_of(connection, period, [*subjects, DEFAULT])
        for subject in subjects:
            limit = by_scope.get(subject)
            if limit is None and subject != TEAM and subject not in nameless:
                limit = by_scope.get(DEFAULT)
            if limit is not None:
                limits_by_case[subject, period] = limit
    return limits_by_case


# limits that were removed are left out here: the index of those that were not would have SQLite read all of a unit
def _present_limits(connection: Connection, period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    of_unit = {"unit": period.unit, "narrowing": str(period.narrowing)}
    return _by_scope(_PRESENT_LIMITS.execute(connection, scopes, **of_unit).all())


def _final_limits(connection: Connection, period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    of_unit = {"unit": period.unit, "narrowing": str(period.narrowing)}
    values = {"scopes": scopes, "end": to_us(period.window.end), **of_unit}
    return _by_scope(connection.execute(_FINAL_LIMITS, values).all())


def _by_scope(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[int, BudgetLimit]:
    return {
        scope: BudgetLimit(revision, nanos, scope, optional_from_us(ends_at))
        for scope, revision, nanos, ends_at in rows
        if nanos is not None  # unpacked, as they may be many: by name they take twice as long
    }


def limited_units(connection: Connection) -> list[Unit]:
    """Return the units for which there is any limit on all tasks, in the order of UNITS."""
    return list(compress(UNITS, connection.execute(_LIMITED_UNITS).one()))


def narrowed_units(connection: Connection) -> list[tuple[Unit, TaskNarrowing]]:
    """Return the units and narrowings for which there is a budget that counts only some tasks, or ever was."""
    found = {(unit, text) for unit, text in connection.execute(_NARROWED_UNITS).all()}
    return [(Unit(unit), narrowing_of(text)) for unit, text in sorted(found)]


def narrowings_of(connection: Connection, unit: Unit) -> list[TaskNarrowing]:
    """Return what budgets of a unit count, or ever did: all tasks first, then the narrowings."""
    return [ALL_TASKS, *(narrowing for of_unit, narrowing in narrowed_units(connection) if of_unit is unit)]


def limited_kinds(connection: Connection) -> list[tuple[Unit, TaskNarrowing]]:
    """Return the units for which there is any limit on all tasks, and those of `narrowed_units`."""
    return [*((unit, ALL_TASKS) for unit in limited_units(connection)), *narrowed_units(connection)]


def has_narrowed_budgets(connection: Connection) -> bool:
    """Return whether any budget counts only some tasks, or ever did. Cheap at any size."""
    return connection.execute(_ANY_NARROWED).first() is not None


def narrowed_budgets(connection: Connection, scopes: Collection[int]) -> list["StoredBudget"]:
    """Return the budgets of these scopes that count only some tasks, also those that were removed."""
    found = (_NARROWED.execute(connection, part).all() for part in chunks(scopes))
    return [_stored(row) for rows in found for row in rows]


def limited_members(connection: Connection, unit: Unit, narrowing: TaskNarrowing = ALL_TASKS) -> list[int]:
    """Return the members with a limit of their own for a unit, on these tasks."""
    return list(connection.execute(_LIMITED_MEMBERS, {"unit": unit, "narrowing": str(narrowing)}).scalars())


_LIMIT_COUNTS = (
    select(budget.c.unit, _KIND_OF_SCOPE.label("scope"), func.count()).where(_IS_LIMITED).group_by(text("1, 2"))
)


def limit_counts(connection: Connection) -> dict[tuple[Unit, str], int]:
    """Return how many limits are in force, by unit and by whose they are: `team`, `default` or `member`."""
    rows = connection.execute(_LIMIT_COUNTS).all()
    return {(Unit(unit), scope): number for unit, scope, number in rows}


# --- budgets as they stand -----------------------------------------------------------------------


class BudgetIdentity(NamedTuple):
    """What there is one budget for: a scope, the unit of its periods, and the tasks that it counts."""

    scope: int
    unit: Unit
    narrowing: TaskNarrowing = ALL_TASKS


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """A budget as it stands; `limit_nanos` is None if it was removed."""

    id: int
    scope: int
    unit: Unit
    narrowing: TaskNarrowing
    revision: int
    limit_nanos: int | None
    ends_at: datetime | None

    @property
    def identity(self) -> BudgetIdentity:
        """Its scope, unit and narrowing."""
        return BudgetIdentity(self.scope, self.unit, self.narrowing)


def stored_budget(connection: Connection, identity: BudgetIdentity) -> StoredBudget | None:
    """Return a budget, None if there never was one."""
    scope, unit, narrowing = identity
    row = connection.execute(_BUDGET, {"scope": scope, "unit": unit, "narrowing": str(narrowing)}).first()
    return _stored(row) if row else None


def budget_in_force(connection: Connection, identity: BudgetIdentity) -> StoredBudget | None:
    """Return a budget, None if there is no limit now."""
    stored = stored_budget(connection, identity)
    return None if stored is None or stored.limit_nanos is None else stored


def budgets_in_force(connection: Connection) -> list[StoredBudget]:
    """Return the budgets that have a limit, the oldest first."""
    return [_stored(row) for row in connection.execute(_IN_FORCE)]


def expired_budgets(connection: Connection, now: datetime) -> list[StoredBudget]:
    """Return the budgets whose temporary limit is over."""
    return [_stored(row) for row in connection.execute(_EXPIRED, {"now": to_us(now)})]


def outdated_budgets(connection: Connection, now: datetime) -> list[StoredBudget]:
    """Return the budgets whose newest limit that has not ended is not in force: a clock that ran ahead had ended it."""
    return [_stored(row) for row in connection.execute(_OUTDATED, {"now": to_us(now)})]


def _stored(row: Row[*tuple[Any, ...]]) -> StoredBudget:
    id_, scope, unit, narrowing, revision, nanos, ends_at = row  # by name it takes twice as long
    return StoredBudget(id_, scope, Unit(unit), narrowing_of(narrowing), revision, nanos, optional_from_us(ends_at))


def move_budgets(connection: Connection, old: int, new: int) -> None:
    """Move the budgets of scope `old` to `new`, except for those that `new` has one of the kind of."""
    connection.execute(_MOVE, {"old": old, "new": new})
