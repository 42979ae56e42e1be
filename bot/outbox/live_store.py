"""The store of live messages: those that are edited as what they show changes, one a topic and destination."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, text

from bot.domain.keys import TopicKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import Moment, statement
from bot.outbox.destinations import Destination, decode_destination
from bot.outbox.keys import AgainKey, NewsKey, StoredTopic, is_of, message_key
from bot.outbox.store import NewNotification, enqueue

Topic = TypeVar("Topic", bound=TopicKey)


def request_edits(connection: Connection, topics: Iterable[TopicKey]) -> None:
    """Have the live messages of topics edited: what they show has changed."""
    if names := [each.encode() for each in topics]:
        connection.exec_driver_sql(
            "UPDATE living SET wanted = wanted + 1 WHERE thing IN (SELECT value FROM json_each(?))",
            (json.dumps(names),),
        )


def live_messages(reads: Connection, topics: Iterable[Topic]) -> list[tuple[Topic, Destination]]:
    """Return topic and destination of the live messages that are posted, of those topics."""
    by_name = {each.encode(): each for each in topics}
    rows = reads.exec_driver_sql(
        "SELECT l.thing, l.destination FROM json_each(?) j CROSS JOIN living l ON l.thing = j.value"
        " WHERE l.ts IS NOT NULL",
        (json.dumps(list(by_name)),),
    )
    return [(by_name[name], decode_destination(destination)) for name, destination in rows.all()]


def topics_of(reads: Connection, topic_class: type[Topic]) -> list[Topic]:
    """Return the topics of one class that any live message has. It reads all live messages."""
    rows = reads.exec_driver_sql("SELECT DISTINCT thing FROM living").all()
    return [topic_class.decode(name) for (name,) in rows if is_of(topic_class, name)]


def wanted_version(reader: Connection, live: int | None) -> int:
    """Return the version that a live message is to show; 0 if there is none."""
    row = reader.execute(text("SELECT wanted FROM living WHERE id = :id"), {"id": live}).first()
    return int(row[0]) if row else 0


# --- edits ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedEdit:
    """A live message that shows less than it is to show, claimed to be edited.

    `dedup_key` and `message_key` are of the notification that it was posted for; both are empty if that is unknown.
    """

    id: int
    topic: str
    destination: Destination
    channel: str
    ts: str
    version: int
    token: str
    dedup_key: str
    message_key: str
    reposted: bool
    editable: bool


_EDIT = statement("""
SELECT l.id, l.thing, l.destination, l.ts, l.wanted, l.reposted, l.editable, n.stem, n.destination, n.ledger
FROM living l LEFT JOIN notification n ON n.living = l.id AND n.ts = l.ts
WHERE {outdated} AND l.channel = :channel AND {unclaimed} ORDER BY l.id LIMIT 1
""")


def claim_edit(connection: Connection, channel: str, token: str, now: datetime, lease: timedelta) -> ClaimedEdit | None:
    """Claim a live message of a channel that is to be edited, for as long as the lease lasts; None if there is none."""
    row = connection.exec_driver_sql(_EDIT, {"channel": channel, **Moment(now).values}).first()
    if row is None:
        return None
    id_, topic, destination, ts, version, reposted, editable, *posted_for = row
    connection.exec_driver_sql(
        "UPDATE living SET token = ?, expires_at = ? WHERE id = ?", (token, to_us(now + lease), id_)
    )
    return ClaimedEdit(
        id=id_,
        topic=topic,
        destination=decode_destination(destination),
        channel=channel,
        ts=ts,
        version=version,
        token=token,
        dedup_key=posted_for[0] or "",
        message_key=message_key(*posted_for) if posted_for[0] else "",
        reposted=bool(reposted),
        editable=bool(editable),
    )


def mark_edited(connection: Connection, edit: ClaimedEdit) -> None:
    """Record that a message shows its version. It is edited once more if another process has claimed it meanwhile.

    Otherwise the older text of the two might stay.
    """
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = max(shown, ?), token = NULL WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    _edit_once_more(connection, edit, unless=mine.rowcount)


def postpone_edit(connection: Connection, edit: ClaimedEdit, until: datetime) -> None:
    """Postpone an edit that did not work; if another process has claimed it meanwhile, it is edited once more."""
    mine = connection.exec_driver_sql(
        "UPDATE living SET expires_at = ? WHERE id = ? AND token = ?", (to_us(until), edit.id, edit.token)
    )
    _edit_once_more(connection, edit, unless=mine.rowcount)


def _edit_once_more(connection: Connection, edit: ClaimedEdit, unless: int) -> None:
    if not unless:
        connection.exec_driver_sql("UPDATE living SET wanted = wanted + 1 WHERE id = ?", (edit.id,))


_POSTPONE_ALL = statement("""
UPDATE living AS l SET token = 'later', expires_at = :until WHERE {outdated} AND l.channel = :channel AND {unclaimed}
""")


def postpone_edits(connection: Connection, channel: str, until: datetime, now: datetime) -> None:
    """Postpone all edits of a channel that no process has claimed: Slack takes none just now."""
    values = {"channel": channel, "until": to_us(until), **Moment(now).values}
    connection.exec_driver_sql(_POSTPONE_ALL, values)


def mark_deleted(connection: Connection, edit: ClaimedEdit, now: datetime) -> None:
    """Record that somebody has deleted a live message.

    It is posted again, once; after that the next notification of its topic begins a new one.
    """
    connection.exec_driver_sql(
        "UPDATE living SET ts = NULL, token = NULL, shown = wanted, reposted = 1 WHERE id = ? AND ts = ?",
        (edit.id, edit.ts),
    )
    if not edit.reposted:
        enqueue(connection, [NewNotification(AgainKey(edit.id), edit.destination, StoredTopic(edit.topic))], now)


def mark_not_editable(connection: Connection, edit: ClaimedEdit, now: datetime) -> None:
    """Record that Slack takes no more edits of a live message, and put its news into the outbox, for its thread.

    Nothing is put there if another process has claimed the edit meanwhile, or if there was news since the last
    notification of the thread: news after each sync would flood it.
    """
    mine = connection.exec_driver_sql(
        "UPDATE living SET shown = ?, token = NULL, editable = 0 WHERE id = ? AND token = ?",
        (edit.version, edit.id, edit.token),
    )
    if mine.rowcount:
        key = NewsKey(edit.id, _last_step(connection, edit.id))
        enqueue(connection, [NewNotification(key, edit.destination, StoredTopic(edit.topic))], now)


def _last_step(connection: Connection, live: int) -> int:
    """Return the id of the newest notification of a live message that is no news itself; 0 if there is none."""
    rows = connection.exec_driver_sql("SELECT id, stem FROM notification WHERE living = ? ORDER BY id DESC", (live,))
    return next((id_ for id_, dedup_key in rows.all() if not is_of(NewsKey, dedup_key)), 0)
