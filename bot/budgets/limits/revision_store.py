"""The store of budget revisions: every limit that was ever set, and which one each budget points to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.budgets.limits.store import StoredBudget, stored_budget
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us


@dataclass(frozen=True, slots=True)
class LimitSetting:
    """A limit to be set: `nanos` None removes it; `by` is a Slack id, or `terminal`."""

    scope: int
    unit: Unit
    nanos: int | None
    by: str
    reason: str | None = None
    ends_at: datetime | None = None


_APPEND = """
INSERT INTO budget_revision (budget, limit_nanos, ends_at, before_nanos, set_at, set_by, reason)
VALUES (?,?,?,?,?,?,?)
"""


def append_revision(connection: Connection, setting: LimitSetting, now: datetime) -> int:
    """Append a limit as its budget's newest revision, and put it in force. Returns the revision's id."""
    before = stored_budget(connection, setting.scope, setting.unit)
    budget = _insert_budget(connection, setting) if before is None else before.id
    present = None if before is None else before.limit_nanos
    ends_at = optional_to_us(setting.ends_at)
    values = (budget, setting.nanos, ends_at, present, to_us(now), setting.by, setting.reason)
    revision = int(connection.exec_driver_sql(_APPEND, values).lastrowid)
    _point_to(connection, budget, (revision, setting.nanos, ends_at))
    return revision


def _insert_budget(connection: Connection, setting: LimitSetting) -> int:
    sql = "INSERT INTO budget (scope, unit, revision) VALUES (?,?,0)"
    return int(connection.exec_driver_sql(sql, (setting.scope, setting.unit)).lastrowid)


def restore_limit(connection: Connection, budget: StoredBudget, now: datetime) -> int:
    """Put a budget's newest revision that has not ended in force, such as the one before a temporary limit.

    Returns:
        The id of the revision that is in force now.
    """
    revision, nanos, ends_at = _newest(connection, budget.id, now) or (budget.revision, None, None)
    _point_to(connection, budget.id, (revision, nanos, ends_at))
    return int(revision)


def _point_to(connection: Connection, budget: int, revision: tuple[int, int | None, int | None]) -> None:
    """Put a revision (its id, limit and end) in force."""
    connection.exec_driver_sql(
        "UPDATE budget SET revision = ?, limit_nanos = ?, ends_at = ? WHERE id = ?", (*revision, budget)
    )


def following_limit(connection: Connection, budget: StoredBudget) -> int | None:
    """Return the limit in nanos that follows a temporary one; None if there will be none."""
    following = None if budget.ends_at is None else _newest(connection, budget.id, budget.ends_at)
    return None if following is None else following[1]


def _newest(connection: Connection, budget: int, now: datetime) -> Sequence[Any] | None:
    """Return id, limit and end of a budget's newest revision that has not ended."""
    return connection.exec_driver_sql(
        "SELECT id, limit_nanos, ends_at FROM budget_revision WHERE budget = ? AND (ends_at IS NULL OR ends_at > ?)"
        " ORDER BY id DESC LIMIT 1",
        (budget, to_us(now)),
    ).first()


_CHANGED = """
SELECT 1 FROM budget_revision WHERE budget = (SELECT budget FROM budget_revision WHERE id = ?)
AND (set_at >= ? OR (ends_at > ? AND ends_at <= ?))
"""


def is_changed_since(connection: Connection, revision: int, moment: datetime, now: datetime) -> bool:
    """Return whether the budget of a revision was set since a moment, or a temporary limit of it has ended."""
    values = (revision, to_us(moment), to_us(moment), to_us(now))
    return connection.exec_driver_sql(_CHANGED, values).first() is not None


# --- who set it ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did about a budget; `by` is a Slack id, or `terminal`."""

    by: str
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LimitRevision:
    """A limit that was set: the new one, the one before, and who set it."""

    nanos: int | None
    before_nanos: int | None
    scope: int
    act: Act
    ends_at: datetime | None


_REVISION = """
SELECT r.limit_nanos, r.before_nanos, b.scope, r.set_by, r.set_at, r.reason, r.ends_at
FROM budget_revision r JOIN budget b ON b.id = r.budget WHERE r.id = ?
"""


def limit_revision(connection: Connection, revision: int) -> LimitRevision | None:
    """Return a revision, None if there is none of that id."""
    row = connection.exec_driver_sql(_REVISION, (revision,)).first()
    if row is None:
        return None
    nanos, before, scope, by, at, reason, ends_at = row
    return LimitRevision(nanos, before, scope, Act(by, from_us(at), reason), optional_from_us(ends_at))


# --- joined members ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastingRevision:
    """A revision that is in force, or will be once those above it have ended."""

    id: int
    nanos: int | None
    ends_at: datetime | None
    reason: str | None


_LASTING = """
SELECT id, limit_nanos, ends_at, reason FROM budget_revision WHERE budget = :budget
AND (ends_at IS NULL OR ends_at > :now)
AND id >= (SELECT coalesce(max(id), 0) FROM budget_revision WHERE budget = :budget AND ends_at IS NULL)
ORDER BY id
"""


def lasting_revisions(connection: Connection, budget: int, now: datetime) -> list[LastingRevision]:
    """Return a budget's permanent limit, if there is one, and the temporary ones that were set over it."""
    rows = connection.exec_driver_sql(_LASTING, {"budget": budget, "now": to_us(now)}).all()
    return [LastingRevision(key, nanos, optional_from_us(ends_at), reason) for key, nanos, ends_at, reason in rows]


_SIGNATURE = """
SELECT (SELECT coalesce(max(id), 0) FROM budget_revision),
  (SELECT coalesce(sum(ends_at), 0) FROM budget WHERE ends_at IS NOT NULL)
"""


def budget_signature(connection: Connection) -> tuple[int, ...]:
    """Return numbers of which one differs after any limit was set, changed or removed. Cheap at any age."""
    return tuple(connection.exec_driver_sql(_SIGNATURE).all()[0])
