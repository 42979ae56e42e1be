"""Retention: details of old tasks (titles, errors, tools and agents) are deleted; amounts stay, task by task.

So every sum stays as it was, and a late update of such a task is booked like that of any other.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, bindparam, or_, select, update

from bot.database import metadata
from bot.database.prune_step import PruneStep, key_after
from bot.domain.timestamps import optional_from_us, to_us
from bot.ledger.expressions import one_of
from bot.ledger.tables import task, task_detail

_DELETED_BEFORE = "details_deleted_before"  # the metadata of when the youngest task without its details was created
DELETED_BEFORE = metadata.value_of(_DELETED_BEFORE)
_SECOND = 1_000_000  # microseconds; what is shown is to the second

_D, _BEFORE = task_detail.c, bindparam("before", type_=BigInteger)
_OLD = (
    select(task.c.id, task.c.created_at)
    .join(task_detail, _D.task == task.c.id)
    .where(
        task.c.id > bindparam("after"),
        task.c.id <= bindparam("upto", type_=BigInteger),
        task.c.created_at < _BEFORE,
        # what was read late is as old as it was then, and what has gone on since is not old yet
        or_(task.c.changed_at < _BEFORE, task.c.changed_at == task.c.first_seen_at),
        or_(_D.title.is_not(None), _D.error_message.is_not(None), _D.tools.is_not(None), _D.agents.is_not(None)),
    )
)
NO_DETAILS: Mapping[str, None] = {"title": None, "error_message": None, "tools": None, "agents": None}
"""The columns of a task's details once they are deleted."""
_DELETE = update(task_detail).where(one_of(_D.task, "tasks")).values(NO_DETAILS)


def prune_details(connection: Connection, now: datetime, after: int, retain: timedelta) -> PruneStep:
    """Delete the details of tasks older than `retain` that did not change since, among those whose ids follow `after`.

    Up to where that went is recorded in the same transaction.
    """
    reached = key_after(connection, task, after)
    upto = 2**62 if reached is None else reached
    values = {"after": after, "upto": upto, "before": to_us(now - retain)}
    old = connection.execute(_OLD, values).all()
    if old:
        connection.execute(_DELETE, {"tasks": [row.id for row in old]})
        _record(connection, (max(row.created_at for row in old) // _SECOND + 1) * _SECOND)
    return PruneStep(len(old), reached)


def _record(connection: Connection, before: int) -> None:
    stored = metadata.read(connection, _DELETED_BEFORE)
    metadata.write(connection, _DELETED_BEFORE, str(max(before, int(stored or 0))))


def details_deleted_before(connection: Connection) -> datetime | None:
    """Return before when tasks were created whose details may be deleted; None if none ever were."""
    return shown_deletion(metadata.read(connection, _DELETED_BEFORE))


def shown_deletion(stored: str | None) -> datetime | None:
    """Return the time that `DELETED_BEFORE` stands for."""
    return optional_from_us(None if stored is None else int(stored))
