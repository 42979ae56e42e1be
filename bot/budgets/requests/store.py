"""The store of budget requests: what members asked for, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    String,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)

from bot.budgets import tables
from bot.budgets.keys import RequestTopic
from bot.budgets.rules import DEFAULT
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us


class RequestState(StrEnum):
    """What became of a request."""

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    REPLACED = "replaced"  # by a newer one, when two members were merged


_ROWS = tables.budget_request
_BY_ID = _ROWS.c.id == bindparam("which")
_OF_UNIT = _ROWS.c.unit == bindparam("of_unit")
_MEMBER = bindparam("of_member", type_=Integer)
_OPEN_STATE = literal_column(f"'{RequestState.OPEN}'", String)  # as in the condition of the index of open requests
_IS_OPEN = _ROWS.c.state == _OPEN_STATE

_REQUEST = select(_ROWS).where(_BY_ID)
_REPLACE = update(_ROWS).where(_ROWS.c.member == _MEMBER, _OF_UNIT, _IS_OPEN).returning(_ROWS.c.id)
_INSERT = insert(_ROWS).returning(_ROWS.c.id)
_DECIDE = update(_ROWS).where(_BY_ID)
_CONCERNED = (
    select(_ROWS.c.id)
    .where(_IS_OPEN, _OF_UNIT, or_(_ROWS.c.member == _MEMBER, _MEMBER == DEFAULT))
    .order_by(_ROWS.c.id)
)
_OPEN = select(_ROWS.c.id).where(_IS_OPEN).order_by(_ROWS.c.id)
# not by the bare id, in whose order SQLite would look through all that ever were
_OPEN_REQUESTS = select(_ROWS).where(_IS_OPEN).order_by(_ROWS.c.id + 0)
_SIGNATURE = select(
    func.coalesce(func.max(_ROWS.c.id), 0), cast(func.coalesce(func.sum(_ROWS.c.asked_at), 0), BigInteger)
).where(_IS_OPEN)


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What a member asks for: a limit of their own; `by` is their Slack id."""

    member: int
    unit: Unit
    nanos: int
    by: str
    ends_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetRequest:
    """A member's request: a limit of their own, and what became of it."""

    id: int
    member: int
    unit: Unit
    nanos: int
    ends_at: datetime | None
    reason: str | None
    asked_by: str
    asked_at: datetime
    state: RequestState
    decided_by: str | None
    decision_reason: str | None = None

    @property
    def version(self) -> str:
        """Identifies the request among those that replaced one another while the first was open."""
        return str(to_us(self.asked_at))


def budget_request(connection: Connection, request: int) -> BudgetRequest | None:
    """Return a request, None if there is none of that id."""
    row = connection.execute(_REQUEST, {"which": request}).first()
    return None if row is None else _request(row)


def open_requests(connection: Connection) -> list[BudgetRequest]:
    """Return the requests that wait for a decision, the oldest first."""
    return [_request(row) for row in connection.execute(_OPEN_REQUESTS)]


def request_signature(connection: Connection) -> tuple[int, ...]:
    """Return numbers of which one differs after any request was made, replaced or decided. Cheap at any age."""
    return tuple(connection.execute(_SIGNATURE).one())


def _request(row: Row[*tuple[Any, ...]]) -> BudgetRequest:
    return BudgetRequest(
        row.id, row.member, Unit(row.unit), row.limit_nanos, optional_from_us(row.ends_at), row.reason, row.asked_by,
        from_us(row.asked_at), RequestState(row.state), row.decided_by, row.decision_reason,
    )  # fmt: skip


def _asked(request: NewRequest, now: datetime) -> dict[str, Any]:
    return {
        "limit_nanos": request.nanos, "ends_at": optional_to_us(request.ends_at), "reason": request.reason,
        "asked_by": request.by, "asked_at": to_us(now),
    }  # fmt: skip


def replace_open_request(connection: Connection, request: NewRequest, now: datetime) -> int | None:
    """Replace the open request of the same member and unit. Returns its id, None if there is none."""
    values = {"of_member": request.member, "of_unit": request.unit, **_asked(request, now)}
    return connection.execute(_REPLACE, values).scalar()


def insert_request(connection: Connection, request: NewRequest, now: datetime) -> int:
    """Store a request as open. Returns its id."""
    row = {"member": request.member, "unit": request.unit, "state": RequestState.OPEN, **_asked(request, now)}
    return int(connection.execute(_INSERT, row).scalar_one())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided upon a request, by whom, and why if they said so; `by` is a Slack id."""

    state: RequestState
    by: str
    reason: str | None


def mark_decided(connection: Connection, request: int, outcome: Outcome, now: datetime) -> None:
    """Record what was decided upon a request."""
    values = {"state": outcome.state, "decided_by": outcome.by, "decision_reason": outcome.reason}
    connection.execute(_DECIDE, {"which": request, **values, "decided_at": to_us(now)})


# --- topics of open requests ---------------------------------------------------------------------


def open_topics_of(connection: Connection, scope: int, unit: Unit) -> list[RequestTopic]:
    """Return the topics of open requests that the limit of a scope concerns."""
    concerned = connection.execute(_CONCERNED, {"of_unit": unit, "of_member": scope}).scalars()
    return [RequestTopic(id_) for id_ in concerned]


def open_topics(connection: Connection) -> list[RequestTopic]:
    """Return the topics of all open requests, whose live messages will still change."""
    return [RequestTopic(id_) for id_ in connection.execute(_OPEN).scalars()]


# --- joined members ------------------------------------------------------------------------------

_NEWER = _ROWS.alias("newer")
_OF_EITHER = (bindparam("old", type_=Integer), bindparam("new", type_=Integer))
_OLDER = (
    select(_ROWS.c.id)
    .join_from(_ROWS, _NEWER, _NEWER.c.unit == _ROWS.c.unit)
    .where(
        _IS_OPEN,
        _NEWER.c.state == _OPEN_STATE,
        _ROWS.c.member.in_(_OF_EITHER),
        _NEWER.c.member.in_(_OF_EITHER),
        tuple_(_NEWER.c.asked_at, _NEWER.c.id) > tuple_(_ROWS.c.asked_at, _ROWS.c.id),
    )
)
_MARK_REPLACED = (
    update(_ROWS)
    .values(state=RequestState.REPLACED, decided_by=_ROWS.c.asked_by, decided_at=bindparam("now"))
    .where(_BY_ID)
)
_MOVE = update(_ROWS).values(member=bindparam("new")).where(_ROWS.c.member == bindparam("old"))


def merge_requests(connection: Connection, old: int, new: int, now: datetime) -> list[RequestTopic]:
    """Move the requests of member `old` to `new`. Of two that are open for one unit, the later one stays open.

    Returns:
        The topics of those that were replaced.
    """
    members = {"old": old, "new": new}
    older = connection.execute(_OLDER, members).scalars().all()
    for id_ in older:
        connection.execute(_MARK_REPLACED, {"which": id_, "now": to_us(now)})
    connection.execute(_MOVE, members)
    return [RequestTopic(id_) for id_ in older]
