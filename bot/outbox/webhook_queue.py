"""The webhook's queue: whether events are taken, which are put into it or dropped, and what is wrong with it.

What is recorded in the database decides, for every process alike: events are taken from the moment that a service with
a WEBHOOK_URL has switched it on, so that nothing of the time before is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, func, select, update

from bot.database import metadata
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.timestamps import from_us, to_us
from bot.outbox.conditions import READY, UNCONFIRMED, Moment, in_state
from bot.outbox.destinations import WEBHOOK_CHANNEL, WebhookDestination
from bot.outbox.events import EventPlace, event_id
from bot.outbox.keys import message_key
from bot.outbox.rules import NotificationState
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.tables import live_message, notification

_STATE = "webhook"  # the metadata that says whether events are taken
_ON, _GONE = "on", "gone:"  # before the fingerprint of the address that wants no more

_WEBHOOK = WebhookDestination()
_AT_WEBHOOK = notification.c.destination == _WEBHOOK.encode()


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be sent once. Those of one topic are sent in their order, and are about one subject."""

    key: NotificationKey
    topic: TopicKey | None = None


def enqueue_events(connection: Connection, events: Iterable[NewEvent], now: datetime) -> None:
    """Put events into the outbox, in the caller's transaction, if the webhook takes them."""
    if (new := list(events)) and is_on(connection):
        enqueue(connection, (NewNotification(each.key, _WEBHOOK, each.topic) for each in new), now)


# --- on and off ----------------------------------------------------------------------------------


def is_on(connection: Connection) -> bool:
    """Return whether events are taken."""
    return metadata.read(connection, _STATE) == _ON


def is_gone(connection: Connection) -> bool:
    """Return whether the receiver has said that it wants no more events."""
    return (metadata.read(connection, _STATE) or "").startswith(_GONE)


def is_switch_due(connection: Connection, address: str | None) -> bool:
    """Return whether `switch` would change anything."""
    wanted = _wanted(connection, address)
    if metadata.read(connection, _STATE) != wanted:
        return True
    # such as what was being sent when it was switched off
    return wanted != _ON and connection.execute(_DROPPABLE).first() is not None


def switch(connection: Connection, address: str | None, now: datetime) -> int:
    """Take events for the receiver of an address, given by its fingerprint, or none without one.

    A receiver that wanted no more gets none until its address changes, or `resume`. Returns how many were dropped.
    """
    wanted = _wanted(connection, address)
    metadata.write(connection, _STATE, wanted)
    return 0 if wanted == _ON else _drop(connection, "the webhook is off", now)


def _wanted(connection: Connection, address: str | None) -> str | None:
    if address is None:
        return None
    return state if (state := metadata.read(connection, _STATE)) == f"{_GONE}{address}" else _ON


def mark_gone(connection: Connection, address: str, now: datetime) -> int:
    """Record that the receiver of an address wants no more events; returns how many were dropped."""
    metadata.write(connection, _STATE, f"{_GONE}{address}")
    return _drop(connection, "the receiver wants no more events", now)


def resume(connection: Connection) -> bool:
    """Take events again if the receiver wanted no more; return whether it had."""
    was_gone = is_gone(connection)
    if was_gone:
        metadata.write(connection, _STATE, _ON)
    return was_gone


_WAITS = and_(_AT_WEBHOOK, in_state(NotificationState.PENDING, NotificationState.UNCONFIRMED))
_DROPPABLE = select(notification.c.id).where(_WAITS).limit(1)
_DROP = update(notification).where(_WAITS).values(state=NotificationState.DISCARDED, token=None)


def _drop(connection: Connection, why: str, now: datetime) -> int:
    return connection.execute(_DROP, {"settled_at": to_us(now), "error": why}).rowcount


# --- waiting -------------------------------------------------------------------------------------

_POSTPONE = update(notification).where(
    in_state(NotificationState.PENDING),
    notification.c.channel == WEBHOOK_CHANNEL,
    notification.c.next_at < bindparam("until"),
)


def postpone_events(connection: Connection, until: datetime) -> None:
    """Postpone what waits for the receiver: it takes nothing just now."""
    connection.execute(_POSTPONE, {"until": to_us(until), "next_at": to_us(until)})


_RESEND = (
    update(notification)
    .where(UNCONFIRMED, READY, notification.c.channel == WEBHOOK_CHANNEL)
    .values(state=NotificationState.PENDING, next_at=bindparam("now"), error="nobody can tell whether it arrived")
)


def resend_unconfirmed(connection: Connection, moment: Moment) -> None:
    """Have events that may have arrived sent again, under the same ids: no receiver shows what it has."""
    connection.execute(_RESEND, moment.values)


# --- queries -------------------------------------------------------------------------------------

_OF_LIVE = notification.c.living == bindparam("live")
_NUMBER = select(func.count()).where(_OF_LIVE, notification.c.id <= bindparam("which"))
_FIRST = select(*notification.c["stem", "destination", "ledger"]).where(_OF_LIVE).order_by(notification.c.id).limit(1)


def event_place(connection: Connection, id_: int, live: int | None, key: str) -> EventPlace:
    """Return where an event stands, by its row, its live message's id and its message key.

    Its subject is called by the id of the first event about it.
    """
    if live is None:
        return EventPlace(event_id(key), event_id(key), 1)
    number = connection.execute(_NUMBER, {"live": live, "which": id_}).scalar_one()
    first = connection.execute(_FIRST, {"live": live}).one()
    return EventPlace(event_id(key), event_id(message_key(*first)), int(number))


_COUNT = (
    select(func.count())
    .select_from(notification.join(live_message, live_message.c.id == notification.c.living))
    .where(live_message.c.thing == bindparam("topic"), live_message.c.destination == _WEBHOOK.encode())
)


def event_count(connection: Connection, topic: TopicKey) -> int:
    """Return how many events there are about a topic, sent or not."""
    return int(connection.execute(_COUNT, {"topic": topic.encode()}).scalar_one())


@dataclass(frozen=True, slots=True)
class WebhookTrouble:
    """What is wrong with the webhook: how many events were given up and why, since when the oldest waits and why."""

    given_up: int
    why_given_up: str | None
    waiting_since: datetime | None
    why_waiting: str | None


_GIVEN_UP = select(func.count().label("number"), func.max(notification.c.error).label("why")).where(
    _AT_WEBHOOK,
    in_state(NotificationState.DEAD),
    notification.c.settled_at > bindparam("since"),
    notification.c.settled_at <= bindparam("now"),
)
_WAITING = (
    select(notification.c.created_at, notification.c.error)
    .where(_AT_WEBHOOK, in_state(NotificationState.PENDING), notification.c.error.is_not(None))
    # not by the bare id, in whose order SQLite would look through all that ever were
    .order_by(notification.c.id + 0)
    .limit(1)
)


def webhook_trouble(connection: Connection, recent: timedelta, now: datetime) -> WebhookTrouble:
    """Return what was given up so recently, and the oldest event that waits after an attempt to send it."""
    given_up = connection.execute(_GIVEN_UP, {"since": to_us(now - recent), "now": to_us(now)}).one()
    waiting = connection.execute(_WAITING).first()
    return WebhookTrouble(
        int(given_up.number),
        given_up.why,
        None if waiting is None else from_us(waiting.created_at),
        None if waiting is None else waiting.error,
    )
