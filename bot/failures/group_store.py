"""The store of groups: failures of one kind, from the first until a day has passed without another."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.domain.timestamps import to_us
from bot.failures.rules import CLOSE_AFTER
from bot.ledger.passes.history import newest_ended_pass, newest_pass


class GroupState(StrEnum):
    """How far a group has come."""

    WAITING = "waiting"  # to be reported at the end of the pass that found it
    REPORTED = "told"
    MUTED = "hushed"  # reported, and closed by a failure that was silenced
    SILENCED = "quiet"  # not reported; a failure that is not silenced makes it wait


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """A group that is open; `first` is the first of the groups that its message reports, None if it has none yet."""

    id: int
    kind: int
    state: GroupState
    first: int | None


# --- groups that failures come into --------------------------------------------------------------


def open_groups(connection: Connection, kinds: Collection[int]) -> dict[int, OpenGroup]:
    """Return the open groups of those kinds, by kind."""
    rows = connection.exec_driver_sql(
        "SELECT g.id, g.kind, g.state, g.first FROM json_each(?) j"
        " CROSS JOIN failure_group g ON g.kind = j.value AND g.closed_at IS NULL",
        (json.dumps(list(kinds)),),
    )
    return {kind: OpenGroup(group_id, kind, GroupState(state), first) for group_id, kind, state, first in rows.all()}


def add_group(connection: Connection, kind: int, state: GroupState, now: datetime) -> OpenGroup:
    """Add a group, found by the pass that books now, and return it."""
    group_id = connection.exec_driver_sql(
        "INSERT INTO failure_group (kind, state, opened_at, last_at, last_pass) VALUES (?,?,?,?,?)",
        (kind, state, to_us(now), to_us(now), newest_pass(connection)),
    ).lastrowid
    return OpenGroup(int(group_id), kind, state, None)


def extend_group(connection: Connection, group: int, state: GroupState, now: datetime) -> None:
    """Record that a failure has joined a group in the pass that books now."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET last_at = max(last_at, ?), last_pass = ?, state = ? WHERE id = ?",
        (to_us(now), newest_pass(connection), state, group),
    )


def change_kind(connection: Connection, group: int, kind: int, tasks: Collection[int]) -> bool:
    """Make an open group that holds exactly those tasks one of another kind, and return whether it is now.

    It is not where a group of that kind is open already.
    """
    in_group = connection.exec_driver_sql("SELECT task FROM failure WHERE grp = ?", (group,)).all()
    if {row[0] for row in in_group} != set(tasks) or kind in open_groups(connection, [kind]):
        return False
    update = connection.exec_driver_sql(
        "UPDATE failure_group SET kind = ? WHERE id = ? AND closed_at IS NULL", (kind, group)
    )
    if update.rowcount:
        connection.exec_driver_sql("UPDATE failure SET kind = ? WHERE grp = ?", (kind, group))
    return bool(update.rowcount)


# --- closing -------------------------------------------------------------------------------------

_ENDED = "SELECT id, first FROM failure_group WHERE closed_at IS NULL AND last_at <= ?"
_CLOSE = "UPDATE failure_group SET closed_at = ? WHERE closed_at IS NULL AND last_at <= ?"
# last touched by a clock that ran ahead
_CORRECT = "UPDATE failure_group SET last_at = ? WHERE closed_at IS NULL AND state <> 'waiting' AND last_at > ?"
_CLOSING = """
SELECT 1 FROM failure_group WHERE closed_at IS NULL AND (last_at <= ? OR (state <> 'waiting' AND last_at > ?)) LIMIT 1
"""


def is_closing_due(connection: Connection, now: datetime) -> bool:
    """Return whether `close_groups` would change anything now."""
    return bool(connection.exec_driver_sql(_CLOSING, (to_us(now - CLOSE_AFTER), to_us(now))).all())


def close_groups(connection: Connection, now: datetime) -> list[int]:
    """Close the groups without a failure for a day; return the first groups of the messages that report them.

    Those last touched in the future were touched by a clock that ran ahead: their day begins now.
    """
    connection.exec_driver_sql(_CORRECT, (to_us(now), to_us(now)))
    before = to_us(now - CLOSE_AFTER)
    rows = connection.exec_driver_sql(_ENDED, (before,)).all()
    if rows:
        connection.exec_driver_sql(_CLOSE, (to_us(now), before))
    return sorted({first for _, first in rows if first is not None})


def mute_group(connection: Connection, group: int, now: datetime) -> None:
    """Close a reported group because a failure of it is silenced: after the silence, the next one opens another."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET closed_at = ?, state = 'hushed' WHERE id = ?", (to_us(now), group)
    )


def close_empty_groups(connection: Connection, groups: Iterable[int]) -> None:
    """Close those of the groups that hold no task any more, as of their last failure; none of them is reported."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET closed_at = last_at, state = CASE state WHEN 'waiting' THEN 'quiet' ELSE state END"
        " WHERE id IN (SELECT value FROM json_each(?)) AND closed_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.grp = failure_group.id)",
        (json.dumps(list(groups)),),
    )


# --- changes -------------------------------------------------------------------------------------

_SIGNATURE = """
SELECT (SELECT count(*) FROM failure_group WHERE closed_at IS NULL),
  (SELECT coalesce(max(last_at), 0) FROM failure_group WHERE closed_at IS NULL),
  (SELECT coalesce(sum(until), 0) FROM failure_silence), (SELECT count(*) FROM failure_listener)
"""


def failure_signature(connection: Connection) -> tuple[int, ...]:
    """Return numbers that change whenever open groups, silences or listeners do; it costs the same at any age."""
    return tuple(connection.exec_driver_sql(_SIGNATURE).all()[0])


# --- reporting -----------------------------------------------------------------------------------

_WAITING = "SELECT id FROM failure_group WHERE state = 'waiting' AND last_pass <= ? ORDER BY id"


def groups_to_report(connection: Connection) -> list[int]:
    """Return the groups that wait to be reported, once the pass that found them or a later one has ended; oldest first.

    A later one, because a pass may be killed. After either, nothing more of the same booking is to come.
    """
    ended = newest_ended_pass(connection)
    return [row[0] for row in connection.exec_driver_sql(_WAITING, (ended,)).all()] if ended else []


def mark_reported(connection: Connection, groups: Sequence[int], first: Mapping[int, int]) -> None:
    """Record that those groups are reported, each by the message whose first group `first` gives."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET state = 'told', first = coalesce(first, ?) WHERE id = ?",
        [(first[group], group) for group in groups],
    )


def group_sizes(connection: Connection, groups: Iterable[int]) -> dict[int, int]:
    """Return how many tasks each of the groups holds."""
    rows = connection.exec_driver_sql(
        "SELECT f.grp, count(*) FROM json_each(?) j CROSS JOIN failure f ON f.grp = j.value GROUP BY f.grp",
        (json.dumps(list(groups)),),
    )
    return {row[0]: row[1] for row in rows.all()}
