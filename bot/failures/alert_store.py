"""The store of alerts: which groups one message reports, and who acknowledged it.

The groups that one message reports are named by the first of them.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.domain.timestamps import from_us, to_us
from bot.failures.keys import ReportedGroups
from bot.failures.rules import Cap


def first_groups(connection: Connection, groups: Iterable[int]) -> list[int]:
    """Return the first groups of the messages that report those groups; groups that were not reported have none."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT g.first FROM json_each(?) j CROSS JOIN failure_group g ON g.id = j.value"
        " WHERE g.first IS NOT NULL",
        (json.dumps(list(groups)),),
    )
    return [row[0] for row in rows.all()]


def open_first_groups(connection: Connection) -> list[int]:
    """Return the first groups of the messages that report any open group."""
    rows = connection.exec_driver_sql("SELECT first FROM failure_group WHERE closed_at IS NULL").all()
    return sorted({first for (first,) in rows if first is not None})


_ONE = "SELECT id FROM failure_group WHERE id = ?"
_OF_FIRST = "SELECT id FROM failure_group WHERE first = ?"


def group_ids(connection: Connection, groups: ReportedGroups) -> list[int]:
    """Return the ids of the groups that a button is about."""
    return [row[0] for row in connection.exec_driver_sql(_OF_FIRST if groups.is_first else _ONE, (groups.id,)).all()]


def first_group(connection: Connection, groups: ReportedGroups) -> int:
    """Return the first group of the message that a button is about."""
    if groups.is_first:
        return groups.id
    rows = connection.exec_driver_sql("SELECT first FROM failure_group WHERE id = ?", (groups.id,)).all()
    return next((first for (first,) in rows if first is not None), groups.id)


# --- acknowledgements ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who has seen an alert (a Slack id), and when they said so."""

    by: str
    at: datetime


def acknowledgement(connection: Connection, first: int) -> Acknowledgement | None:
    """Return who acknowledged the message whose first group is `first`; None if nobody has."""
    rows = connection.exec_driver_sql(
        "SELECT acknowledged_by, acknowledged_at FROM failure_group WHERE id = ?", (first,)
    ).all()
    return next((Acknowledgement(by, from_us(at)) for by, at in rows if by is not None), None)


def acknowledge(connection: Connection, first: int, by: str, now: datetime) -> None:
    """Record who acknowledged the message whose first group is `first`."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ?", (by, to_us(now), first)
    )


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


_STORED = """
SELECT g.id, g.kind, k.status, k.model, k.cap, g.closed_at IS NOT NULL, g.state = 'hushed'
FROM failure_group g JOIN failure_kind k ON k.id = g.kind
"""
_STORED_ONE = f"{_STORED} WHERE g.id = ?"
_STORED_OF_FIRST = f"{_STORED} WHERE g.first = ?"
_STORED_OPEN = f"{_STORED} WHERE g.closed_at IS NULL"


def stored_groups(connection: Connection, groups: ReportedGroups) -> list[StoredGroup]:
    """Return one group by its id, or all that one message reports, in no particular order."""
    sql = _STORED_OF_FIRST if groups.is_first else _STORED_ONE
    return [_stored_group(row) for row in connection.exec_driver_sql(sql, (groups.id,)).all()]


def stored_open_groups(connection: Connection) -> list[StoredGroup]:
    """Return the groups that are open, in no particular order."""
    return [_stored_group(row) for row in connection.exec_driver_sql(_STORED_OPEN).all()]


def _stored_group(row: Sequence[Any]) -> StoredGroup:
    group, kind, status, model, cap, is_closed, is_muted = row
    return StoredGroup(group, kind, status, model, Cap(cap) if cap else None, bool(is_closed), bool(is_muted))
