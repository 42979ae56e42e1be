"""Queries: what other packages may ask of the outbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from bot.domain.keys import NotificationKey
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.outbox.conditions import statement
from bot.outbox.destinations import Destination, decode_destination
from bot.outbox.keys import KeyRange, message_key
from bot.outbox.rules import NOTHING_TO_SAY, NotificationState

NOT_RENDERED = "it could not be worded"  # what the error of a notification begins with whose text could not be made

# --- of one key ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What became of a notification at one destination: `at` is when, `channel` and `ts` where it can be seen."""

    destination: Destination
    state: NotificationState
    at: datetime | None
    channel: str | None
    ts: str | None
    why: str


def delivery_records(reads: Connection, key: NotificationKey) -> list[DeliveryRecord]:
    """Return what became of the notifications of a key, the oldest first."""
    rows = reads.exec_driver_sql(
        "SELECT destination, state, settled_at, channel, ts, coalesce(error, '') FROM notification"
        " WHERE stem = ? ORDER BY id",
        (key.encode(),),
    )
    return [
        DeliveryRecord(decode_destination(destination), NotificationState(state), optional_from_us(at), *rest)
        for destination, state, at, *rest in rows.all()
    ]


def is_enqueued(reads: Connection, key: NotificationKey) -> bool:
    """Return whether there is a notification of a key, whatever became of it."""
    return reads.exec_driver_sql("SELECT 1 FROM notification WHERE stem = ?", (key.encode(),)).first() is not None


def is_enqueued_by(reads: Connection, key: NotificationKey, now: datetime) -> bool:
    """Return whether there is a notification of a key, but for one that a clock ahead of this one has made."""
    sql = "SELECT 1 FROM notification WHERE stem = ? AND created_at <= ?"
    return reads.exec_driver_sql(sql, (key.encode(), to_us(now))).first() is not None


def is_reported(reads: Connection, key: NotificationKey) -> bool:
    """Return whether there is a notification of a key that was not discarded."""
    sql = "SELECT 1 FROM notification WHERE stem = ? AND state <> 'moved'"
    return reads.exec_driver_sql(sql, (key.encode(),)).first() is not None


_LIVE = "SELECT 1 FROM notification WHERE stem = ? AND state IN ('pending', 'sending', 'unsure', 'sent')"


def is_sent_or_waiting(reads: Connection, key: NotificationKey) -> bool:
    """Return whether a notification of a key was sent, or is still to be, at any destination."""
    return reads.exec_driver_sql(_LIVE, (key.encode(),)).first() is not None


def is_dropped_as_empty(reads: Connection, key: NotificationKey, destination: Destination) -> bool:
    """Return whether a notification was discarded at a destination because there was nothing to say.

    One that was withdrawn, or replaced by notifications for other destinations, is not meant.
    """
    row = reads.exec_driver_sql(
        "SELECT 1 FROM notification WHERE stem = ? AND destination = ? AND state = 'moved' AND error = ?",
        (key.encode(), destination.encode(), NOTHING_TO_SAY),
    ).first()
    return row is not None


def last_claimed_at(reads: Connection, key: NotificationKey) -> datetime | None:
    """Return when a notification of a key was last rendered to be sent; None if it never was."""
    row = reads.exec_driver_sql("SELECT max(claimed_at) FROM notification WHERE stem = ?", (key.encode(),)).first()
    return None if row is None or row[0] is None else from_us(row[0])


# --- of several keys -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EnqueuedNotification:
    """A notification's key, when it was put into the outbox, and until when it was to be sent by itself, if ever."""

    dedup_key: str
    created_at: datetime
    until: datetime | None


def enqueued_notifications(reads: Connection, keys: KeyRange) -> list[EnqueuedNotification]:
    """Return the notifications whose keys lie in a range, whatever became of them."""
    rows = reads.exec_driver_sql(
        "SELECT stem, created_at, owed_until FROM notification WHERE stem >= ? AND stem < ?", (keys.low, keys.high)
    )
    return [
        EnqueuedNotification(dedup_key, from_us(created_at), optional_from_us(until))
        for dedup_key, created_at, until in rows.all()
    ]


# --- of all --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """The outbox as `status` shows it: how many by state, when the oldest undelivered one was made, and dead ones.

    Of each dead one there is the key, why, and when; moments are microseconds.
    """

    counts: dict[str, int]
    oldest: int | None
    dead: list[tuple[str, str, int]]


_UNDELIVERED = statement("SELECT count(*), min(n.created_at) FROM notification n WHERE {undelivered}")


def undelivered_count(reader: Connection) -> int:
    """Return how many notifications are not delivered yet."""
    return int(reader.execute(text(_UNDELIVERED)).all()[0][0])


def outbox_summary(reader: Connection) -> OutboxSummary:
    """Return how many notifications are in which state, and the dead ones."""
    rows = reader.execute(text("SELECT state, count(*) AS number FROM notification GROUP BY state"))
    counts: dict[str, int] = {row.state: row.number for row in rows}
    _, oldest = reader.execute(text(_UNDELIVERED)).all()[0]
    dead = reader.execute(
        text(
            "SELECT stem, destination, coalesce(error, ''), settled_at FROM notification"
            " WHERE state = 'dead' ORDER BY settled_at DESC, id DESC LIMIT 20"
        )
    ).all()
    named = [(message_key(dedup_key, destination, ""), why, at) for dedup_key, destination, why, at in dead]
    return OutboxSummary(counts, oldest, named)


def dead_notifications(reader: Connection, since: datetime, now: datetime) -> tuple[int, str | None]:
    """Return how many notifications could not be delivered since a moment, and one reason."""
    count, why = reader.execute(
        text(
            "SELECT count(*), max(error) FROM notification WHERE state = 'dead' AND settled_at > :since"
            " AND settled_at <= :now"
        ),
        {"since": to_us(since), "now": to_us(now)},
    ).all()[0]
    return int(count), why


def unrendered_count(reader: Connection) -> int:
    """Return how many notifications wait because their text could not be made."""
    sql = "SELECT count(*) FROM notification WHERE state = 'pending' AND error LIKE :begins || '%'"
    return int(reader.execute(text(sql), {"begins": NOT_RENDERED}).all()[0][0])
