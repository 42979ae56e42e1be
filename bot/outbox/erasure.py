"""What the outbox holds of a person, and its erasure: messages to them and about them."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)

from bot.database.chunks import chunks
from bot.database.personal_rows import Document, documents, mentions, redact
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.person import Person
from bot.domain.timestamps import to_us
from bot.outbox.destinations import Destination, MemberDestination, OperatorDestination, UserDestination
from bot.outbox.rules import NotificationState
from bot.outbox.tables import live_message, notification

_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_UNLIST = update(notification).where(notification.c.covered_by.in_(_IDS)).values(covered_by=None)
_DELETE = delete(notification).where(notification.c.id.in_(_IDS))
_DELETE_LIVE = delete(live_message).where(live_message.c.id.in_(_IDS))
_TEXTS = ("error",)
_NEWEST = select(func.max(notification.c.id))
_NEWEST_LIVE = select(func.max(live_message.c.id))
_EMPTY = update(notification).where(notification.c.id == bindparam("of_id"))
_EMPTY_LIVE = update(live_message).where(live_message.c.id == bindparam("of_id"))


def destinations_of(person: Person) -> list[Destination]:
    """Return the destinations that are a person's direct messages."""
    users = sorted(person.slack_users)
    return [
        *map(MemberDestination, person.members), *map(UserDestination, users), *map(OperatorDestination, users)
    ]  # fmt: skip


def erase_messages_to(connection: Connection, person: Person, now: datetime) -> None:
    """Delete the messages to a person, sent or not, and replace their names in what is recorded of the others."""
    texts = [each.encode() for each in destinations_of(person)]
    to_them = connection.execute(select(live_message.c.id).where(live_message.c.destination.in_(texts)))
    _erase(connection, to_them.scalars().all(), notification.c.destination.in_(texts), now)
    redact(connection, notification, _TEXTS, person.redacted)


def erase_messages_about(
    connection: Connection, keys: Iterable[NotificationKey], topics: Iterable[TopicKey], now: datetime
) -> None:
    """Delete the messages of these keys, and the live messages of these topics with their threads, sent or not."""
    for names in chunks({each.encode() for each in topics}):
        about = connection.execute(_live_of(names)).scalars().all()
        _erase(connection, about, notification.c.living.in_([]), now)
    for names in chunks({each.encode() for each in keys}):
        _erase(connection, [], notification.c.stem.in_(names), now)


def _erase(connection: Connection, live: Collection[int], condition: ColumnElement[bool], now: datetime) -> None:
    """Delete live messages with their threads, and the notifications that fulfil a condition.

    The newest row of each table stays, as nothing: SQLite would give its id, which keys are made of, to another one.
    """
    found = select(notification.c.id).where(or_(condition, notification.c.living.in_(list(live))))
    ids = connection.execute(found).scalars().all()
    newest, newest_live = connection.execute(_NEWEST).scalar(), connection.execute(_NEWEST_LIVE).scalar()
    for some in chunks(ids):
        connection.execute(_UNLIST, {"ids": some})
        connection.execute(_DELETE, {"ids": [each for each in some if each != newest]})
    if newest in ids:
        connection.execute(_EMPTY, _nothing(newest) | _NOTHING_TO_SEND | {"settled_at": to_us(now)})
    for some in chunks(live):
        connection.execute(_DELETE_LIVE, {"ids": [each for each in some if each != newest_live]})
    if newest_live in live:
        connection.execute(_EMPTY_LIVE, _nothing(newest_live) | {"wanted": 0, "shown": 0})


_NOTHING_TO_SEND = {
    "state": NotificationState.DISCARDED, "living": None, "check_at": None, "thread": None, "error": None,
}  # fmt: skip


def _nothing(id_: int | None) -> dict[str, object]:
    """Return what a row is emptied with: a destination of nobody that no other row has."""
    destination = UserDestination(f"removed-{id_}").encode()
    return {"of_id": id_, "destination": destination, "channel": None, "ts": None, "token": None, "expires_at": None}


def exported_messages(connection: Connection, person: Person) -> dict[str, list[Document]]:
    """Return the notifications to a person, the live messages in their direct messages, and errors that name them."""
    texts = [each.encode() for each in destinations_of(person)]
    return {
        "notifications": documents(connection, notification, notification.c.destination.in_(texts)),
        "live_messages": documents(connection, live_message, live_message.c.destination.in_(texts)),
        "notification_mentions": mentions(connection, notification, _TEXTS, person.redacted),
    }


_ABOUT = ("stem", "state", "created_at", "settled_at")  # says nothing of who else got it


def exported_messages_about(
    connection: Connection, person: Person, keys: Iterable[NotificationKey], topics: Iterable[TopicKey]
) -> list[Document]:
    """Return the messages of these keys, and of the live messages of these topics, that others than a person got."""
    is_to_them = notification.c.destination.in_([each.encode() for each in destinations_of(person)])
    conditions = [
        *(notification.c.stem.in_(names) for names in chunks({each.encode() for each in keys})),
        *(notification.c.living.in_(_live_of(names)) for names in chunks({each.encode() for each in topics})),
    ]
    found: dict[Any, Document] = {
        row["id"]: {name: row[name] for name in _ABOUT}
        for condition in conditions
        for row in documents(connection, notification, and_(condition, not_(is_to_them)))
    }
    return [found[id_] for id_ in sorted(found)]


def _live_of(names: Collection[str]) -> Select[int]:
    return select(live_message.c.id).where(live_message.c.thing.in_(names))
