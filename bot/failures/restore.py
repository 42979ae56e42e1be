"""After a restore: the groups of failures that the former ledger had told go on, so that their tasks are no news."""

from typing import TYPE_CHECKING

from bot.domain.timestamps import to_us
from bot.failures.keys import FailureKey, FailuresKey, FailuresTopic
from bot.failures.store import Silenced, State
from bot.ledger.former import FormerLedger, Row, insert, insert_anew, rows_by_column
from bot.outbox.key_mapping import KeyMapping

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_GROUPS = "SELECT g.*, k.mark AS mark FROM failure_group g JOIN failure_kind k ON k.id = g.kind ORDER BY g.id"


def adopt(connection: "Connection", former: FormerLedger, now: "datetime") -> KeyMapping:
    """Take over the groups that were told, and silences; returns how the keys that name groups read here."""
    kinds = _kinds(connection, former)
    groups = _groups(connection, former, kinds)
    _go_on(connection, former, groups, now)
    _silences(connection, former, kinds)

    def first(text: str) -> FailuresKey | None:
        here = groups.get(FailuresKey.decode(text).id)
        return None if here is None else FailuresKey(here)

    def group(text: str) -> FailureKey | None:
        here = groups.get(FailureKey.decode(text).id)
        return None if here is None else FailureKey(here)

    def topic(text: str) -> FailuresTopic | None:
        here = groups.get(FailuresTopic.decode(text).id)
        return None if here is None else FailuresTopic(here)

    return KeyMapping({FailuresKey.kind: first, FailureKey.kind: group}, {FailuresTopic.kind: topic})


def _kinds(connection: "Connection", former: FormerLedger) -> dict[int, int]:
    found = former.rows("SELECT * FROM failure_kind")
    for row in found:
        insert(connection, "failure_kind", {name: row[name] for name in row if name != "id"})
    here = {row["mark"]: row["id"] for row in rows_by_column(connection, "SELECT id, mark FROM failure_kind")}
    return {row["id"]: here[row["mark"]] for row in found}


def _groups(connection: "Connection", former: FormerLedger, kinds: dict[int, int]) -> dict[int, int]:
    """The former's groups by key, as they are here."""
    here = {
        (row["id"], row["opened_at"]) for row in rows_by_column(connection, "SELECT id, opened_at FROM failure_group")
    }
    found: dict[int, int] = {}
    for row in former.rows(_GROUPS):
        if State(row["state"]) not in {State.TOLD, State.HUSHED}:
            continue
        kept = {name: row[name] for name in row if name not in {"mark", "first"}} | {"kind": kinds[row["kind"]]}
        if (row["id"], row["opened_at"]) in here:
            key: int | None = row["id"]
            _bring_up_to_date(connection, kept)
        else:
            # closed at first: of each kind one alone is open
            key = insert_anew(connection, "failure_group", {**kept, "closed_at": row["closed_at"] or row["last_at"]})
        if key is not None:
            found[row["id"]] = key
            first = found.get(row["first"], key)
            connection.exec_driver_sql("UPDATE failure_group SET first = ? WHERE id = ?", (first, key))
    return found


def _bring_up_to_date(connection: "Connection", row: Row) -> None:
    connection.exec_driver_sql(
        "UPDATE failure_group SET state = ?, last_at = ?, closed_at = ?, acknowledged_by = ?, acknowledged_at = ?"
        " WHERE id = ?",
        (
            row["state"], row["last_at"], row["closed_at"] or row["last_at"], row["acknowledged_by"],
            row["acknowledged_at"], row["id"],
        ),
    )  # fmt: skip


def _go_on(connection: "Connection", former: FormerLedger, groups: dict[int, int], now: "datetime") -> None:
    """Open the newest told group of each kind that was open, or whose tasks are to be read again."""
    known = {
        row["task_id"]
        for row in rows_by_column(connection, "SELECT t.task_id FROM failure f JOIN task t ON t.id = f.task")
    }
    unread = {
        row["grp"]
        for row in former.rows("SELECT f.grp, t.task_id FROM failure f JOIN task t ON t.id = f.task")
        if row["grp"] is not None and row["task_id"] not in known
    }
    newest = {row["kind"]: row for row in former.rows(_GROUPS) if State(row["state"]) is State.TOLD}
    for row in newest.values():
        if row["id"] in groups and (row["closed_at"] is None or row["id"] in unread):
            connection.exec_driver_sql(
                "UPDATE OR IGNORE failure_group SET closed_at = NULL, last_at = ? WHERE id = ?",
                (to_us(now), groups[row["id"]]),
            )


def _silences(connection: "Connection", former: FormerLedger, kinds: dict[int, int]) -> None:
    for row in former.rows("SELECT * FROM failure_silence"):
        value = row["value"]
        keys = {Silenced.KIND: kinds, Silenced.MEMBER: former.members}.get(Silenced(row["what"]))
        if keys is not None:
            if int(value) not in keys:
                continue
            value = str(keys[int(value)])
        insert(connection, "failure_silence", {**{n: row[n] for n in row if n != "id"}, "value": value})
