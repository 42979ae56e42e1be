"""Pruning: once a night what nobody asks for any more is deleted, each table by its owner, a few rows at a time."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from bot.database import metadata
from bot.domain.periods import instant, local_day
from bot.domain.timestamps import from_us, to_us

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reader

AT_ONCE = 1_000  # keys that one transaction looks at: a few milliseconds, in which nobody else can write
NIGHT = time(3, 30)  # local: half an hour after the nightly pass has begun
_LAST = "pruned_at"  # the note of when everything was last pruned
_NEWS = timedelta(days=7)  # a team without a task for longer has little to prune, and that can wait


@dataclass(frozen=True, slots=True)
class PruneStep:
    """What one transaction deleted, and up to which key it looked; None if there is no more to look at."""

    rows: int
    reached: int | None = None


def key_after(connection: "Connection", table: str, after: int) -> int | None:
    """The key up to which one transaction looks that goes on `after` a key of a table; None if it comes to the end."""
    sql = f"SELECT id FROM {table} WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?"  # noqa: S608 - a name of ours
    row = connection.exec_driver_sql(sql, (after, AT_ONCE - 1)).first()
    return None if row is None else int(row[0])


def due(reader: "Reader", now: datetime, zone: tzinfo) -> bool:
    """Whether nothing was pruned since the last local night; a note from the future is of a clock that ran ahead."""
    noted = metadata.read(reader, _LAST)
    return noted is None or not _last_night(now, zone) <= from_us(int(noted)) <= now


def _last_night(now: datetime, zone: tzinfo) -> datetime:
    today = local_day(now, zone)
    night = instant(datetime.combine(today, NIGHT), zone)
    return night if night <= now else instant(datetime.combine(today - timedelta(days=1), NIGHT), zone)


def finished(connection: "Connection", now: datetime) -> None:
    """Note that everything was pruned."""
    metadata.write(connection, _LAST, str(to_us(now)))


def witnessed(reader: "Reader", now: datetime) -> datetime | None:
    """The moment by which ages are counted: not much after the newest task, whose time is Neo's and not this machine's.

    So a clock that runs years ahead for a night deletes nothing before its time. None in a ledger without tasks.
    """
    row = reader.one("SELECT max(created_at) FROM task")
    return None if row is None or row[0] is None else min(now, from_us(row[0]) + _NEWS)
