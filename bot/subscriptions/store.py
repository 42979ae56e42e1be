"""The store of subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from bot.database.statements import insert
from bot.domain.access import RefusedError
from bot.domain.timestamps import from_us, to_us
from bot.ledger.former_ledger import FormerLedger
from bot.outbox.destinations import ChannelDestination, UserDestination, decode_destination
from bot.subscriptions.schedule import Schedule
from bot.subscriptions.tables import ACTIVE, subscription

MOST = 20  # active subscriptions of one owner
BY_TERMINAL = "terminal"  # in place of the Slack id of whoever ended one

Place = ChannelDestination | UserDestination
"""Where answers go: a channel by its id, or somebody's direct messages."""


class EndReason(StrEnum):
    """Why a subscription has ended."""

    REMOVED = "removed"  # by somebody
    NOT_OPERATOR = "not_operator"  # the owner is no operator any more, and only operators may have this one
    DENIED = "denied"  # the owner may not use the bot any more
    READER_DENIED = "reader_denied"  # nor may the person it is for
    UNMATCHED = "unmatched"  # the reader matches no member
    CHANNEL = "channel"  # nothing can be posted in the channel, or people of another company read there
    QUESTION = "question"  # the reader may not ask the question, or it means nothing any more
    PRIVACY = "privacy"  # channels may not see members any more


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """What somebody subscribes to: the answer to a question, at a place, on a schedule."""

    owner: str
    place: Place
    question: str
    schedule: Schedule

    @property
    def reader(self) -> str:
        """Whose rights count: of direct messages their reader's, in a channel the owner's; a Slack id."""
        return self.place.user if isinstance(self.place, UserDestination) else self.owner


@dataclass(frozen=True, slots=True)
class StoredSubscription(NewSubscription):
    """A subscription: its row, the number that its owner knows it by, and what has become of it."""

    id: int
    number: int
    created_at: datetime
    last_day: str | None
    ended_by: str | None
    end_reason: EndReason | None

    @property
    def is_active(self) -> bool:
        """Whether it has not ended."""
        return self.end_reason is None


# --- read ----------------------------------------------------------------------------------------

_OF_ID = subscription.c.id == bindparam("of_id")
_OF_OWNER = subscription.c.owner == bindparam("of_owner")
_ONE = select(subscription).where(_OF_ID)
_ALL_ACTIVE = select(subscription).where(ACTIVE).order_by(subscription.c.id)
_ACTIVE_OF_OWNER = select(subscription).where(_OF_OWNER, ACTIVE).order_by(subscription.c.number)
_LAST_NUMBER = select(func.coalesce(func.max(subscription.c.number), 0)).where(_OF_OWNER)


def subscription_of_id(connection: Connection, id_: int) -> StoredSubscription | None:
    """Return a subscription by its row, ended or not; None if there is none."""
    row = connection.execute(_ONE, {"of_id": id_}).first()
    return None if row is None else _stored(row)


def active_subscriptions(connection: Connection, owner: str | None = None) -> list[StoredSubscription]:
    """Return the subscriptions that have not ended: all, or those of one owner in the order of their numbers."""
    if owner is None:
        return [_stored(row) for row in connection.execute(_ALL_ACTIVE)]
    return [_stored(row) for row in connection.execute(_ACTIVE_OF_OWNER, {"of_owner": owner})]


def _stored(row: Row[Any]) -> StoredSubscription:
    place = decode_destination(row.destination)
    if not isinstance(place, Place):
        raise TypeError(row.destination)
    return StoredSubscription(
        owner=row.owner,
        place=place,
        question=row.question,
        schedule=Schedule.decode(row.schedule),
        id=row.id,
        number=row.number,
        created_at=from_us(row.created_at),
        last_day=row.last_day,
        ended_by=row.ended_by,
        end_reason=None if row.ended_at is None else EndReason(row.end_reason),
    )


# --- written -------------------------------------------------------------------------------------

_INSERT = insert(subscription).returning(subscription.c.id)
_SET_LAST_DAY = update(subscription).where(_OF_ID, ACTIVE)
_END = update(subscription).where(_OF_ID, ACTIVE)


