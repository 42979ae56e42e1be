"""The store of what is taken over from a former ledger: kinds, reported groups and silences."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.database.rows import Row, insert_row, insert_row_anew, rows_by_column
from bot.domain.timestamps import to_us
from bot.failures.group_store import GroupState
from bot.failures.keys import SilenceTarget, TargetType
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.task_queries import tasks_by_id

_GROUPS = "SELECT g.*, k.mark AS mark FROM failure_group g JOIN failure_kind k ON k.id = g.kind ORDER BY g.id"
_FAILURES = "SELECT task, grp FROM failure"


def adopt_kinds(connection: Connection, former: FormerLedger) -> dict[int, int]:
    """Add the kinds that are unknown here; return all kinds' ids here by the former ones."""
    former_kinds = former.rows("SELECT * FROM failure_kind")
    for row in former_kinds:
        insert_row(connection, "failure_kind", {name: row[name] for name in row if name != "id"})
    ids_by_mark = {row["mark"]: row["id"] for row in rows_by_column(connection, "SELECT id, mark FROM failure_kind")}
    return {row["id"]: ids_by_mark[row["mark"]] for row in former_kinds}


def adopt_groups(connection: Connection, former: FormerLedger, kinds: Mapping[int, int]) -> dict[int, int]:
    """Write the groups that were reported as the former ledger has them; return their ids here by the former ones."""
    known_groups = {
        (row["id"], row["opened_at"]) for row in rows_by_column(connection, "SELECT id, opened_at FROM failure_group")
    }
    ids: dict[int, int] = {}
    for row in former.rows(_GROUPS):
        if GroupState(row["state"]) not in {GroupState.REPORTED, GroupState.MUTED}:
            continue
        values = {name: row[name] for name in row if name not in {"mark", "first"}} | {"kind": kinds[row["kind"]]}
        if (row["id"], row["opened_at"]) in known_groups:
            group_id: int | None = row["id"]
            _update_group(connection, values)
        else:
            # closed at first, since only one group of a kind may be open
            group_id = insert_row_anew(
                connection, "failure_group", {**values, "closed_at": row["closed_at"] or row["last_at"]}
            )
        if group_id is not None:
            ids[row["id"]] = group_id
            first = ids.get(row["first"], group_id)
            connection.exec_driver_sql("UPDATE failure_group SET first = ? WHERE id = ?", (first, group_id))
    return ids


def _update_group(connection: Connection, row: Row) -> None:
    connection.exec_driver_sql(
        "UPDATE failure_group SET state = ?, last_at = ?, closed_at = ?, acknowledged_by = ?, acknowledged_at = ?"
        " WHERE id = ?",
        (
            row["state"], row["last_at"], row["closed_at"] or row["last_at"], row["acknowledged_by"],
            row["acknowledged_at"], row["id"],
        ),
    )  # fmt: skip


def reopen_groups(connection: Connection, former: FormerLedger, groups: Mapping[int, int], now: datetime) -> None:
    """Open the newest reported group of each kind that was open, or whose tasks are to be read again."""
    unread = _groups_to_read_again(connection, former)
    newest = {row["kind"]: row for row in former.rows(_GROUPS) if GroupState(row["state"]) is GroupState.REPORTED}
    for row in newest.values():
        if row["id"] in groups and (row["closed_at"] is None or row["id"] in unread):
            connection.exec_driver_sql(
                "UPDATE OR IGNORE failure_group SET closed_at = NULL, last_at = ? WHERE id = ?",
                (to_us(now), groups[row["id"]]),
            )


def _groups_to_read_again(connection: Connection, former: FormerLedger) -> set[int]:
    """Return the former groups with a task whose failure is not recorded here."""
    tasks = tasks_by_id(connection, [row["task"] for row in rows_by_column(connection, _FAILURES)])
    recorded = {each.task_id for each in tasks.values()}
    task_ids = former.task_ids()
    return {
        row["grp"] for row in former.rows(_FAILURES) if row["grp"] is not None and task_ids[row["task"]] not in recorded
    }


def adopt_silences(connection: Connection, former: FormerLedger, kinds: Mapping[int, int]) -> None:
    """Write the former silences, except those about a kind or a member that is unknown here."""
    ids_here = {TargetType.KIND: kinds, TargetType.MEMBER: former.members}
    for row in former.rows("SELECT * FROM failure_silence"):
        target = SilenceTarget(TargetType(row["what"]), row["value"])
        if target.type in ids_here:
            id_here = ids_here[target.type].get(int(target.value))
            if id_here is None:
                continue
            target = SilenceTarget(target.type, str(id_here))
        insert_row(connection, "failure_silence", {**{n: row[n] for n in row if n != "id"}, "value": target.value})
