"""The store of failures: kinds, tasks that failed, groups and what is told of them, silences and listeners."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.timestamps import from_us, to_us
from bot.failures.rules import QUIET, cap_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads


class State(StrEnum):
    """What is made of a group."""

    WAITING = "waiting"  # to be told at the end of the pass that found it
    TOLD = "told"
    HUSHED = "hushed"  # told, and closed by a failure that was silenced
    QUIET = "quiet"  # silenced; a failure that is not makes it wait


# --- kinds ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """Failures that are the same, by one of them."""

    mark: int
    status: str
    model: str
    error: str | None


def kinds(connection: "Connection", seen: Mapping[int, Kind]) -> dict[int, int]:
    """The keys of kinds by fingerprint; unknown ones are added."""
    if rows := [(each.mark, each.status, each.model, cap_of(each.error)) for each in seen.values()]:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO failure_kind (mark, status, model, cap) VALUES (?,?,?,?)", rows
        )
    found = connection.exec_driver_sql(
        "SELECT k.mark, k.id FROM json_each(?) j CROSS JOIN failure_kind k ON k.mark = j.value",
        (json.dumps(list(seen)),),
    )
    return {row[0]: row[1] for row in found.all()}


# --- tasks that failed ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failed:
    """A task that failed; times in microseconds. `streams` is how often it had run, `mark` its kind's fingerprint."""

    task: int
    kind: int
    group: int | None
    failed_at: int
    streams: int | None
    mended: bool | int = False
    mark: int = 0


def known(connection: "Connection", tasks: Iterable[int]) -> dict[int, Failed]:
    """How those tasks stand, as far as they failed."""
    rows = connection.exec_driver_sql(
        "SELECT f.task, f.kind, f.grp, f.failed_at, f.streams, f.mended_at IS NOT NULL, k.mark FROM json_each(?) j"
        " CROSS JOIN failure f ON f.task = j.value AND f.past = 0 JOIN failure_kind k ON k.id = f.kind",
        (json.dumps(list(tasks)),),
    )
    return {row[0]: Failed(*row) for row in rows.all()}


def write(connection: "Connection", failed: Iterable[Failed]) -> None:
    """Record that tasks failed, instead of how they stood; closed groups that were told keep them."""
    if rows := [(each.task, each.kind, each.group, each.failed_at, each.streams) for each in failed]:
        _keep(connection, [row[0] for row in rows])
        connection.exec_driver_sql(
            "INSERT INTO failure (task, past, kind, grp, failed_at, streams) VALUES (?,0,?,?,?,?)"
            " ON CONFLICT (task, past) DO UPDATE SET kind = excluded.kind, grp = excluded.grp,"
            " failed_at = excluded.failed_at, streams = excluded.streams, mended_at = NULL",
            rows,
        )


def _keep(connection: "Connection", tasks: Sequence[int]) -> None:
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO failure (task, past, kind, grp, failed_at, streams, mended_at)"
        " SELECT f.task, f.grp, f.kind, f.grp, f.failed_at, f.streams, f.mended_at FROM json_each(?) j"
        " CROSS JOIN failure f ON f.task = j.value AND f.past = 0 JOIN failure_group g ON g.id = f.grp"
        " WHERE g.closed_at IS NOT NULL AND g.first IS NOT NULL",
        (json.dumps(tasks),),
    )


def mend(connection: "Connection", tasks: Iterable[int], now: datetime) -> None:
    """Record that tasks which failed have ended well after all."""
    if rows := [(to_us(now), task) for task in tasks]:
        connection.exec_driver_sql("UPDATE failure SET mended_at = ? WHERE task = ? AND mended_at IS NULL", rows)


# --- groups --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """A group that is open; `first` as in the table."""

    id: int
    kind: int
    state: State
    first: int | None


_AHEAD = "closed_at IS NULL AND state <> 'waiting' AND last_at > ?"


