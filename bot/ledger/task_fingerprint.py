"""Fingerprints: which tasks of a page differ from what is stored of them."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from bot.database.sql import compose
from bot.domain.tasks import Task
from bot.domain.timestamps import to_us

_CHUNK = 400  # tasks a statement, two parameters each; below SQLite's oldest limit of 999 parameters


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


# both ways go by (created_at, task_id): tasks of a window lie side by side in that index, however large the ledger;
# reading one part of it at once takes a tenth off a whole pass, which alone is why there are two

_AROUND = "SELECT task_id, fingerprint FROM task WHERE created_at BETWEEN ? AND ? LIMIT ?"


def _stored_around(connection: Connection, tasks: Sequence[Task]) -> set[tuple[Any, ...]] | None:
    """Return the ids and fingerprints stored from a page's first creation to its last; None if far more than a page."""
    if not tasks:
        return set()
    created = [to_us(task.created_at) for task in tasks]
    most = 4 * len(tasks)
    rows = connection.exec_driver_sql(_AROUND, (min(created), max(created), most)).fetchall()
    return None if len(rows) == most else set(map(tuple, rows))


# joined, each pair is looked up in the index; with `IN (VALUES ...)` SQLite scans the whole of it
_OF_TASKS = """WITH wanted (created, id) AS (VALUES {values})
SELECT task_id, fingerprint FROM wanted CROSS JOIN task WHERE created_at = created AND task_id = wanted.id"""


def _stored_of(connection: Connection, tasks: Sequence[Task]) -> Iterable[tuple[Any, ...]]:
    sql = compose(_OF_TASKS, values=",".join(["(?,?)"] * len(tasks)))
    keys = [part for task in tasks for part in (to_us(task.created_at), task.task_id)]
    return map(tuple, connection.exec_driver_sql(sql, tuple(keys)).fetchall())
