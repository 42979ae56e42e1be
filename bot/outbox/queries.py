"""Queries: what other packages may ask of the outbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, func, select, union_all

from bot.database.text_values import before_colon
from bot.domain.keys import NotificationKey
from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.outbox.conditions import IS_DIRECT, UNDELIVERED, in_state
from bot.outbox.destinations import Destination, WebhookDestination, decode_destination
from bot.outbox.keys import KeyRange, message_key
from bot.outbox.rules import NOTHING_TO_SAY, OPEN, NotificationState
from bot.outbox.tables import notification

NOT_RENDERED = "it could not be worded"  # what the error of a notification begins with whose text could not be made
_MOST_DEAD = 20  # that `status` shows

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


_HAS_KEY = notification.c.stem == bindparam("key")
_OF_KEY = select(notification.c.id).where(_HAS_KEY)
_BEFORE = _OF_KEY.where(notification.c.created_at <= bindparam("now"))
_NOT_DISCARDED = _OF_KEY.where(notification.c.state != NotificationState.DISCARDED)
_SENT_OR_WAITING = _OF_KEY.where(in_state(*OPEN, NotificationState.SENT))
_DROPPED_AS_EMPTY = _OF_KEY.where(
    notification.c.destination == bindparam("destination"),
    in_state(NotificationState.DISCARDED),
    notification.c.error == NOTHING_TO_SAY,
)
_EMPTY_DESTINATIONS = (
    select(notification.c.destination)
    .where(_HAS_KEY, in_state(NotificationState.DISCARDED), notification.c.error == NOTHING_TO_SAY)
    .order_by(notification.c.id)
)
_LAST_CLAIMED_AT = select(func.max(notification.c.claimed_at)).where(_HAS_KEY)
_RECORDS = (
    select(
        notification.c.destination,
        notification.c.state,
        notification.c.settled_at,
        notification.c.channel,
        notification.c.ts,
        func.coalesce(notification.c.error, "").label("why"),
    )
    .where(_HAS_KEY)
    .order_by(notification.c.id)
)


def delivery_records(connection: Connection, key: NotificationKey) -> list[DeliveryRecord]:
    """Return what became of the notifications of a key, the oldest first."""
    return [
        DeliveryRecord(decode_destination(destination), NotificationState(state), optional_from_us(at), *rest)
        for destination, state, at, *rest in connection.execute(_RECORDS, {"key": key.encode()}).all()
    ]


def is_enqueued(connection: Connection, key: NotificationKey) -> bool:
    """Return whether there is a notification of a key, whatever became of it."""
    return connection.execute(_OF_KEY, {"key": key.encode()}).first() is not None


def is_enqueued_by(connection: Connection, key: NotificationKey, now: datetime) -> bool:
    """Return whether there is a notification of a key, but for one that a clock ahead of this one has made."""
    return connection.execute(_BEFORE, {"key": key.encode(), "now": to_us(now)}).first() is not None


def is_reported(connection: Connection, key: NotificationKey) -> bool:
    """Return whether there is a notification of a key that was not discarded."""
    return connection.execute(_NOT_DISCARDED, {"key": key.encode()}).first() is not None


def is_sent_or_waiting(connection: Connection, key: NotificationKey) -> bool:
    """Return whether a notification of a key was sent, or is still to be, at any destination."""
    return connection.execute(_SENT_OR_WAITING, {"key": key.encode()}).first() is not None


def is_dropped_as_empty(connection: Connection, key: NotificationKey, destination: Destination) -> bool:
    """Return whether a notification was discarded at a destination because there was nothing to say.

    One that was withdrawn, or replaced by notifications for other destinations, is not meant.
    """
    values = {"key": key.encode(), "destination": destination.encode()}
    return connection.execute(_DROPPED_AS_EMPTY, values).first() is not None


def empty_destinations(connection: Connection, key: NotificationKey) -> list[Destination]:
    """Return the destinations at which a notification was discarded because there was nothing to say."""
    return [
        decode_destination(each) for each in connection.execute(_EMPTY_DESTINATIONS, {"key": key.encode()}).scalars()
    ]


def last_claimed_at(connection: Connection, key: NotificationKey) -> datetime | None:
    """Return when a notification of a key was last rendered to be sent; None if it never was."""
    return optional_from_us(connection.execute(_LAST_CLAIMED_AT, {"key": key.encode()}).scalar())


# --- of several keys -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EnqueuedNotification:
    """A notification's key, when it was put into the outbox, and until when it was to be sent by itself, if ever."""

    dedup_key: str
    created_at: datetime
    until: datetime | None


_IN_RANGE = select(notification.c.stem, notification.c.created_at, notification.c.owed_until).where(
    notification.c.stem >= bindparam("low"), notification.c.stem < bindparam("high")
)