def close(connection: "Connection", now: datetime) -> list[int]:
    """Close the groups that have been quiet for a day; returns what leads the messages that tell of them.

    Those last touched in the future were touched by a clock that ran ahead: their day begins now.
    """
    connection.exec_driver_sql(f"UPDATE failure_group SET last_at = ? WHERE {_AHEAD}", (to_us(now), to_us(now)))  # noqa: S608 - our own
    over = to_us(now - QUIET)
    rows = connection.exec_driver_sql(
        "SELECT id, first FROM failure_group WHERE closed_at IS NULL AND last_at <= ?", (over,)
    ).all()
    if rows:
        connection.exec_driver_sql(
            "UPDATE failure_group SET closed_at = ? WHERE closed_at IS NULL AND last_at <= ?", (to_us(now), over)
        )
    return sorted({first for _, first in rows if first is not None})


def hush(connection: "Connection", group: int, now: datetime) -> None:
    """Close a group that was told, since a failure of it is silenced: what follows is told when that is over."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET closed_at = ?, state = 'hushed' WHERE id = ?", (to_us(now), group)
    )


def close_empty(connection: "Connection", groups: Iterable[int]) -> None:
    """Close those of the groups that hold no task any more, as of their last failure; nothing is told of them."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET closed_at = last_at, state = CASE state WHEN 'waiting' THEN 'quiet' ELSE state END"
        " WHERE id IN (SELECT value FROM json_each(?)) AND closed_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM failure f WHERE f.grp = failure_group.id)",
        (json.dumps(list(groups)),),
    )


def rename(connection: "Connection", group: int, kind: int, tasks: Collection[int]) -> bool:
    """Have an open group of those tasks alone be of another kind, unless one is open; returns whether it is now."""
    held = connection.exec_driver_sql("SELECT task FROM failure WHERE grp = ?", (group,)).all()
    if {row[0] for row in held} != set(tasks) or kind in open_groups(connection, [kind]):
        return False
    done = connection.exec_driver_sql(
        "UPDATE failure_group SET kind = ? WHERE id = ? AND closed_at IS NULL", (kind, group)
    )
    if done.rowcount:
        connection.exec_driver_sql("UPDATE failure SET kind = ? WHERE grp = ?", (kind, group))
    return bool(done.rowcount)


def open_groups(connection: "Connection", of: Collection[int]) -> dict[int, Group]:
    """The open groups of those kinds, by kind."""
    rows = connection.exec_driver_sql(
        "SELECT g.id, g.kind, g.state, g.first FROM json_each(?) j"
        " CROSS JOIN failure_group g ON g.kind = j.value AND g.closed_at IS NULL",
        (json.dumps(list(of)),),
    )
    return {kind: Group(key, kind, State(state), first) for key, kind, state, first in rows.all()}


_NEWEST = "(SELECT coalesce(max(id), 0) FROM pass)"  # which books, as passes come one after the other


def open_group(connection: "Connection", kind: int, state: State, now: datetime) -> Group:
    """Begin a group."""
    key = connection.exec_driver_sql(
        f"INSERT INTO failure_group (kind, state, opened_at, last_at, last_pass) VALUES (?,?,?,?,{_NEWEST})",  # noqa: S608 - our own
        (kind, state, to_us(now), to_us(now)),
    ).lastrowid
    return Group(int(key), kind, state, None)


def touch(connection: "Connection", group: int, state: State, now: datetime) -> None:
    """A failure has joined a group."""
    connection.exec_driver_sql(
        f"UPDATE failure_group SET last_at = max(last_at, ?), last_pass = {_NEWEST}, state = ? WHERE id = ?",  # noqa: S608 - our own
        (to_us(now), state, group),
    )


