"""Changes that other packages make to stored notifications and live messages: rename, redirect, withdraw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

from sqlalchemy import ColumnElement, Connection, String, and_, bindparam, case, delete, exists, or_, select, update

from bot.domain.keys import NotificationKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import in_state
from bot.outbox.destinations import Destination
from bot.outbox.live_store import Topic
from bot.outbox.rules import NotificationState
from bot.outbox.tables import live_message, notification

_PENDING = in_state(NotificationState.PENDING)
_OF_KEY = notification.c.stem == bindparam("of_key")
_DISCARD = update(notification).values(state=NotificationState.DISCARDED)
_WITHDRAW = _DISCARD.where(_OF_KEY, notification.c.state == NotificationState.PENDING)
_DELETE = delete(notification).where(_OF_KEY)


def withdraw(connection: Connection, keys: Iterable[NotificationKey], why: str, now: datetime) -> None:
    """Discard the notifications of those keys that wait to be sent."""
    values = {"settled_at": to_us(now), "error": why}
    if rows := [{"of_key": each.encode(), **values} for each in keys]:
        connection.execute(_WITHDRAW, rows)


def delete_notifications(connection: Connection, key: NotificationKey) -> None:
    """Delete the notifications of a key, so that the same can be put into the outbox again."""
    connection.execute(_DELETE, {"of_key": key.encode()})


_RENAME_KEY = update(notification).where(_OF_KEY).values(stem=bindparam("new_key"))


def rename_keys(connection: Connection, names: Mapping[NotificationKey, NotificationKey]) -> None:
    """Give notifications other keys, under which there are none yet."""
    if rows := [{"of_key": was.encode(), "new_key": to.encode()} for was, to in names.items()]:
        connection.execute(_RENAME_KEY, rows)


_WAITS_FOR = and_(_PENDING, notification.c.destination == bindparam("old"))
_other = notification.alias("other")
_IS_THERE_ALREADY = exists().where(_other.c.stem == notification.c.stem, _other.c.destination == bindparam("new"))
_REDIRECT = (
    update(notification).where(_WAITS_FOR, ~_IS_THERE_ALREADY).values(destination=bindparam("new"), channel=None)
)
_DISCARD_OTHERS = _DISCARD.where(_WAITS_FOR)


def redirect(connection: Connection, old: Destination, new: Destination, why: str, now: datetime) -> None:
    """Send what waits for a destination to another; what that one has already is discarded.

    What is being sent, or may have arrived, is left as it is: it is looked for by the key that it had.
    """
    connection.execute(_REDIRECT, {"old": old.encode(), "new": new.encode()})
    connection.execute(_DISCARD_OTHERS, {"old": old.encode(), "settled_at": to_us(now), "error": why})


_taken = live_message.alias("taken")
_renamed = live_message.alias("renamed")
_OLD, _NEW = bindparam("old", type_=String), bindparam("new", type_=String)


def _new_destination(destination: ColumnElement[str]) -> ColumnElement[str]:
    return case((destination == bindparam("from"), bindparam("to", type_=String)), else_=destination)


_DESTINATION = _new_destination(live_message.c.destination)
# of two live messages that become the same one, the older one
_IS_TAKEN = exists().where(
    _taken.c.id != live_message.c.id,
    or_(
        and_(_taken.c.thing == _NEW, _taken.c.destination == _DESTINATION),
        and_(
            _taken.c.thing == _OLD,
            _new_destination(_taken.c.destination) == _DESTINATION,
            _taken.c.id < live_message.c.id,
        ),
    ),
)
_MERGE = (
    update(live_message).where(live_message.c.thing == _OLD, ~_IS_TAKEN).values(thing=_NEW, destination=_DESTINATION)
)
_JOINED = (
    select(_renamed.c.id)
    .join(live_message, _renamed.c.destination == _DESTINATION)
    .where(_renamed.c.thing == _NEW, live_message.c.id == notification.c.living)
    .correlate(notification)
)
_JOIN = (
    update(notification)
    .where(
        _PENDING,
        notification.c.living.in_(select(live_message.c.id).where(live_message.c.thing == _OLD)),
    )
    .values(living=_JOINED.scalar_subquery())
)


def merge_topics(connection: Connection, names: Mapping[Topic, Topic], old: Destination, new: Destination) -> None:
    """Rename topics, and the destination `old` of their live messages to `new`.

    If a topic's new name has a live message at the destination already, that one stays, and what waits to be sent goes
    to its thread.
    """
    for was, to in names.items():
        values = {"old": was.encode(), "new": to.encode(), "from": old.encode(), "to": new.encode()}
        connection.execute(_MERGE, values)
        connection.execute(_JOIN, values)


_OF_TOPIC = select(live_message.c.id).where(live_message.c.thing == bindparam("topic"))
_RENAME = update(live_message).where(live_message.c.id == bindparam("of_id"))
_RENAME_UNLESS_TAKEN = _RENAME.where(
    ~exists().where(
        _taken.c.thing == _NEW, _taken.c.destination == live_message.c.destination, _taken.c.id != live_message.c.id
    )
).values(thing=_NEW)


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
        connection.execute(_RENAME, [{"of_id": id_, "thing": each.otherwise.encode()} for id_, each in renamed])
        connection.execute(_RENAME_UNLESS_TAKEN, [{"of_id": id_, "new": each.new.encode()} for id_, each in renamed])
    return [each.new for _, each in found]


def _live_ids(connection: Connection, topic: Topic) -> list[int]:
    return list(connection.execute(_OF_TOPIC, {"topic": topic.encode()}).scalars())
