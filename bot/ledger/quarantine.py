"""The quarantine: rows of the upstream that could not be booked, each until a good one takes its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.domain.tasks import Refused
from bot.domain.timestamps import from_us, optional_to_us
from bot.ledger.passes.coverage import LONGEST_WAIT_US, OVERLAP_US, Interval
from bot.ledger.passes.history import newest_pass


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be booked: its task's id or a digest of it, why, and when that was first seen."""

    key: str
    reason: str
    first_seen_at: datetime


def has_quarantined(reads: Connection) -> bool:
    """Return whether any row could not be booked."""
    return bool(reads.exec_driver_sql("SELECT 1 FROM quarantine LIMIT 1").all())


def quarantined_count(reads: Connection) -> int:
    """Return how many rows could not be booked."""
    return int(reads.exec_driver_sql("SELECT count(*) FROM quarantine").all()[0][0])


def quarantined_rows(reads: Connection) -> list[QuarantinedRow]:
    """Return every row that could not be booked, the first one first."""
    rows = reads.exec_driver_sql("SELECT key, reason, first_seen_at FROM quarantine ORDER BY first_seen_at, key").all()
    return [QuarantinedRow(key, reason, from_us(at)) for key, reason, at in rows]


def latest_quarantined(reads: Connection, most: int) -> list[QuarantinedRow]:
    """Return the rows that were seen last of those that could not be booked, the latest first."""
    sql = "SELECT key, reason, first_seen_at FROM quarantine ORDER BY last_seen_at DESC, key LIMIT ?"
    return [QuarantinedRow(key, reason, from_us(at)) for key, reason, at in reads.exec_driver_sql(sql, (most,)).all()]


def release(connection: Connection, keys: Sequence[str]) -> None:
    """Delete the rows of tasks that could be booked."""
    if keys:
        connection.exec_driver_sql("DELETE FROM quarantine WHERE key = ?", [(key,) for key in keys])


_KEEP = """
INSERT INTO quarantine (key, reason, first_seen_at, last_seen_at, created_at, seen_from, last_pass)
VALUES (?,?,?,?,?,?,?)
ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, last_seen_at = excluded.last_seen_at,
  created_at = coalesce(excluded.created_at, created_at), seen_from = coalesce(excluded.seen_from, seen_from),
  last_pass = excluded.last_pass
"""


def keep(connection: Connection, refused: Iterable[Refused], now_us: int, seen_from: int | None) -> None:
    """Write the rows that could not be booked, with when and in which pass they were seen.

    `seen_from` is the start of the window that they were listed in, None if they were read alone.
    """
    by_key = {each.key: each for each in refused}
    last = newest_pass(connection)
    rows = [
        (each.key, each.reason, now_us, now_us, optional_to_us(each.created_at), seen_from, last)
        for each in by_key.values()
    ]
    connection.exec_driver_sql(_KEEP, rows)


_RELEASE = """
DELETE FROM quarantine WHERE last_pass < ? AND ((created_at >= ? AND created_at < ?) OR (seen_from >= ? AND ? >= ?))
"""


def release_unlisted(connection: Connection, last_pass: int, window: Interval, started_at: int) -> None:
    """Delete the rows that a complete pass, `last_pass` by id, should have listed and did not.

    It should have listed a row whose task was created within its window. If that time is unknown, it should have if it
    read up to the present, and from no later than the start of the window that last listed the row.
    """
    low = window.start and window.start + OVERLAP_US
    present = started_at - LONGEST_WAIT_US
    connection.exec_driver_sql(_RELEASE, (last_pass, low, window.end - OVERLAP_US, window.start, window.end, present))