def firsts(connection: "Connection", groups: Iterable[int]) -> list[int]:
    """What leads the messages that tell of those groups, as far as they were told."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT g.first FROM json_each(?) j CROSS JOIN failure_group g ON g.id = j.value"
        " WHERE g.first IS NOT NULL",
        (json.dumps(list(groups)),),
    )
    return [row[0] for row in rows.all()]


# once the pass that found a group has ended, or (it was killed) a later one, nothing more of the same tick is to come
_TO_TELL = """
SELECT g.id FROM failure_group g WHERE g.state = 'waiting'
AND EXISTS (SELECT 1 FROM pass p WHERE p.id >= g.last_pass AND p.finished_at IS NOT NULL) ORDER BY g.id
"""


def to_tell(reads: "Reads") -> list[int]:
    """The groups that wait to be told, once the pass that found them has ended; oldest first."""
    return [row[0] for row in reads.exec_driver_sql(_TO_TELL).all()]


def to_close(reads: "Reads", now: datetime) -> bool:
    """Whether `close` would do anything now."""
    sql = (
        "SELECT 1 FROM failure_group WHERE closed_at IS NULL AND (last_at <= ? OR (state <> 'waiting' AND last_at > ?))"
    )
    return reads.exec_driver_sql(f"{sql} LIMIT 1", (to_us(now - QUIET), to_us(now))).first() is not None


def told(connection: "Connection", groups: Sequence[int], first: Mapping[int, int]) -> None:
    """Those groups are told now, each by the message that `first` leads."""
    connection.exec_driver_sql(
        "UPDATE failure_group SET state = 'told', first = coalesce(first, ?) WHERE id = ?",
        [(first[group], group) for group in groups],
    )


def shown(connection: "Reads") -> list[int]:
    """What leads the messages that tell of groups that are open."""
    rows = connection.exec_driver_sql("SELECT first FROM failure_group WHERE closed_at IS NULL")
    return sorted({first for (first,) in rows.all() if first is not None})


def sizes(connection: "Connection", groups: Iterable[int]) -> dict[int, int]:
    """How many tasks each of the groups holds."""
    rows = connection.exec_driver_sql(
        "SELECT f.grp, count(*) FROM json_each(?) j CROSS JOIN failure f ON f.grp = j.value GROUP BY f.grp",
        (json.dumps(list(groups)),),
    )
    return {row[0]: row[1] for row in rows.all()}


def listening(connection: "Connection", groups: Iterable[int]) -> list[tuple[int, int]]:
    """Who of those with a failure in the groups asked to be told: group and member."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT f.grp, t.member FROM json_each(?) j CROSS JOIN failure f ON f.grp = j.value"
        " JOIN task t ON t.id = f.task JOIN failure_listener l ON l.member = t.member"
        " WHERE f.mended_at IS NULL ORDER BY 1, 2",
        (json.dumps(list(groups)),),
    )
    return [(group, member) for group, member in rows.all()]


def listeners(connection: "Connection", members: Iterable[int]) -> list[int]:
    """Who of those members asked to be told of their own failures, by key."""
    rows = connection.exec_driver_sql(
        "SELECT l.member FROM json_each(?) j CROSS JOIN failure_listener l ON l.member = j.value ORDER BY 1",
        (json.dumps(list(members)),),
    )
    return [row[0] for row in rows.all()]


def acknowledge(connection: "Connection", first: int, by: str, now: datetime) -> tuple[str, datetime] | None:
    """Somebody has seen what a message tells of; returns who had already, and when, if anybody."""
    row = connection.exec_driver_sql(
        "SELECT acknowledged_by, acknowledged_at FROM failure_group WHERE id = ?", (first,)
    ).first()
    if row and row[0] is not None:
        return row[0], from_us(row[1])
    connection.exec_driver_sql(
        "UPDATE failure_group SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ?", (by, to_us(now), first)
    )
    return None


# --- silences ------------------------------------------------------------------------------------


class Silenced(StrEnum):
    """What a silence is about."""

    KIND = "kind"
    MODEL = "model"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence; `value` is the kind's key, the model's name, or the member's key."""

    what: Silenced
    value: str
    until: datetime
    reason: str | None
    by: str
    id: int = 0


_ABOUT = timedelta(minutes=1)  # that a clock may be set back by without a silence being doubted


def silence(connection: "Connection", asked: Silence, now: datetime) -> None:
    """Keep a silence, instead of one about the same."""
    connection.exec_driver_sql(
        "INSERT INTO failure_silence (what, value, until, reason, set_by, set_at) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT (what, value) DO UPDATE SET until = excluded.until, reason = excluded.reason,"
        " set_by = excluded.set_by, set_at = excluded.set_at",
        (asked.what, asked.value, to_us(asked.until), asked.reason, asked.by, to_us(now)),
    )


