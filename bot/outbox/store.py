"""The store of notifications: put into the outbox, and claimed by one process at a time."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection, and_, bindparam, case, delete, exists, or_, select, update

from bot.database.after_commit import after_commit
from bot.database.bulk import BulkStatement, Row
from bot.database.metadata import LOST_LEDGER, ledger_id, read, write
from bot.database.statements import insert
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.timestamps import optional_to_us, to_us
from bot.outbox.conditions import READY, Moment, in_state
from bot.outbox.destinations import Destination, decode_destination
from bot.outbox.keys import message_key
from bot.outbox.rules import NOTHING_TO_SAY, OPEN, NotificationState
from bot.outbox.tables import live_message, notification

log = structlog.get_logger(__name__)

OF_KEY_AND_DESTINATION = and_(
    notification.c.stem == bindparam("of_key"), notification.c.destination == bindparam("of_destination")
)


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

    `live` is the id of its live message; `thread` the parent's `ts` if it is a reply; `created_at` is when it was
    enqueued, and `unconfirmed_at` is set if an attempt before may have arrived (microseconds both).
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
    created_at: int

    @property
    def message_key(self) -> str:
        """What the message's metadata carries."""
        return message_key(self.dedup_key, self.destination.encode(), self.ledger)


# --- new notifications ---------------------------------------------------------------------------


_ADD_LIVE_MESSAGE = BulkStatement(
    insert(live_message).on_conflict_do_nothing(),
    "thing", "destination", "wanted", "shown", "editable", "reposted",
)  # fmt: skip
_LIVE_MESSAGE = select(live_message.c.id).where(
    live_message.c.thing == bindparam("topic"), live_message.c.destination == bindparam("of_destination")
)
_ENQUEUE = BulkStatement(
    insert(notification).values(living=_LIVE_MESSAGE.scalar_subquery()).on_conflict_do_nothing(),
    "stem", "destination", "topic", "of_destination", "ledger", "created_at", "next_at", "owed_until", "urgent",
    "state", "attempts", "checks",
)  # fmt: skip
_MARK_UNCONFIRMED = (
    update(notification)
    .where(OF_KEY_AND_DESTINATION, notification.c.state == NotificationState.PENDING, notification.c.attempts == 0)
    .values(state=NotificationState.UNCONFIRMED)
)
_DELETE_EMPTY = delete(notification).where(
    OF_KEY_AND_DESTINATION,
    notification.c.state == NotificationState.DISCARDED,
    notification.c.error == NOTHING_TO_SAY,
)


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
    added = _ENQUEUE.execute(connection, [_values(each, ledger, at) for each in rows])
    if added:
        _mark_posted_by_lost_ledger(connection, rows, at)
        after_commit(connection, partial(_log_enqueued, rows, added))
    return added


def _log_enqueued(rows: Sequence[NewNotification], added: int) -> None:
    """Log each notification. If some were there already, it is not known which, so the line says how many are new."""
    part = {} if added == len(rows) else {"new": f"{added} of {len(rows)}"}
    bound = log.bind(**part)  # once, as it takes as long as a line
    for each in rows:
        bound.info("enqueued", key=each.key.encode(), to=each.destination.kind)


def _add_live_messages(connection: Connection, rows: Iterable[NewNotification]) -> None:
    live = {(each.topic.encode(), each.destination.encode()) for each in rows if each.topic}
    _ADD_LIVE_MESSAGE.execute(connection, [(*each, 0, 0, True, False) for each in sorted(live)])


def _values(new: NewNotification, ledger: str, at: int) -> Row:
    """Return the row of `_ENQUEUE`."""
    destination, topic = new.destination.encode(), None if new.topic is None else new.topic.encode()
    return (
        new.key.encode(), destination, topic, destination, ledger, at, at, optional_to_us(new.until), new.urgent,
        NotificationState.PENDING, 0, 0,
    )  # fmt: skip


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
    origin = {"ledger": lost["id"], "created_at": lost["since"], "unsure_at": at}
    connection.execute(_MARK_UNCONFIRMED, [{**of_key_and_destination(each), **origin} for each in same])


def of_key_and_destination(new: NewNotification) -> dict[str, str]:
    """Return the values by which a statement selects a notification by its key and destination."""
    return {"of_key": new.key.encode(), "of_destination": new.destination.encode()}


