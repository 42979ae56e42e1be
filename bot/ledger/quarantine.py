"""The quarantine: rows of the upstream that could not be booked, each until a good one takes its place."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.database.reader import plain_rows
from bot.domain.timestamps import from_us

if TYPE_CHECKING:
    from bot.database.reader import Reads


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be booked: its task's id or a digest of it, why, and when that was first seen."""

    key: str
    reason: str
    first_seen_at: datetime


def quarantined_count(reads: "Reads") -> int:
    """Return how many rows could not be booked."""
    return int(plain_rows(reads, "SELECT count(*) FROM quarantine")[0][0])


def quarantined_rows(reads: "Reads") -> list[QuarantinedRow]:
    """Return every row that could not be booked, the first one first."""
    rows = plain_rows(reads, "SELECT key, reason, first_seen_at FROM quarantine ORDER BY first_seen_at, key")
    return [QuarantinedRow(key, reason, from_us(at)) for key, reason, at in rows]


def latest_quarantined(reads: "Reads", most: int) -> list[QuarantinedRow]:
    """Return the rows that were seen last of those that could not be booked, the latest first."""
    sql = "SELECT key, reason, first_seen_at FROM quarantine ORDER BY last_seen_at DESC, key LIMIT ?"
    return [QuarantinedRow(key, reason, from_us(at)) for key, reason, at in plain_rows(reads, sql, (most,))]
