"""The store of limits: the budgets as they stand, and the limit that holds for each case."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.budgets.periods import UNITS, BudgetPeriod, Case, subjects_by_period
from bot.budgets.rules import DEFAULT, TEAM, BudgetLimit
from bot.domain.periods import Unit
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.members import unattributed_id


def limits(connection: Connection, cases: Collection[Case], now: datetime) -> dict[Case, BudgetLimit]:
    """Return the limit of each case that has one: in force now or, for a period that has ended, at its end."""
    limits_by_case: dict[Case, BudgetLimit] = {}
    nobody = unattributed_id(connection)
    for period, subjects in subjects_by_period(cases).items():
        by_scope = (_present_limits if now < period.window.end else _final_limits)(
            connection, period, {*subjects, DEFAULT}
        )
        for subject in subjects:
            limit = by_scope.get(subject)
            if limit is None and subject not in {TEAM, nobody}:
                limit = by_scope.get(DEFAULT)
            if limit is not None:
                limits_by_case[subject, period] = limit
    return limits_by_case


_PRESENT_LIMITS = """
SELECT b.scope, b.revision, b.limit_nanos, b.ends_at FROM json_each(?) j
CROSS JOIN budget b ON b.scope = j.value AND b.unit = ? WHERE b.limit_nanos IS NOT NULL
"""


def _present_limits(connection: Connection, period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    rows = connection.exec_driver_sql(_PRESENT_LIMITS, (json.dumps(list(scopes)), period.unit)).all()
    return {row[0]: _limit(row) for row in rows}


_FINAL_LIMITS = """
SELECT b.scope, r.id, r.limit_nanos, r.ends_at FROM json_each(?) j
CROSS JOIN budget b ON b.scope = j.value AND b.unit = ?
JOIN budget_revision r ON r.id = (
  SELECT max(e.id) FROM budget_revision e
  WHERE e.budget = b.id AND e.set_at < ? AND (e.ends_at IS NULL OR e.ends_at >= ?)
)
WHERE r.limit_nanos IS NOT NULL
"""


def _final_limits(connection: Connection, period: BudgetPeriod, scopes: Collection[int]) -> dict[int, BudgetLimit]:
    end = to_us(period.window.end)
    rows = connection.exec_driver_sql(_FINAL_LIMITS, (json.dumps(list(scopes)), period.unit, end, end))
    return {row[0]: _limit(row) for row in rows.all()}


def _limit(row: Sequence[Any]) -> BudgetLimit:
    scope, revision, nanos, ends_at = row
    return BudgetLimit(revision, nanos, scope, optional_from_us(ends_at))


_LIMITED_UNITS = """
SELECT j.value FROM json_each(?) j
WHERE EXISTS (SELECT 1 FROM budget WHERE unit = j.value AND limit_nanos IS NOT NULL)
"""


def limited_units(connection: Connection) -> set[Unit]:
    """Return the units for which there is any limit."""
    return {Unit(unit) for (unit,) in connection.exec_driver_sql(_LIMITED_UNITS, (json.dumps(UNITS),)).all()}


def limited_members(connection: Connection, unit: Unit) -> list[int]:
    """Return the members with a limit of their own for a unit."""
    sql = "SELECT scope FROM budget WHERE unit = ? AND scope > 0 AND limit_nanos IS NOT NULL"
    return [scope for (scope,) in connection.exec_driver_sql(sql, (unit,)).all()]


# --- budgets as they stand -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredBudget:
    """A budget as it stands; `limit_nanos` is None if it was removed."""

    id: int
    scope: int
    unit: Unit
    revision: int
    limit_nanos: int | None
    ends_at: datetime | None


_BUDGETS = "SELECT id, scope, unit, revision, limit_nanos, ends_at FROM budget"
_BUDGET = f"{_BUDGETS} WHERE scope = ? AND unit = ?"
_EXPIRED = f"{_BUDGETS} WHERE ends_at <= ?"
_OUTDATED = """
SELECT id, scope, unit, revision, limit_nanos, ends_at FROM budget WHERE revision < (
  SELECT max(r.id) FROM budget_revision r WHERE r.budget = budget.id AND (r.ends_at IS NULL OR r.ends_at > ?))
"""


def stored_budget(connection: Connection, scope: int, unit: Unit) -> StoredBudget | None:
    """Return the budget of a scope and unit, None if there never was one."""
    row = connection.exec_driver_sql(_BUDGET, (scope, unit)).first()
    return _stored(row) if row else None


def budget_in_force(connection: Connection, scope: int, unit: Unit) -> StoredBudget | None:
    """Return the budget of a scope and unit, None if there is no limit now."""
    budget = stored_budget(connection, scope, unit)
    return None if budget is None or budget.limit_nanos is None else budget


def expired_budgets(connection: Connection, now: datetime) -> list[StoredBudget]:
    """Return the budgets whose temporary limit is over."""
    return [_stored(row) for row in connection.exec_driver_sql(_EXPIRED, (to_us(now),)).all()]


def outdated_budgets(connection: Connection, now: datetime) -> list[StoredBudget]:
    """Return the budgets whose newest limit that has not ended is not in force: a clock that ran ahead had ended it."""
    return [_stored(row) for row in connection.exec_driver_sql(_OUTDATED, (to_us(now),)).all()]


def _stored(row: Sequence[Any]) -> StoredBudget:
    key, scope, unit, revision, nanos, ends_at = row
    return StoredBudget(key, scope, Unit(unit), revision, nanos, optional_from_us(ends_at))


def move_budgets(connection: Connection, old: int, new: int) -> None:
    """Move the budgets of scope `old` to `new`, except for units that `new` has a budget for."""
    connection.exec_driver_sql("UPDATE OR IGNORE budget SET scope = ? WHERE scope = ?", (new, old))
