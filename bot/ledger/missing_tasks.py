"""Missing tasks: which tasks of its window a complete pass did not list."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.timestamps import to_us
from bot.ledger.passes.coverage import BEGINNING

_FEW = 10  # a small window may well lose half of its tasks


@dataclass(frozen=True, slots=True)
class MissingTasks:
    """How many tasks a complete pass should have listed, how many it missed, and how many were missed before too."""

    expected: int
    missed: int
    missing: int

    @property
    def lost_view(self) -> bool:
        """Whether so much vanished that the key must have lost its view of the team."""
        return self.missed >= _FEW and self.missed * 2 >= self.expected


_OF_WINDOW = "SELECT id, task_id, missed_at FROM task WHERE created_at >= ? AND created_at < ?"
_LISTED_AGAIN = "UPDATE task SET missed_at = NULL, missing_since = NULL WHERE id = ?"
_MISSED_AGAIN = "UPDATE task SET missing_since = ? WHERE id = ? AND missing_since IS NULL"
_MISSED_FIRST = "UPDATE task SET missed_at = ? WHERE id = ?"


def mark_missing(
    connection: Connection, start: datetime | None, end: datetime, listed: Container[int], now: datetime
) -> MissingTasks:
    """Record the tasks created in a window that a complete pass did not list, `listed` being hashes of their ids.

    The first time a task is only recorded as missed, the second time it is missing since the first. A task that is
    listed again is neither. If half of the window or more vanished at once, nothing is recorded: the key sees less.
    """
    low = BEGINNING if start is None else to_us(start)
    expected, missed, back = 0, [], []
    for key, task_id, missed_at in connection.exec_driver_sql(_OF_WINDOW, (low, to_us(end))):
        expected += 1
        if hash(task_id) not in listed:
            missed.append((key, missed_at))
        elif missed_at is not None:
            back.append((key,))
    again = [(at, key) for key, at in missed if at is not None]
    result = MissingTasks(expected, len(missed), len(again))
    if not result.lost_view:
        first = [(to_us(now), key) for key, at in missed if at is None]
        for sql, rows in ((_LISTED_AGAIN, back), (_MISSED_AGAIN, again), (_MISSED_FIRST, first)):
            if rows:
                connection.exec_driver_sql(sql, list(rows))
    return result
