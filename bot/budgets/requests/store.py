"""The store of budget requests: what members asked for, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

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

    @property
    def version(self) -> str:
        """Identifies the request among those that replaced one another while the first was open."""
        return str(to_us(self.asked_at))


_GET = """
SELECT id, member, unit, limit_nanos, ends_at, reason, asked_by, asked_at, state, decided_by FROM budget_request
WHERE id = ?
"""


def budget_request(connection: Connection, request: int) -> BudgetRequest | None:
    """Return a request, None if there is none of that id."""
    row = connection.exec_driver_sql(_GET, (request,)).first()
    if row is None:
        return None
    id_, member, unit, nanos, ends_at, reason, by, at, state, decided_by = row
    return BudgetRequest(
        id_, member, Unit(unit), nanos, optional_from_us(ends_at), reason, by, from_us(at), RequestState(state),
        decided_by,
    )  # fmt: skip


def _values(request: NewRequest, now: datetime) -> tuple[Any, ...]:
    ends_at = optional_to_us(request.ends_at)
    return request.nanos, ends_at, request.reason, request.by, to_us(now), request.member, request.unit


_REPLACE = """
UPDATE budget_request SET limit_nanos = ?, ends_at = ?, reason = ?, asked_by = ?, asked_at = ?
WHERE member = ? AND unit = ? AND state = 'open' RETURNING id
"""
_INSERT = """
INSERT INTO budget_request (limit_nanos, ends_at, reason, asked_by, asked_at, member, unit, state)
VALUES (?,?,?,?,?,?,?,'open')
"""


def replace_open_request(connection: Connection, request: NewRequest, now: datetime) -> int | None:
    """Replace the open request of the same member and unit. Returns its id, None if there is none."""
    row = connection.exec_driver_sql(_REPLACE, _values(request, now)).first()
    return None if row is None else int(row[0])


def insert_request(connection: Connection, request: NewRequest, now: datetime) -> int:
    """Store a request as open. Returns its id."""
    return int(connection.exec_driver_sql(_INSERT, _values(request, now)).lastrowid)


def mark_decided(connection: Connection, request: int, state: RequestState, by: str, now: datetime) -> None:
    """Record what was decided upon a request, and by whom."""
    connection.exec_driver_sql(
        "UPDATE budget_request SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?",
        (state, by, to_us(now), request),
    )


# --- topics of open requests ---------------------------------------------------------------------

_CONCERNED = """
SELECT id FROM budget_request WHERE state = 'open' AND unit = ? AND (member = ? OR ? = ?)
"""


def open_topics_of(connection: Connection, scope: int, unit: Unit) -> list[RequestTopic]:
    """Return the topics of open requests that the limit of a scope concerns."""
    rows = connection.exec_driver_sql(_CONCERNED, (unit, scope, scope, DEFAULT)).all()
    return [RequestTopic(id_) for (id_,) in rows]


def open_topics(connection: Connection) -> list[RequestTopic]:
    """Return the topics of all open requests, whose live messages will still change."""
    rows = connection.exec_driver_sql("SELECT id FROM budget_request WHERE state = 'open' ORDER BY id").all()
    return [RequestTopic(id_) for (id_,) in rows]


# --- joined members ------------------------------------------------------------------------------

_OLDER = """
SELECT a.id FROM budget_request a JOIN budget_request b ON b.unit = a.unit AND b.state = 'open'
  AND b.id <> a.id AND (b.asked_at > a.asked_at OR (b.asked_at = a.asked_at AND b.id > a.id))
WHERE a.state = 'open' AND a.member IN (?,?) AND b.member IN (?,?)
"""
_MARK_REPLACED = """
UPDATE budget_request SET state = 'replaced', decided_by = asked_by, decided_at = ? WHERE id = ?
"""


def merge_requests(connection: Connection, old: int, new: int, now: datetime) -> list[RequestTopic]:
    """Move the requests of member `old` to `new`. Of two that are open for one unit, the later one stays open.

    Returns:
        The topics of those that were replaced.
    """
    rows = connection.exec_driver_sql(_OLDER, (old, new, old, new)).all()
    for (id_,) in rows:
        connection.exec_driver_sql(_MARK_REPLACED, (to_us(now), id_))
    connection.exec_driver_sql("UPDATE budget_request SET member = ? WHERE member = ?", (new, old))
    return [RequestTopic(id_) for (id_,) in rows]
