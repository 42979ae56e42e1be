"""The store of alerts: which groups one message reports, and who acknowledged it.

The groups that one message reports are named by the first of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from bot.database.chunks import chunks
from bot.domain.timestamps import from_us, to_us
from bot.failures.group_store import GroupState
from bot.failures.keys import ReportedGroups
from bot.failures.rules import Cap
from bot.failures.tables import failure_group, failure_kind

_ID = failure_group.c.id == bindparam("which")
_OF_FIRST = failure_group.c.first == bindparam("which")
_IS_OPEN = failure_group.c.closed_at.is_(None)

# groups without one are left out afterwards, or SQLite might go through all that have one
_FIRST_OF_EACH = select(failure_group.c.first).where(failure_group.c.id.in_(bindparam("groups", expanding=True)))
_FIRST_OF_OPEN = select(failure_group.c.first).where(_IS_OPEN)


def first_groups(connection: Connection, groups: Iterable[int]) -> list[int]:
    """Return the first groups of the messages that report those groups; groups that were not reported have none."""
    first = {row.first for chunk in chunks(groups) for row in connection.execute(_FIRST_OF_EACH, {"groups": chunk})}
    return sorted(first - {None})


def open_first_groups(connection: Connection) -> list[int]:
    """Return the first groups of the messages that report any open group."""
    return sorted({row.first for row in connection.execute(_FIRST_OF_OPEN)} - {None})


_ID_OF_ONE = select(failure_group.c.id).where(_ID)
_IDS_OF_FIRST = select(failure_group.c.id).where(_OF_FIRST)
_FIRST_OF_ONE = select(failure_group.c.first).where(_ID)


def group_ids(connection: Connection, groups: ReportedGroups) -> list[int]:
    """Return the ids of the groups that a button is about."""
    statement = _IDS_OF_FIRST if groups.is_first else _ID_OF_ONE
    return list(connection.execute(statement, {"which": groups.id}).scalars())


def first_group(connection: Connection, groups: ReportedGroups) -> int:
    """Return the first group of the message that a button is about."""
    if groups.is_first:
        return groups.id
    first: int | None = connection.execute(_FIRST_OF_ONE, {"which": groups.id}).scalar()
    return groups.id if first is None else first


# --- acknowledgements ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who has seen an alert (a Slack id), and when they said so."""

    by: str
    at: datetime


_ACKNOWLEDGEMENT = select(failure_group.c.acknowledged_by, failure_group.c.acknowledged_at).where(_ID)
_ACKNOWLEDGE = update(failure_group).where(_ID)


def acknowledgement(connection: Connection, first: int) -> Acknowledgement | None:
    """Return who acknowledged the message whose first group is `first`; None if nobody has."""
    row = connection.execute(_ACKNOWLEDGEMENT, {"which": first}).first()
    if row is None or row.acknowledged_by is None:
        return None
    return Acknowledgement(row.acknowledged_by, from_us(row.acknowledged_at))


def acknowledge(connection: Connection, first: int, by: str, now: datetime) -> None:
    """Record who acknowledged the message whose first group is `first`."""
    connection.execute(_ACKNOWLEDGE, {"which": first, "acknowledged_by": by, "acknowledged_at": to_us(now)})


# --- groups and their kinds ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group and its kind; `is_muted` says that a failure that was silenced closed it."""

    id: int
    kind: int
    status: str
    model: str
    cap: Cap | None
    is_closed: bool
    is_muted: bool


_STORED = select(
    failure_group.c.id,
    failure_group.c.kind,
    failure_kind.c.status,
    failure_kind.c.model,
    failure_kind.c.cap,
    failure_group.c.closed_at.is_not(None).label("is_closed"),
    (failure_group.c.state == GroupState.MUTED).label("is_muted"),
).join_from(failure_group, failure_kind, failure_kind.c.id == failure_group.c.kind)
_STORED_ONE = _STORED.where(_ID)
_STORED_OF_FIRST = _STORED.where(_OF_FIRST)
_STORED_OPEN = _STORED.where(_IS_OPEN)


def stored_groups(connection: Connection, groups: ReportedGroups) -> list[StoredGroup]:
    """Return one group by its id, or all that one message reports, in no particular order."""
    statement = _STORED_OF_FIRST if groups.is_first else _STORED_ONE
    return [_stored_group(row) for row in connection.execute(statement, {"which": groups.id})]


def stored_open_groups(connection: Connection) -> list[StoredGroup]:
    """Return the groups that are open, in no particular order."""
    return [_stored_group(row) for row in connection.execute(_STORED_OPEN)]


def _stored_group(row: Row[Any]) -> StoredGroup:
    cap = Cap(row.cap) if row.cap else None
    return StoredGroup(row.id, row.kind, row.status, row.model, cap, row.is_closed, row.is_muted)
