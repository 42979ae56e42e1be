"""Fingerprints: which tasks of a page differ from what is stored of them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, select, update

from bot.database.chunks import chunks
from bot.database.sets import SetStatement
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us
from bot.ledger.tables import task as task_table

_CHUNK = 400  # tasks a statement; below SQLite's oldest limit of 999 parameters


def fingerprint(task: Task) -> int:
    """Return 64 bits that change when anything the ledger keeps of a task does."""
    digest = hashlib.blake2b(_encode(task), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


def changed_tasks(connection: Connection, tasks: Sequence[Task]) -> list[tuple[Task, int]]:
    """Return the tasks that are not stored as they are, with their fingerprints."""
    fingerprints = [(task, fingerprint(task)) for task in tasks]
    stored = _stored_around(connection, tasks)
    if stored is None:
        stored = set()
        for start in range(0, len(fingerprints), _CHUNK):
            stored.update(_stored_of(connection, tasks[start : start + _CHUNK]))
    return [(task, digest) for task, digest in fingerprints if (task.task_id, digest) not in stored]


_UNKNOWN: ColumnElement[int] = literal_column("0")  # no task's own fingerprint, but for one in 2^64
_FORGET = SetStatement(
    update(task_table)
    .where(task_table.c.task_id.in_(bindparam("task_ids", expanding=True)))
    .values(fingerprint=_UNKNOWN),
    "task_ids",
)


def forget_fingerprints(connection: Connection, task_ids: Iterable[str]) -> None:
    """Forget the fingerprints of tasks, so that each is booked when it is read again; unknown ids are ignored.

    A row that was damaged is not what its fingerprint was made of, and would be taken for unchanged.
    """
    for some in chunks(task_ids):
        _FORGET.execute(connection, some)


# both ways go by `created_at`: tasks of a window lie side by side in its index, however large the ledger;
# reading one part of it at once takes a tenth off a whole pass, which alone is why there are two

_STORED = select(task_table.c.task_id, task_table.c.fingerprint)
_AROUND = _STORED.where(task_table.c.created_at.between(bindparam("first"), bindparam("last"))).limit(bindparam("most"))
_CREATED_AT = _STORED.where(task_table.c.created_at.in_(bindparam("moments", expanding=True)))


def _stored_around(connection: Connection, tasks: Sequence[Task]) -> set[tuple[Any, ...]] | None:
    """Return the ids and fingerprints stored from a page's first creation to its last; None if far more than a page."""
    if not tasks:
        return set()
    created = [to_us(task.created_at) for task in tasks]
    most = 4 * len(tasks)
    rows = connection.execute(_AROUND, {"first": min(created), "last": max(created), "most": most}).all()
    return None if len(rows) == most else set(map(tuple, rows))


def _stored_of(connection: Connection, tasks: Sequence[Task]) -> set[tuple[Any, ...]]:
    """Return the ids and fingerprints stored of all tasks that were created at the same moments as these."""
    moments = {to_us(task.created_at) for task in tasks}
    return set(map(tuple, connection.execute(_CREATED_AT, {"moments": list(moments)})))
