"""Missing tasks: which tasks of its window a complete pass did not list."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from bot.domain.timestamps import to_us
from bot.ledger.passes.coverage import BEGINNING
from bot.ledger.tables import task

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


_OF_WINDOW = select(task.c.id, task.c.task_id, task.c.missed_at).where(
    task.c.created_at >= bindparam("start"), task.c.created_at < bindparam("end")
)
_UPDATE = update(task).where(task.c.id == bindparam("which"))
_LISTED_AGAIN = _UPDATE.values(missed_at=None, missing_since=None)
_MISSED_AGAIN = _UPDATE.where(task.c.missing_since.is_(None)).values(missing_since=bindparam("at"))
_MISSED_FIRST = _UPDATE.values(missed_at=bindparam("at"))


def mark_missing(
    connection: Connection, start: datetime | None, end: datetime, listed: Container[int], now: datetime
) -> MissingTasks:
    """Record the tasks created in a window that a complete pass did not list, `listed` being hashes of their ids.

    The first time a task is only recorded as missed, the second time it is missing since the first. A task that is
    listed again is neither. If half of the window or more vanished at once, nothing is recorded: the key sees less.
    """
    low = BEGINNING if start is None else to_us(start)
    expected, missed, back = 0, [], []
    for key, task_id, missed_at in connection.execute(_OF_WINDOW, {"start": low, "end": to_us(end)}):
        expected += 1
        if hash(task_id) not in listed:
            missed.append((key, missed_at))
        elif missed_at is not None:
            back.append({"which": key})
    again = [{"which": key, "at": at} for key, at in missed if at is not None]
    result = MissingTasks(expected, len(missed), len(again))
    if not result.lost_view:
        first = [{"which": key, "at": to_us(now)} for key, at in missed if at is None]
        for statement, rows in ((_LISTED_AGAIN, back), (_MISSED_AGAIN, again), (_MISSED_FIRST, first)):
            if rows:
                connection.execute(statement, rows)
    return result
