"""The store of budget revisions: every limit that was ever set, and which one each budget points to."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, Row, and_, bindparam, cast, func, insert, or_, select, update

from bot.budgets.limits.store import BudgetIdentity, StoredBudget, stored_budget
from bot.budgets.tables import budget, budget_revision
from bot.domain.narrowing import ALL_TASKS, TaskNarrowing
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us

_INSERT_BUDGET = insert(budget).returning(budget.c.id)
_APPEND = insert(budget_revision).returning(budget_revision.c.id)
_POINT_TO = update(budget).where(budget.c.id == bindparam("which"))

_OF_BUDGET = budget_revision.c.budget == bindparam("budget")
_IS_LASTING = or_(budget_revision.c.ends_at.is_(None), budget_revision.c.ends_at > bindparam("now"))
_NEWEST = (
    select(budget_revision.c.id, budget_revision.c.limit_nanos, budget_revision.c.ends_at)
    .where(_OF_BUDGET, _IS_LASTING)
    .order_by(budget_revision.c.id.desc())
    .limit(1)
)
_BY_ID = budget_revision.c.id == bindparam("revision")
_REVISION = (
    select(
        budget.c.scope,
        *(budget_revision.c[name] for name in ("limit_nanos", "before_nanos", "set_by", "set_at", "reason", "ends_at")),
    )
    .join_from(budget_revision, budget, budget.c.id == budget_revision.c.budget)
    .where(_BY_ID)
)
_SAME = budget_revision.alias("same")
_CHANGED = select(_SAME.c.id).where(
    _SAME.c.budget == select(budget_revision.c.budget).where(_BY_ID).scalar_subquery(),
    or_(
        _SAME.c.set_at >= bindparam("moment"),
        and_(_SAME.c.ends_at > bindparam("moment"), _SAME.c.ends_at <= bindparam("now")),
    ),
)
_PERMANENT = (
    select(func.coalesce(func.max(budget_revision.c.id), 0))
    .where(_OF_BUDGET, budget_revision.c.ends_at.is_(None))
    .scalar_subquery()
)
_LASTING = (
    select(budget_revision.c.id, budget_revision.c.limit_nanos, budget_revision.c.ends_at, budget_revision.c.reason)
    .where(_OF_BUDGET, _IS_LASTING, budget_revision.c.id >= _PERMANENT)
    .order_by(budget_revision.c.id)
)
_ENDS = select(cast(func.coalesce(func.sum(budget.c.ends_at), 0), BigInteger)).where(budget.c.ends_at.is_not(None))
_SIGNATURE = select(select(func.coalesce(func.max(budget_revision.c.id), 0)).scalar_subquery(), _ENDS.scalar_subquery())


@dataclass(frozen=True, slots=True)
class LimitSetting:
    """A limit to be set, on these tasks: `nanos` None removes it; `by` is a Slack id, or `terminal`."""

    scope: int
    unit: Unit
    nanos: int | None
    by: str
    reason: str | None = None
    ends_at: datetime | None = None
    narrowing: TaskNarrowing = ALL_TASKS

    @property
    def budget(self) -> BudgetIdentity:
        """The budget that it is for."""
        return BudgetIdentity(self.scope, self.unit, self.narrowing)


def append_revision(connection: Connection, setting: LimitSetting, now: datetime) -> int:
    """Append a limit as its budget's newest revision, and put it in force. Returns the revision's id."""
    before = stored_budget(connection, setting.budget)
    id_ = _insert_budget(connection, setting) if before is None else before.id
    limit = {"limit_nanos": setting.nanos, "ends_at": optional_to_us(setting.ends_at)}
    row = {
        "budget": id_, **limit, "before_nanos": None if before is None else before.limit_nanos,
        "set_at": to_us(now), "set_by": setting.by, "reason": setting.reason,
    }  # fmt: skip
    revision = int(connection.execute(_APPEND, row).scalar_one())
    connection.execute(_POINT_TO, {"which": id_, "revision": revision, **limit})
    return revision


def _insert_budget(connection: Connection, setting: LimitSetting) -> int:
    row = {"scope": setting.scope, "unit": setting.unit, "narrowing": str(setting.narrowing), "revision": 0}
    return int(connection.execute(_INSERT_BUDGET, row).scalar_one())


def restore_limit(connection: Connection, stored: StoredBudget, now: datetime) -> int:
    """Put a budget's newest revision that has not ended in force, such as the one before a temporary limit.

    Returns:
        The id of the revision that is in force now.
    """
    newest = _newest(connection, stored.id, now)
    revision, nanos, ends_at = (stored.revision, None, None) if newest is None else newest
    values = {"which": stored.id, "revision": revision, "limit_nanos": nanos, "ends_at": ends_at}
    connection.execute(_POINT_TO, values)
    return int(revision)


def following_limit(connection: Connection, stored: StoredBudget) -> int | None:
    """Return the limit in nanos that follows a temporary one; None if there will be none."""
    following = None if stored.ends_at is None else _newest(connection, stored.id, stored.ends_at)
    return None if following is None else following.limit_nanos


def _newest(connection: Connection, id_: int, now: datetime) -> Row[int, int | None, int | None] | None:
    """Return id, limit and end of a budget's newest revision that has not ended."""
    return connection.execute(_NEWEST, {"budget": id_, "now": to_us(now)}).first()


def is_changed_since(connection: Connection, revision: int, moment: datetime, now: datetime) -> bool:
    """Return whether the budget of a revision was set since a moment, or a temporary limit of it has ended."""
    values = {"revision": revision, "moment": to_us(moment), "now": to_us(now)}
    return connection.execute(_CHANGED, values).first() is not None


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


def limit_revision(connection: Connection, revision: int) -> LimitRevision | None:
    """Return a revision, None if there is none of that id."""
    row = connection.execute(_REVISION, {"revision": revision}).first()
    if row is None:
        return None
    act = Act(row.set_by, from_us(row.set_at), row.reason)
    return LimitRevision(row.limit_nanos, row.before_nanos, row.scope, act, optional_from_us(row.ends_at))


# --- joined members ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LastingRevision:
    """A revision that is in force, or will be once those above it have ended."""

    id: int
    nanos: int | None
    ends_at: datetime | None
    reason: str | None


def lasting_revisions(connection: Connection, id_: int, now: datetime) -> list[LastingRevision]:
    """Return a budget's permanent limit, if there is one, and the temporary ones that were set over it."""
    rows = connection.execute(_LASTING, {"budget": id_, "now": to_us(now)})
    return [LastingRevision(row.id, row.limit_nanos, optional_from_us(row.ends_at), row.reason) for row in rows]


def budget_signature(connection: Connection) -> tuple[int, ...]:
    """Return numbers of which one differs after any limit was set, changed or removed. Cheap at any age."""
    return tuple(connection.execute(_SIGNATURE).one())
