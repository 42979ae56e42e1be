"""Changes that other packages make to stored notifications and live messages: rename, redirect, withdraw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from sqlalchemy import Connection

from bot.domain.keys import NotificationKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import statement
from bot.outbox.destinations import Destination
from bot.outbox.live_store import Topic


def withdraw(connection: Connection, keys: Iterable[NotificationKey], why: str, now: datetime) -> None:
    """Discard the notifications of those keys that wait to be sent."""
    if rows := [(to_us(now), why, each.encode()) for each in keys]:
        connection.exec_driver_sql(
            "UPDATE notification SET state = 'moved', settled_at = ?, error = ? WHERE stem = ? AND state = 'pending'",
            rows,
        )


def delete_notifications(connection: Connection, key: NotificationKey) -> None:
    """Delete the notifications of a key, so that the same can be put into the outbox again."""
    connection.exec_driver_sql("DELETE FROM notification WHERE stem = ?", (key.encode(),))


def redirect(connection: Connection, old: Destination, new: Destination, why: str, now: datetime) -> None:
    """Send what waits for a destination to another; what that one has already is discarded.

    What is being sent, or may have arrived, is left as it is: it is looked for by the key that it had.
    """
    values = {"old": old.encode(), "new": new.encode()}
    connection.exec_driver_sql(
        "UPDATE OR IGNORE notification SET destination = :new, channel = NULL"
        " WHERE state = 'pending' AND destination = :old",
        values,
    )
    connection.exec_driver_sql(
        "UPDATE notification SET state = 'moved', settled_at = :now, error = :why"
        " WHERE state = 'pending' AND destination = :old",
        {**values, "now": to_us(now), "why": why},
    )


_DESTINATION = "CASE l.destination WHEN :from THEN :to ELSE l.destination END"
_RENAME = statement(
    "UPDATE OR IGNORE living AS l SET thing = :new, destination = {destination} WHERE l.thing = :old",
    destination=_DESTINATION,
)
_JOIN = statement(
    """
UPDATE notification SET living = (
  SELECT n.id FROM living l JOIN living n ON n.thing = :new AND n.destination = {destination}
  WHERE l.id = notification.living)
WHERE state = 'pending' AND living IN (SELECT id FROM living WHERE thing = :old)
""",
    destination=_DESTINATION,
)


def merge_topics(connection: Connection, names: Mapping[Topic, Topic], old: Destination, new: Destination) -> None:
    """Rename topics, and the destination `old` of their live messages to `new`.

    If a topic's new name has a live message at the destination already, that one stays, and what waits to be sent goes
    to its thread.
    """
    for was, to in names.items():
        values = {"old": was.encode(), "new": to.encode(), "from": old.encode(), "to": new.encode()}
        connection.exec_driver_sql(_RENAME, values)
        connection.exec_driver_sql(_JOIN, values)


@dataclass(frozen=True, slots=True)
class TopicRename(Generic[Topic]):
    """A topic, its new name, and the name that it gets `otherwise`, if another live message has the new one."""

    old: Topic
    new: Topic
    otherwise: Topic


def rename_topics(connection: Connection, renames: Iterable[TopicRename[Topic]]) -> list[Topic]:
    """Rename the topics of live messages, also to names that others of them have until then.

    Returns:
        The new topics, for each live message that has one.
    """
    found = [(id_, each) for each in renames for id_ in _live_ids(connection, each.old)]
    renamed = [(id_, each) for id_, each in found if each.old != each.new]
    if renamed:  # first out of each other's way
        connection.exec_driver_sql(
            "UPDATE living SET thing = ? WHERE id = ?", [(each.otherwise.encode(), id_) for id_, each in renamed]
        )
        connection.exec_driver_sql(
            "UPDATE OR IGNORE living SET thing = ? WHERE id = ?", [(each.new.encode(), id_) for id_, each in renamed]
        )
    return [each.new for _, each in found]


def _live_ids(connection: Connection, topic: Topic) -> list[int]:
    rows = connection.exec_driver_sql("SELECT id FROM living WHERE thing = ?", (topic.encode(),))
    return [id_ for (id_,) in rows.all()]