def add(connection: Connection, new: NewSubscription, now: datetime) -> StoredSubscription:
    """Add a subscription, and return it with its number, which none of the owner's has had before.

    Raises:
        RefusedError: the owner has it already, or has as many as there may be.
    """
    existing = active_subscriptions(connection, new.owner)
    _check_addition(new, existing)
    number = connection.execute(_LAST_NUMBER, {"of_owner": new.owner}).scalar_one() + 1
    values = {
        "owner": new.owner,
        "number": number,
        "destination": new.place.encode(),
        "question": new.question,
        "schedule": new.schedule.encode(),
        "created_at": to_us(now),
    }
    id_ = connection.execute(_INSERT, values).scalar_one()
    return StoredSubscription(new.owner, new.place, new.question, new.schedule, id_, number, now, None, None, None)


def _check_addition(new: NewSubscription, existing: Sequence[StoredSubscription]) -> None:
    for each in existing:
        if (each.place, each.question, each.schedule) == (new.place, new.question, new.schedule):
            raise RefusedError(f"You have that already: it is your subscription {each.number}.")
    if len(existing) >= MOST:
        raise RefusedError(f"You have {MOST} subscriptions, and there can't be more. `subscriptions` lists them.")


def set_last_day(connection: Connection, id_: int, day: date) -> bool:
    """Record the date whose answer is enqueued; return whether the subscription is still active."""
    return bool(connection.execute(_SET_LAST_DAY, {"of_id": id_, "last_day": day.isoformat()}).rowcount)


def end(connection: Connection, id_: int, reason: EndReason, by: str | None, now: datetime) -> bool:
    """End a subscription; return whether it was active. `by` is a Slack id, BY_TERMINAL, or None for the bot itself."""
    values = {"of_id": id_, "ended_at": to_us(now), "ended_by": by, "end_reason": reason}
    return bool(connection.execute(_END, values).rowcount)


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=30)  # of subscriptions that have ended

_other = subscription.alias()
_LAST_OF_OWNER = select(func.max(_other.c.number)).where(_other.c.owner == subscription.c.owner).correlate(subscription)
_PRUNE = delete(subscription).where(
    subscription.c.ended_at < bindparam("before"),
    # the newest stay, so that neither a number nor a row's id, which keys are made of, is given to another one
    subscription.c.number < _LAST_OF_OWNER.scalar_subquery(),
    subscription.c.id < select(func.max(_other.c.id)).scalar_subquery(),
)


def prune(connection: Connection, now: datetime) -> int:
    """Delete subscriptions that ended long ago, except the newest of each owner; return how many."""
    return connection.execute(_PRUNE, {"before": to_us(now - RETAIN)}).rowcount


# --- taken over from a former ledger -------------------------------------------------------------

_SAME = select(subscription.c.id).where(
    _OF_OWNER, subscription.c.created_at == bindparam("of_moment"), subscription.c.question == bindparam("of_question")
)
_UPDATE = update(subscription).where(_OF_ID)


def adopt_subscriptions(connection: Connection, former: FormerLedger) -> dict[int, int]:
    """Take over the former ledger's subscriptions as it has them; return their rows here by the former ones."""
    return {row["id"]: _adopt(connection, row) for row in former.all_rows(subscription)}


def _adopt(connection: Connection, row: dict[str, Any]) -> int:
    identity = {"of_owner": row["owner"], "of_moment": row["created_at"], "of_question": row["question"]}
    here: int | None = connection.execute(_SAME, identity).scalar()
    if here is None:
        last = connection.execute(_LAST_NUMBER, {"of_owner": row["owner"]}).scalar_one()
        values = {name: value for name, value in row.items() if name not in {"id", "number"}}
        return int(connection.execute(_INSERT, {**values, "number": max(row["number"], last + 1)}).scalar_one())
    changed = {name: row[name] for name in ("last_day", "ended_at", "ended_by", "end_reason")}
    connection.execute(_UPDATE, {"of_id": here, **changed})
    return here