def lift(connection: "Connection", key: int, now: datetime) -> bool:
    """End a silence; whether there was one."""
    return bool(
        connection.exec_driver_sql(
            "UPDATE failure_silence SET until = ? WHERE id = ? AND until > ?", (to_us(now), key, to_us(now))
        ).rowcount
    )


def silences(reads: "Reads", now: datetime) -> list[Silence]:
    """The silences that hold now, those that end first at the beginning.

    One that was set in the future was dated by a clock that ran ahead, and so was its end.
    """
    rows = reads.exec_driver_sql(
        "SELECT what, value, until, reason, set_by, id FROM failure_silence WHERE until > ? AND set_at <= ?"
        " ORDER BY until, id",
        (to_us(now), to_us(now + _ABOUT)),
    )
    return [
        Silence(Silenced(what), value, from_us(until), reason, by, key)
        for what, value, until, reason, by, key in rows.all()
    ]


# --- listeners -----------------------------------------------------------------------------------


def listen(connection: "Connection", member: int, now: datetime, *, on: bool) -> bool:
    """Whether a member is told of their own failures from now on; returns whether that is new."""
    if on:
        sql = "INSERT OR IGNORE INTO failure_listener (member, since) VALUES (?,?)"
        return bool(connection.exec_driver_sql(sql, (member, to_us(now))).rowcount)
    return bool(connection.exec_driver_sql("DELETE FROM failure_listener WHERE member = ?", (member,)).rowcount)


def listens(reads: "Reads", member: int) -> bool:
    """Whether a member is told of their own failures."""
    return reads.exec_driver_sql("SELECT 1 FROM failure_listener WHERE member = ?", (member,)).first() is not None


# --- older tasks, and joined members -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A task that failed and is not recorded as that; times in microseconds."""

    task: int
    status: str
    model: str
    error: str | None
    created_at: int
    total_execution_ms: int | None
    changed_at: int
    streams: int | None


def unrecorded(connection: "Connection", statuses: Sequence[str], most: int) -> list[Unrecorded]:
    """Tasks of those statuses that are not recorded as failed, so many at most."""
    rows = connection.exec_driver_sql(
        "SELECT t.id, t.status, t.model, d.error_message, t.created_at, t.total_execution_ms, t.changed_at,"
        " t.stream_count FROM task t"
        " JOIN task_detail d ON d.task = t.id LEFT JOIN failure f ON f.task = t.id AND f.past = 0"
        " WHERE t.status IN (SELECT value FROM json_each(?)) AND (f.task IS NULL OR f.mended_at IS NOT NULL) LIMIT ?",
        (json.dumps(list(statuses)), most),
    )
    return [Unrecorded(*row) for row in rows.all()]


def forget_others(connection: "Connection", statuses: Sequence[str]) -> list[int]:
    """Forget the failures of tasks whose status is none of those; returns the groups they were in."""
    rows = connection.exec_driver_sql(
        "SELECT f.task, f.grp FROM failure f JOIN task t ON t.id = f.task"
        " WHERE f.mended_at IS NULL AND t.status NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(statuses)),),
    ).all()
    if rows:
        connection.exec_driver_sql("DELETE FROM failure WHERE task = ?", sorted({(task,) for task, _ in rows}))
    return sorted({group for _, group in rows if group is not None})


def join(connection: "Connection", old: int, new: int) -> None:
    """Two members are one: what the old one asked for, the new one has asked for."""
    connection.exec_driver_sql("UPDATE OR IGNORE failure_listener SET member = ? WHERE member = ?", (new, old))
    connection.exec_driver_sql("DELETE FROM failure_listener WHERE member = ?", (old,))
    connection.exec_driver_sql(
        "UPDATE OR IGNORE failure_silence SET value = ? WHERE what = 'member' AND value = ?", (str(new), str(old))
    )


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=30)  # of silences that are over


def prune(connection: "Connection", now: datetime) -> int:
    """Forget silences that were over long ago; returns how many. The newest stays: buttons carry its key."""
    sql = "DELETE FROM failure_silence WHERE until < ? AND id < (SELECT max(id) FROM failure_silence)"
    return connection.exec_driver_sql(sql, (to_us(now - RETAIN),)).rowcount
