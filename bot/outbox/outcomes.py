"""What became of notifications: sent, not confirmed, ended without being sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.timestamps import optional_from_us, to_us
from bot.outbox.destinations import Destination
from bot.outbox.keys import StoredKey, StoredTopic
from bot.outbox.rules import NotificationState
from bot.outbox.store import ClaimedNotification, NewNotification, enqueue


def mark_unconfirmed(connection: Connection, claimed: ClaimedNotification, now: datetime, why: str) -> None:
    """Record that a message may have arrived: as a second copy if another process has claimed it meanwhile."""
    mine = connection.exec_driver_sql(
        "UPDATE notification SET state = 'unsure', token = NULL, unsure_at = ?, checks = 0, error = ?"
        " WHERE id = ? AND token = ?",
        (to_us(now), why, claimed.id, claimed.token),
    )
    if not mine.rowcount:
        mark_second_copy(connection, claimed, now)


def mark_second_copy(connection: Connection, claimed: ClaimedNotification, now: datetime) -> None:
    """Record that there may be a second copy of what another process has claimed, to be looked for."""
    connection.exec_driver_sql(
        "UPDATE notification SET unsure_at = ?, checks = 0, check_at = CASE state WHEN 'sent' THEN ? END WHERE id = ?",
        (to_us(now), to_us(now), claimed.id),
    )


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that is in Slack; `thread` is the parent's `ts` if it is a reply."""

    ts: str
    thread: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message has arrived `at`: the version that a parent shows, and after how long second copies are looked for."""

    posted: Posted
    shown: int
    check_after: timedelta
    at: datetime


NOTHING_SHOWN = -1  # a version below all others


def mark_sent(connection: Connection, claimed: ClaimedNotification, arrival: Arrival) -> str:
    """Record that a message was sent.

    Returns:
        The `ts` of the message that counts: another one if another process has sent it meanwhile, "" while it does.
    """
    return _mark_sent(connection, _SENT_BY_TOKEN, claimed.id, claimed.token, arrival)


def mark_arrived(connection: Connection, id_: int, arrival: Arrival) -> str:
    """Record that a message was found that may have arrived; returns as `mark_sent`."""
    return _mark_sent(connection, _SENT_IN_STATE, id_, NotificationState.UNCONFIRMED, arrival)


_SENT = """
UPDATE notification SET state = 'sent', token = NULL, ts = ?, thread = ?, settled_at = ?,
check_at = CASE WHEN unsure_at IS NOT NULL THEN ? END, error = NULL WHERE id = ?
"""
_SENT_BY_TOKEN = f"{_SENT} AND token = ?"
_SENT_IN_STATE = f"{_SENT} AND state = ?"
_PARENT = """
UPDATE living SET ts = ?, channel = (SELECT channel FROM notification n WHERE n.id = ?), shown = ?
WHERE id = (SELECT living FROM notification n WHERE n.id = ?)
"""


def _mark_sent(connection: Connection, sql: str, id_: int, condition: str, arrival: Arrival) -> str:
    posted = arrival.posted
    # counted from now, not from when it became unconfirmed: its clock may have been behind, and a copy may come yet
    check_at = to_us(arrival.at + arrival.check_after)
    values = (posted.ts, posted.thread, to_us(arrival.at), check_at, id_, condition)
    marked = connection.exec_driver_sql(sql, values)
    if marked.rowcount and posted.thread is None:
        connection.exec_driver_sql(_PARENT, (posted.ts, id_, arrival.shown, id_))
    row = connection.exec_driver_sql("SELECT ts FROM notification WHERE id = ?", (id_,)).one()
    return str(row[0] or "")


# --- ended without being sent --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """How a notification ends unsent: why, and to which destinations the same goes instead."""

    state: NotificationState
    why: str
    instead: Sequence[Destination] = ()


def end(connection: Connection, claimed: ClaimedNotification, ending: Ending, now: datetime) -> None:
    """End a claimed notification and enqueue it for the other destinations of its ending, unless the claim was lost."""
    _end(connection, claimed.id, claimed.token, ending, now)


def end_without_channel(connection: Connection, id_: int, ending: Ending, now: datetime) -> None:
    """End a notification whose channel is not known, so that nobody has claimed it; otherwise as `end`."""
    _end(connection, id_, "", ending, now)


_INHERITED = """
SELECT n.stem, l.thing, n.owed_until, n.urgent, n.ledger, n.created_at, n.unsure_at
FROM notification n LEFT JOIN living l ON l.id = n.living WHERE n.id = ?
"""


def _end(connection: Connection, id_: int, token: str, ending: Ending, now: datetime) -> None:
    ended = connection.exec_driver_sql(
        "UPDATE notification SET state = ?, settled_at = ?, error = ?, token = NULL"
        " WHERE id = ? AND coalesce(token, '') = ?",
        (ending.state, to_us(now), ending.why, id_, token),
    )
    if not ended.rowcount:
        return
    dedup_key, topic, until, urgent, *origin = connection.exec_driver_sql(_INHERITED, (id_,)).one()
    for destination in ending.instead:
        new = NewNotification(
            StoredKey(dedup_key),
            destination,
            None if topic is None else StoredTopic(topic),
            optional_from_us(until),
            bool(urgent),
        )
        if enqueue(connection, [new], now):
            _inherit(connection, new, *origin)


def _inherit(
    connection: Connection, new: NewNotification, ledger: str, created_at: int, unconfirmed_at: int | None
) -> None:
    """Record where a notification comes from. One that is unconfirmed may have been replaced before, by the same."""
    state = NotificationState.PENDING if unconfirmed_at is None else NotificationState.UNCONFIRMED
    connection.exec_driver_sql(
        "UPDATE notification SET ledger = ?, created_at = ?, state = ?, unsure_at = ?"
        " WHERE stem = ? AND destination = ?",
        (ledger, created_at, state, unconfirmed_at, new.key.encode(), new.destination.encode()),
    )