def enqueue_again(connection: Connection, new: NewNotification, now: datetime) -> None:
    """Enqueue a notification anew, deleting its row first if it was discarded because there was nothing to say.

    A row that was sent, withdrawn or replaced stays, and nothing is enqueued.
    """
    connection.execute(_DELETE_EMPTY, of_key_and_destination(new))
    enqueue(connection, [new], now)


# --- claims --------------------------------------------------------------------------------------

_earlier = notification.alias("earlier")
_IS_IN_CHANNEL = live_message.c.channel == notification.c.channel
# a reply waits for what its thread begins with; a thread in a channel that the destination has left is none of its own
_FOLLOWS_ANOTHER = exists().where(
    _earlier.c.living == notification.c.living, _earlier.c.id < notification.c.id, in_state(*OPEN, of=_earlier)
)
_NEXT = (
    select(
        *notification.c["id", "stem", "destination", "attempts", "living", "unsure_at", "ledger", "created_at"],
        live_message.c.thing,
        case((_IS_IN_CHANNEL, live_message.c.ts)).label("parent"),
    )
    .select_from(notification.outerjoin(live_message))
    .where(
        in_state(NotificationState.PENDING),
        notification.c.channel == bindparam("channel"),
        or_(notification.c.owed_until.is_(None), notification.c.owed_until > bindparam("now")),
        READY,
        or_(notification.c.living.is_(None), and_(live_message.c.ts.is_not(None), _IS_IN_CHANNEL), ~_FOLLOWS_ANOTHER),
    )
    .order_by(notification.c.urgent.desc(), notification.c.id)
    .limit(1)
)
_OF_ID = notification.c.id == bindparam("of_id")
OF_CLAIM = and_(_OF_ID, notification.c.token == bindparam("of_token"))
_CLAIM = update(notification).where(_OF_ID).values(state=NotificationState.SENDING)
_VALID_CLAIM = select(notification.c.id).where(
    OF_CLAIM,
    notification.c.state == NotificationState.SENDING,
    notification.c.expires_at > bindparam("now"),
)
_RELEASE = update(notification).where(OF_CLAIM).values(state=NotificationState.PENDING, token=None)
_RELEASE_FOR_RESOLUTION = _RELEASE.values(channel=None)


def claim(
    connection: Connection,
    channel: str,
    token: str,
    now: datetime,
    lease: timedelta,
    *,
    due: datetime | None = None,
) -> ClaimedNotification | None:
    """Claim the next notification of a channel that was `due` then (None: now), for as long as the lease lasts.

    Returns:
        The notification; None if there is none to send now.
    """
    row = connection.execute(_NEXT, {"channel": channel, **Moment(due or now).values}).first()
    if row is None:
        return None
    claimed = ClaimedNotification(
        id=row.id,
        dedup_key=row.stem,
        destination=decode_destination(row.destination),
        channel=channel,
        token=token,
        attempts=row.attempts + 1,
        live=row.living,
        topic=row.thing,
        thread=row.parent,
        unconfirmed_at=row.unsure_at,
        ledger=row.ledger,
        created_at=row.created_at,
    )
    held = {"token": token, "claimed_at": to_us(now), "expires_at": to_us(now + lease)}
    connection.execute(_CLAIM, {"of_id": row.id, **held, "attempts": claimed.attempts, "thread": claimed.thread})
    return claimed


def of_claim(claimed: ClaimedNotification) -> dict[str, object]:
    """Return the values by which a statement selects a claimed notification, while it is claimed."""
    return {"of_id": claimed.id, "of_token": claimed.token}


def is_claim_valid(connection: Connection, claimed: ClaimedNotification, now: datetime) -> bool:
    """Return whether a claim still holds."""
    return connection.execute(_VALID_CLAIM, {**of_claim(claimed), "now": to_us(now)}).first() is not None


def release_for_retry(connection: Connection, claimed: ClaimedNotification, until: datetime, why: str) -> None:
    """Give a claim back: the message has certainly not arrived, and waits until a moment to be sent again."""
    connection.execute(_RELEASE, {**of_claim(claimed), "next_at": to_us(until), "error": why})


def release_for_resolution(connection: Connection, claimed: ClaimedNotification, why: str) -> None:
    """Give a claim back: the destination is in that channel no more, and has to be found again."""
    connection.execute(_RELEASE_FOR_RESOLUTION, {**of_claim(claimed), "error": why})
