"""The store of notifications: put into the outbox, and claimed by one process at a time."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from bot.database.metadata import LOST_LEDGER, ledger_id, read, write
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.timestamps import optional_to_us, to_us
from bot.outbox.conditions import Moment, statement
from bot.outbox.destinations import Destination, decode_destination
from bot.outbox.keys import message_key
from bot.outbox.rules import NOTHING_TO_SAY


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A message to be sent once: whatever has the same `key` and `destination` is the same message.

    `topic` is of the live message that it begins, or whose thread it goes to. After `until` it is too old to be sent by
    itself. What is not `urgent` lets the rest go first.
    """

    key: NotificationKey
    destination: Destination
    topic: TopicKey | None = None
    until: datetime | None = None
    urgent: bool = True


@dataclass(frozen=True, slots=True)
class ClaimedNotification:
    """A claimed notification: what is needed to send it.

    `live` is the id of its live message; `thread` the parent's `ts` if it is a reply; `unconfirmed_at` is set if an
    attempt before may have arrived (microseconds).
    """

    id: int
    dedup_key: str
    destination: Destination
    channel: str
    token: str
    attempts: int
    live: int | None
    topic: str | None
    thread: str | None
    unconfirmed_at: int | None
    ledger: str

    @property
    def message_key(self) -> str:
        """What the message's metadata carries."""
        return message_key(self.dedup_key, self.destination.encode(), self.ledger)


# --- new notifications ---------------------------------------------------------------------------


_ENQUEUE = """
INSERT OR IGNORE INTO notification
  (stem, destination, ledger, living, state, created_at, next_at, owed_until, urgent, attempts, checks)
VALUES (?, ?, ?, (SELECT id FROM living WHERE thing = ? AND destination = ?), 'pending', ?, ?, ?, ?, 0, 0)
"""


def enqueue(connection: Connection, notifications: Iterable[NewNotification], now: datetime) -> int:
    """Put notifications into the outbox, in the caller's transaction; those that are there already stay as they are.

    Returns:
        How many are new.
    """
    rows = list(notifications)
    if not rows:
        return 0
    _add_live_messages(connection, rows)
    at, ledger = to_us(now), ledger_id(connection)
    added = connection.exec_driver_sql(_ENQUEUE, [_values(each, ledger, at) for each in rows])
    if added.rowcount:
        _mark_posted_by_lost_ledger(connection, rows, at)
    return added.rowcount


def _add_live_messages(connection: Connection, rows: Iterable[NewNotification]) -> None:
    live = {(each.topic.encode(), each.destination.encode()) for each in rows if each.topic}
    if live:
        connection.exec_driver_sql(
            "INSERT OR IGNORE INTO living (thing, destination, wanted, shown, editable, reposted) VALUES (?,?,0,0,1,0)",
            sorted(live),
        )


def _values(new: NewNotification, ledger: str, at: int) -> tuple[object, ...]:
    destination = new.destination.encode()
    topic = None if new.topic is None else new.topic.encode()
    until = optional_to_us(new.until)
    return new.key.encode(), destination, ledger, topic, destination, at, at, until, new.urgent


def _mark_posted_by_lost_ledger(connection: Connection, rows: Iterable[NewNotification], at: int) -> None:
    """Mark what a ledger that is lost may have posted too as unconfirmed, under its id: for some days after a restore.

    Keys that are the same in every ledger alone are concerned.
    """
    same = [each for each in rows if each.key.is_ledger_independent]
    noted = read(connection, LOST_LEDGER) if same else None
    if noted is None:
        return
    lost = json.loads(noted)
    if at >= lost["until"]:
        write(connection, LOST_LEDGER, None)
        return
    connection.exec_driver_sql(
        "UPDATE notification SET ledger = ?, created_at = ?, state = 'unsure', unsure_at = ?"
        " WHERE stem = ? AND destination = ? AND state = 'pending' AND attempts = 0",
        [(lost["id"], lost["since"], at, each.key.encode(), each.destination.encode()) for each in same],
    )


def enqueue_again(connection: Connection, notification: NewNotification, now: datetime) -> None:
    """Enqueue a notification anew, deleting its row first if it was discarded because there was nothing to say.

    A row that was sent, withdrawn or replaced stays, and nothing is enqueued.
    """
    connection.exec_driver_sql(
        "DELETE FROM notification WHERE stem = ? AND destination = ? AND state = 'moved' AND error = ?",
        (notification.key.encode(), notification.destination.encode(), NOTHING_TO_SAY),
    )
    enqueue(connection, [notification], now)


# --- claims --------------------------------------------------------------------------------------

# a reply waits for what its thread begins with; a thread in a channel that the destination has left is none of its own
_CLAIM = statement("""
SELECT n.id, n.stem, n.destination, n.attempts, n.living, l.thing,
       CASE WHEN l.channel = n.channel THEN l.ts END, n.unsure_at, n.ledger
FROM notification n LEFT JOIN living l ON l.id = n.living
WHERE n.state = 'pending' AND n.channel = :channel AND (n.owed_until IS NULL OR n.owed_until > :now) AND {ready}
  AND (n.living IS NULL OR (l.ts IS NOT NULL AND l.channel = n.channel) OR NOT EXISTS (
    SELECT 1 FROM notification e WHERE e.living = n.living AND e.id < n.id
    AND e.state IN ('pending','sending','unsure')))
ORDER BY n.urgent DESC, n.id LIMIT 1
""")


def claim(
    connection: Connection, channel: str, token: str, now: datetime, lease: timedelta
) -> ClaimedNotification | None:
    """Claim the next notification of a channel for as long as the lease lasts, outside of quiet hours.

    Returns:
        The notification; None if there is none to send now.
    """
    row = connection.exec_driver_sql(_CLAIM, {"channel": channel, **Moment(now).values}).first()
    if row is None:
        return None
    id_, dedup_key, destination, attempts, *rest = row
    claimed = ClaimedNotification(id_, dedup_key, decode_destination(destination), channel, token, attempts + 1, *rest)
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'sending', token = ?, claimed_at = ?, expires_at = ?, attempts = ?, thread = ?"
        " WHERE id = ?",
        (token, to_us(now), to_us(now + lease), claimed.attempts, claimed.thread, id_),
    )
    return claimed


def is_claim_valid(reader: Connection, claimed: ClaimedNotification, now: datetime) -> bool:
    """Return whether a claim still holds."""
    row = reader.execute(
        text(
            "SELECT 1 FROM notification WHERE id = :id AND state = 'sending' AND token = :token AND expires_at > :now"
        ),
        {"id": claimed.id, "token": claimed.token, "now": to_us(now)},
    ).first()
    return row is not None


def release_for_retry(connection: Connection, claimed: ClaimedNotification, until: datetime, why: str) -> None:
    """Give a claim back: the message has certainly not arrived, and waits until a moment to be sent again."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, next_at = ?, error = ? WHERE id = ? AND token = ?",
        (to_us(until), why, claimed.id, claimed.token),
    )


def release_for_resolution(connection: Connection, claimed: ClaimedNotification, why: str) -> None:
    """Give a claim back: the destination is in that channel no more, and has to be found again."""
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'pending', token = NULL, channel = NULL, error = ? WHERE id = ? AND token = ?",
        (why, claimed.id, claimed.token),
    )
