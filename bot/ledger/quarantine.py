"""The quarantine: rows of the upstream that could not be booked, each until a good one takes its place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, and_, bindparam, delete, func, or_, select

from bot.database.statements import insert
from bot.domain.tasks import Refused
from bot.domain.timestamps import from_us, optional_to_us
from bot.ledger.passes.coverage import LONGEST_WAIT_US, OVERLAP_US, Interval
from bot.ledger.passes.history import newest_pass
from bot.ledger.tables import quarantine

_Q = quarantine.c
_ANY = select(_Q.key).limit(1)
COUNT = select(func.count()).select_from(quarantine)
_ROWS = select(_Q.key, _Q.reason, _Q.first_seen_at)
_IN_ORDER = _ROWS.order_by(_Q.first_seen_at, _Q.key)
_LATEST = _ROWS.order_by(_Q.last_seen_at.desc(), _Q.key).limit(bindparam("most"))
_RELEASE = delete(quarantine).where(_Q.key == bindparam("which"))
_INSERT = insert(quarantine)
_KEEP = _INSERT.on_conflict_do_update(
    index_elements=[_Q.key],
    set_={
        "reason": _INSERT.excluded.reason,
        "last_seen_at": _INSERT.excluded.last_seen_at,
        "created_at": func.coalesce(_INSERT.excluded.created_at, _Q.created_at),
        "seen_from": func.coalesce(_INSERT.excluded.seen_from, _Q.seen_from),
        "last_pass": _INSERT.excluded.last_pass,
    },
)
_WAS_CREATED_INSIDE = and_(_Q.created_at >= bindparam("first"), _Q.created_at < bindparam("last"))
_WAS_LISTED_INSIDE = and_(
    _Q.seen_from >= bindparam("start"),
    bindparam("end", type_=BigInteger) >= bindparam("present", type_=BigInteger),
)
_RELEASE_UNLISTED = delete(quarantine).where(
    _Q.last_pass < bindparam("by_pass"), or_(_WAS_CREATED_INSIDE, _WAS_LISTED_INSIDE)
)


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that could not be booked: its task's id or a digest of it, why, and when that was first seen."""

    key: str
    reason: str
    first_seen_at: datetime


def has_quarantined(connection: Connection) -> bool:
    """Return whether any row could not be booked."""
    return connection.execute(_ANY).first() is not None


def quarantined_count(connection: Connection) -> int:
    """Return how many rows could not be booked."""
    return int(connection.execute(COUNT).scalar_one())


def quarantined_rows(connection: Connection) -> list[QuarantinedRow]:
    """Return every row that could not be booked, the first one first."""
    return [QuarantinedRow(row.key, row.reason, from_us(row.first_seen_at)) for row in connection.execute(_IN_ORDER)]


def latest_quarantined(connection: Connection, most: int) -> list[QuarantinedRow]:
    """Return the rows that were seen last of those that could not be booked, the latest first."""
    rows = connection.execute(_LATEST, {"most": most})
    return [QuarantinedRow(row.key, row.reason, from_us(row.first_seen_at)) for row in rows]


def release(connection: Connection, keys: Sequence[str]) -> None:
    """Delete the rows of tasks that could be booked."""
    if keys:
        connection.execute(_RELEASE, [{"which": key} for key in keys])


def keep(connection: Connection, refused: Iterable[Refused], now_us: int, seen_from: int | None) -> None:
    """Write the rows that could not be booked, with when and in which pass they were seen.

    `seen_from` is the start of the window that they were listed in, None if they were read alone.
    """
    by_key = {each.key: each for each in refused}
    last = newest_pass(connection)
    rows = [
        {
            "key": each.key,
            "reason": each.reason,
            "first_seen_at": now_us,
            "last_seen_at": now_us,
            "created_at": optional_to_us(each.created_at),
            "seen_from": seen_from,
            "last_pass": last,
        }
        for each in by_key.values()
    ]
    connection.execute(_KEEP, rows)


def release_unlisted(connection: Connection, last_pass: int, window: Interval, started_at: int) -> None:
    """Delete the rows that a complete pass, `last_pass` by id, should have listed and did not.

    It should have listed a row whose task was created within its window. If that time is unknown, it should have if it
    read up to the present, and from no later than the start of the window that last listed the row.
    """
    values = {
        "by_pass": last_pass,
        "first": window.start and window.start + OVERLAP_US,
        "last": window.end - OVERLAP_US,
        "start": window.start,
        "end": window.end,
        "present": started_at - LONGEST_WAIT_US,
    }
    connection.execute(_RELEASE_UNLISTED, values)
