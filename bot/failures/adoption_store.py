"""The store of what is taken over from a former ledger: kinds, reported groups and silences."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select, update

from bot.database.rows import Row, insert_row, insert_row_anew
from bot.domain.timestamps import to_us
from bot.failures.group_store import GroupState
from bot.failures.keys import SilenceTarget, TargetType
from bot.failures.tables import failure, failure_group, failure_kind, failure_silence
from bot.ledger.former_ledger import FormerLedger
from bot.ledger.task_queries import tasks_by_id

_KINDS = select(failure_kind.c.mark, failure_kind.c.id)


def adopt_kinds(connection: Connection, former: FormerLedger) -> dict[int, int]:
    """Add the kinds that are unknown here; return all kinds' ids here by the former ones."""
    former_kinds = former.all_rows(failure_kind)
    for row in former_kinds:
        insert_row(connection, failure_kind, {name: row[name] for name in row if name != "id"})
    ids_by_mark = {row.mark: row.id for row in connection.execute(_KINDS)}
    return {row["id"]: ids_by_mark[row["mark"]] for row in former_kinds}


_GROUPS = select(failure_group.c.id, failure_group.c.opened_at)
_UPDATE = update(failure_group).where(failure_group.c.id == bindparam("which"))


def adopt_groups(connection: Connection, former: FormerLedger, kinds: Mapping[int, int]) -> dict[int, int]:
    """Write the groups that were reported as the former ledger has them; return their ids here by the former ones."""
    known_groups = {(row.id, row.opened_at) for row in connection.execute(_GROUPS)}
    ids: dict[int, int] = {}
    for row in former.all_rows(failure_group):
        if GroupState(row["state"]) not in {GroupState.REPORTED, GroupState.MUTED}:
            continue
        values = {name: row[name] for name in row if name != "first"} | {"kind": kinds[row["kind"]]}
        if (row["id"], row["opened_at"]) in known_groups:
            group_id: int | None = row["id"]
            _update_group(connection, values)
        else:
            # closed at first, since only one group of a kind may be open
            group_id = insert_row_anew(
                connection, failure_group, {**values, "closed_at": row["closed_at"] or row["last_at"]}
            )
        if group_id is not None:
            ids[row["id"]] = group_id
            connection.execute(_UPDATE, {"which": group_id, "first": ids.get(row["first"], group_id)})
    return ids


def _update_group(connection: Connection, row: Row) -> None:
    values = {name: row[name] for name in ("state", "last_at", "acknowledged_by", "acknowledged_at")}
    connection.execute(_UPDATE, {"which": row["id"], **values, "closed_at": row["closed_at"] or row["last_at"]})


_OTHER = failure_group.alias()
_HAS_OPEN_KIND = exists().where(
    _OTHER.c.kind == failure_group.c.kind, _OTHER.c.closed_at.is_(None), _OTHER.c.id != failure_group.c.id
)
_REOPEN = _UPDATE.where(~_HAS_OPEN_KIND)
_FAILURES = select(failure.c.task, failure.c.grp)


def reopen_groups(connection: Connection, former: FormerLedger, groups: Mapping[int, int], now: datetime) -> None:
    """Open the newest reported group of each kind that was open, or whose tasks are to be read again."""
    unread = _groups_to_read_again(connection, former)
    former_groups = former.all_rows(failure_group)
    newest = {row["kind"]: row for row in former_groups if GroupState(row["state"]) is GroupState.REPORTED}
    for row in newest.values():
        if row["id"] in groups and (row["closed_at"] is None or row["id"] in unread):
            connection.execute(_REOPEN, {"which": groups[row["id"]], "closed_at": None, "last_at": to_us(now)})


def _groups_to_read_again(connection: Connection, former: FormerLedger) -> set[int]:
    """Return the former groups with a task whose failure is not recorded here."""
    tasks = tasks_by_id(connection, [row.task for row in connection.execute(_FAILURES)])
    recorded = {each.task_id for each in tasks.values()}
    task_ids = former.task_ids()
    return {
        row["grp"] for row in former.rows(_FAILURES) if row["grp"] is not None and task_ids[row["task"]] not in recorded
    }


def adopt_silences(connection: Connection, former: FormerLedger, kinds: Mapping[int, int]) -> None:
    """Write the former silences, except those about a kind or a member that is unknown here."""
    ids_here = {TargetType.KIND: kinds, TargetType.MEMBER: former.members}
    for row in former.all_rows(failure_silence):
        target = SilenceTarget(TargetType(row["what"]), row["value"])
        if target.type in ids_here:
            id_here = ids_here[target.type].get(int(target.value))
            if id_here is None:
                continue
            target = SilenceTarget(target.type, str(id_here))
        insert_row(connection, failure_silence, {**{n: row[n] for n in row if n != "id"}, "value": target.value})
