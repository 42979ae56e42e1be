"""What became of notifications: sent, not confirmed, ended without being sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Update, bindparam, case, func, select, update

from bot.domain.timestamps import optional_from_us, to_us
from bot.outbox.destinations import Destination
from bot.outbox.keys import StoredKey, StoredTopic
from bot.outbox.rules import NotificationState
from bot.outbox.store import (
    OF_CLAIM,
    OF_KEY_AND_DESTINATION,
    ClaimedNotification,
    NewNotification,
    enqueue,
    of_claim,
    of_key_and_destination,
)
from bot.outbox.tables import live_message, notification

_OF_ID = notification.c.id == bindparam("of_id")
_MARK_UNCONFIRMED = (
    update(notification).where(OF_CLAIM).values(state=NotificationState.UNCONFIRMED, token=None, checks=0)
)
_IS_SENT = notification.c.state == NotificationState.SENT
_MARK_SECOND_COPY = (
    update(notification)
    .where(_OF_ID)
    .values(checks=0, check_at=case((_IS_SENT, bindparam("next_check", type_=BigInteger))))
)


def mark_unconfirmed(connection: Connection, claimed: ClaimedNotification, now: datetime, why: str) -> None:
    """Record that a message may have arrived: as a second copy if another process has claimed it meanwhile."""
    values = {"unsure_at": to_us(now), "error": why}
    mine = connection.execute(_MARK_UNCONFIRMED, {**of_claim(claimed), **values})
    if not mine.rowcount:
        mark_second_copy(connection, claimed, now)


def mark_second_copy(connection: Connection, claimed: ClaimedNotification, now: datetime) -> None:
    """Record that there may be a second copy of what another process has claimed, to be looked for."""
    values = {"of_id": claimed.id, "unsure_at": to_us(now), "next_check": to_us(now)}
    connection.execute(_MARK_SECOND_COPY, values)


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

    def seconds_after(self, created_at: int) -> float:
        """Return how long after a moment (microseconds) it has arrived, 0 where the clock was put back between."""
        return max(0, to_us(self.at) - created_at) / 1_000_000


NOTHING_SHOWN = -1  # a version below all others


def mark_sent(connection: Connection, claimed: ClaimedNotification, arrival: Arrival) -> str:
    """Record that a message was sent.

    Returns:
        The `ts` of the message that counts: another one if another process has sent it meanwhile, "" while it does.
    """
    return _mark_sent(connection, _MARK_SENT, of_claim(claimed), arrival)


def mark_arrived(connection: Connection, id_: int, arrival: Arrival) -> str:
    """Record that a message was found that may have arrived; returns as `mark_sent`."""
    return _mark_sent(connection, _MARK_ARRIVED, {"of_id": id_}, arrival)


_MARK_DELIVERED = update(notification).where(OF_CLAIM).values(state=NotificationState.SENT, token=None, error=None)


def mark_delivered(connection: Connection, claimed: ClaimedNotification, now: datetime) -> bool:
    """Record that an event was taken, whose second copies nobody looks for; return whether the claim still held."""
    return bool(connection.execute(_MARK_DELIVERED, {**of_claim(claimed), "settled_at": to_us(now)}).rowcount)


_WAS_UNCONFIRMED = notification.c.unsure_at.is_not(None)
_MARK = update(notification).values(
    state=NotificationState.SENT,
    token=None,
    check_at=case((_WAS_UNCONFIRMED, bindparam("next_check", type_=BigInteger))),
    error=None,
)
_MARK_SENT = _MARK.where(OF_CLAIM)
_MARK_ARRIVED = _MARK.where(_OF_ID, notification.c.state == NotificationState.UNCONFIRMED)
_CHANNEL = select(notification.c.channel).where(_OF_ID)
_LIVE_MESSAGE = select(notification.c.living).where(_OF_ID)
_SET_PARENT = (
    update(live_message)
    .where(live_message.c.id == _LIVE_MESSAGE.scalar_subquery())
    .values(channel=_CHANNEL.scalar_subquery())
)
_TS = select(notification.c.ts).where(_OF_ID)


def _mark_sent(connection: Connection, mark: Update, selected: Mapping[str, object], arrival: Arrival) -> str:
    posted, of_id = arrival.posted, {"of_id": selected["of_id"]}
    # counted from now, not from when it became unconfirmed: its clock may have been behind, and a copy may come yet
    times = {"settled_at": to_us(arrival.at), "next_check": to_us(arrival.at + arrival.check_after)}
    marked = connection.execute(mark, {**selected, **times, "ts": posted.ts, "thread": posted.thread})
    if marked.rowcount and posted.thread is None:
        connection.execute(_SET_PARENT, {**of_id, "ts": posted.ts, "shown": arrival.shown})
    return connection.execute(_TS, of_id).scalar_one() or ""


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


_END = (
    update(notification)
    .where(_OF_ID, func.coalesce(notification.c.token, "") == bindparam("of_token"))
    .values(token=None)
)
_INHERITED = (
    select(
        *notification.c["stem", "owed_until", "urgent", "ledger", "created_at", "unsure_at"],
        live_message.c.thing,
    )
    .select_from(notification.outerjoin(live_message))
    .where(_OF_ID)
)
_INHERIT = update(notification).where(OF_KEY_AND_DESTINATION)


def _end(connection: Connection, id_: int, token: str, ending: Ending, now: datetime) -> None:
    values = {"state": ending.state, "settled_at": to_us(now), "error": ending.why}
    if not connection.execute(_END, {"of_id": id_, "of_token": token, **values}).rowcount:
        return
    ended = connection.execute(_INHERITED, {"of_id": id_}).one()
    for destination in ending.instead:
        new = NewNotification(
            StoredKey(ended.stem),
            destination,
            None if ended.thing is None else StoredTopic(ended.thing),
            optional_from_us(ended.owed_until),
            ended.urgent,
        )
        if enqueue(connection, [new], now):
            _inherit(connection, new, ended.ledger, ended.created_at, ended.unsure_at)


def _inherit(
    connection: Connection, new: NewNotification, ledger: str, created_at: int, unconfirmed_at: int | None
) -> None:
    """Record where a notification comes from. One that is unconfirmed may have been replaced before, by the same."""
    state = NotificationState.PENDING if unconfirmed_at is None else NotificationState.UNCONFIRMED
    origin = {"ledger": ledger, "created_at": created_at, "unsure_at": unconfirmed_at}
    connection.execute(_INHERIT, {**of_key_and_destination(new), "state": state, **origin})