def enqueued_notifications(connection: Connection, keys: KeyRange) -> list[EnqueuedNotification]:
    """Return the notifications whose keys lie in a range, whatever became of them."""
    return [
        EnqueuedNotification(row.stem, from_us(row.created_at), optional_from_us(row.owed_until))
        for row in connection.execute(_IN_RANGE, {"low": keys.low, "high": keys.high}).all()
    ]


# --- of all --------------------------------------------------------------------------------------

_KEYS = select(notification.c.stem, notification.c.destination, notification.c.ledger, notification.c.state)


def dedup_keys(connection: Connection) -> set[tuple[str, str, str, str]]:
    """Return of each notification what it is known by in Slack (key, destination, ledger), and its state."""
    return {tuple(row) for row in connection.execute(_KEYS)}


@dataclass(frozen=True, slots=True)
class OutboxSummary:
    """The outbox as `status` shows it: how many by state, when the oldest undelivered one was made, and dead ones.

    Of each dead one there is the key, why, and when; moments are microseconds.
    """

    counts: dict[str, int]
    oldest: int | None
    dead: list[tuple[str, str, int]]


_DEAD = in_state(NotificationState.DEAD)
_UNDELIVERED_COUNT = select(func.count()).select_from(notification).where(UNDELIVERED)
_OLDEST_UNDELIVERED = select(func.min(notification.c.created_at)).where(UNDELIVERED)
_STATE = notification.c.state
_COUNTS = select(_STATE, func.count().label("number")).group_by(_STATE).order_by(_STATE)
_NEWEST_DEAD = (
    select(
        notification.c.stem,
        notification.c.destination,
        func.coalesce(notification.c.error, "").label("why"),
        notification.c.settled_at,
    )
    .where(_DEAD)
    .order_by(notification.c.settled_at.desc(), notification.c.id.desc())
    .limit(_MOST_DEAD)
)
_DEAD_SINCE = select(func.count().label("number"), func.max(notification.c.error).label("why")).where(
    _DEAD,
    notification.c.settled_at > bindparam("since"),
    notification.c.settled_at <= bindparam("now"),
    notification.c.destination != WebhookDestination().encode(),
)
_UNRENDERED_COUNT = (
    select(func.count())
    .select_from(notification)
    .where(
        in_state(NotificationState.PENDING),
        func.substr(notification.c.error, 1, len(NOT_RENDERED)) == NOT_RENDERED,
    )
)


_KIND = before_colon(notification.c.stem)
_UNSENT = union_all(
    *(
        select(_STATE, _KIND.label("kind")).where(condition)
        for condition in (UNDELIVERED, and_(_DEAD, notification.c.settled_at > bindparam("since")))
    )
).subquery("unsent")
_UNSENT_COUNTS = select(_UNSENT, func.count().label("number")).group_by(*_UNSENT.c)
_OLDEST_DUE = _OLDEST_UNDELIVERED.where(~IS_DIRECT | notification.c.channel.is_(None))


def unsent_counts(connection: Connection, since: datetime) -> dict[tuple[NotificationState, str], int]:
    """Return how many notifications are not delivered yet, and could not be since a moment, by state and kind."""
    rows = connection.execute(_UNSENT_COUNTS, {"since": to_us(since)}).all()
    return {(NotificationState(state), kind): number for state, kind, number in rows}


def longest_wait(connection: Connection, now: datetime, *, is_quiet: bool) -> timedelta:
    """Return how long the oldest undelivered notification waits, 0 if there is none.

    In quiet hours direct messages are left out, which wait for their end.
    """
    oldest = connection.execute(_OLDEST_DUE if is_quiet else _OLDEST_UNDELIVERED).scalar()
    return timedelta(0) if oldest is None else max(timedelta(0), now - from_us(oldest))


def undelivered_count(connection: Connection) -> int:
    """Return how many notifications are not delivered yet."""
    return int(connection.execute(_UNDELIVERED_COUNT).scalar_one())


def counts_by_state(connection: Connection) -> dict[str, int]:
    """Return how many notifications are in which state, without states that none is in."""
    return {row.state: row.number for row in connection.execute(_COUNTS).all()}


def outbox_summary(connection: Connection) -> OutboxSummary:
    """Return how many notifications are in which state, and the dead ones."""
    oldest = connection.execute(_OLDEST_UNDELIVERED).scalar()
    dead = [
        (message_key(row.stem, row.destination, ""), row.why, row.settled_at)
        for row in connection.execute(_NEWEST_DEAD).all()
    ]
    return OutboxSummary(counts_by_state(connection), oldest, dead)


def dead_notifications(connection: Connection, since: datetime, now: datetime) -> tuple[int, str | None]:
    """Return how many messages could not be delivered in Slack since a moment, and one reason."""
    row = connection.execute(_DEAD_SINCE, {"since": to_us(since), "now": to_us(now)}).one()
    return int(row.number), row.why


def unrendered_count(connection: Connection) -> int:
    """Return how many notifications wait because their text could not be made."""
    return int(connection.execute(_UNRENDERED_COUNT).scalar_one())
