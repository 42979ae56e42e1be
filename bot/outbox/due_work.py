"""Due work: what the outbox has to do at a moment, and the changes that the passing of time alone causes."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    union,
    update,
)

from bot.domain.timestamps import to_us
from bot.outbox.conditions import (
    ABANDONED,
    OUTDATED,
    OVERDUE,
    READY,
    UNCHECKED,
    UNCLAIMED,
    UNCONFIRMED,
    UNCONFIRMED_AHEAD,
    UNDELIVERED,
    WITHOUT_CHANNEL,
    Moment,
    in_state,
)
from bot.outbox.destinations import AlertDestination, Destination, decode_destination
from bot.outbox.keys import MissedKey
from bot.outbox.rules import AFTER_QUIET, NotificationState
from bot.outbox.store import NewNotification, enqueue
from bot.outbox.tables import live_message, notification

_CHANNEL = notification.c.channel


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(notification).where(*conditions).scalar_subquery()


# PostgreSQL would look for any one of these from row to row, as it expects a third of all; for the first it uses the
# index of the condition
_FIRST_OUTDATED = select(live_message.c.id).where(OUTDATED).order_by(live_message.c.id).limit(1).scalar_subquery()
# whether there is anything to look at; the index of each condition is empty if there is not
_ANY = select(
    or_(
        exists(notification.c.id).where(UNDELIVERED),
        exists(notification.c.id).where(notification.c.check_at.is_not(None)),
        _FIRST_OUTDATED.is_not(None),
    )
)
_COUNTS = select(
    _count(WITHOUT_CHANNEL, READY).label("without_channel"),
    (_count(ABANDONED) + _count(UNCONFIRMED_AHEAD)).label("abandoned"),
    (_count(UNCONFIRMED, _CHANNEL.is_not(None), READY) + _count(UNCHECKED)).label("to_look_up"),
    _count(OVERDUE).label("overdue"),
)
_CHANNELS = union(
    select(_CHANNEL).where(in_state(NotificationState.PENDING), _CHANNEL.is_not(None), READY).distinct(),
    select(live_message.c.channel).where(OUTDATED, UNCLAIMED),
)
_LOOKUPS = union(
    select(_CHANNEL).where(UNCONFIRMED, _CHANNEL.is_not(None), READY).distinct(),
    select(_CHANNEL).where(UNCHECKED, _CHANNEL.is_not(None)),
)


@dataclass(frozen=True, slots=True)
class DueWork:
    """How many notifications need something now, the channels to send or edit in, and those to look through."""

    without_channel: int
    abandoned: int
    overdue: int
    channels: tuple[str, ...]
    lookups: tuple[str, ...]


NOTHING_DUE = DueWork(without_channel=0, abandoned=0, overdue=0, channels=(), lookups=())


def due_work(connection: Connection, moment: Moment) -> DueWork:
    """Return what there is to do; it depends on the moment and the database alone."""
    if not connection.execute(_ANY).scalar_one():
        return NOTHING_DUE
    values = moment.values
    counts = connection.execute(_COUNTS, values).one()
    channels = connection.execute(_CHANNELS, values).scalars().all()
    lookups = connection.execute(_LOOKUPS, values).scalars().all() if counts.to_look_up else []
    return DueWork(
        without_channel=counts.without_channel,
        abandoned=counts.abandoned,
        overdue=counts.overdue,
        channels=tuple(channels),
        lookups=tuple(lookups),
    )


_BEGIN_NOW = update(notification).where(UNCONFIRMED_AHEAD).values(unsure_at=bindparam("now"))
_ABANDON = (
    update(notification)
    .where(ABANDONED)
    .values(
        state=NotificationState.UNCONFIRMED,
        token=None,
        unsure_at=bindparam("now"),
        checks=0,
        error="whoever sent it broke off",
    )
)


def mark_abandoned_unconfirmed(connection: Connection, now: datetime) -> int:
    """Mark as unconfirmed what was claimed by a process that is dead or frozen; return how many.

    What was claimed in the future was claimed by a clock that ran ahead, and nobody works on it any more; what became
    unconfirmed in the future did so now.
    """
    values = Moment(now).values
    connection.execute(_BEGIN_NOW, values)
    return connection.execute(_ABANDON, values).rowcount


_LEAST_DEADLINE = bindparam("least_deadline", type_=BigInteger())
_POSTPONE = (
    update(notification)
    .where(in_state(NotificationState.PENDING), notification.c.channel == bindparam("of_channel"))
    .values(
        next_at=bindparam("quiet_until"),
        owed_until=case(
            (notification.c.owed_until < _LEAST_DEADLINE, _LEAST_DEADLINE), else_=notification.c.owed_until
        ),
    )
)


def postpone_to_end_of_quiet_hours(connection: Connection, channel: str, until: datetime) -> None:
    """Postpone what waits for a channel to the end of the quiet hours, and its deadline beyond that."""
    values = {"of_channel": channel, "quiet_until": to_us(until), "least_deadline": to_us(until + AFTER_QUIET)}
    connection.execute(_POSTPONE, values)


_OVERDUE = (
    select(notification.c.id, notification.c.destination, notification.c.channel)
    .where(OVERDUE)
    .order_by(notification.c.id)
)
_summary = notification.alias("summary")
_SUMMARY_ID = select(_summary.c.id).where(
    _summary.c.stem == bindparam("key"), _summary.c.destination == bindparam("at_destination")
)
_COVER = (
    update(notification)
    .where(notification.c.id == bindparam("which"))
    .values(state=NotificationState.MISSED, settled_at=bindparam("now"), covered_by=_SUMMARY_ID.scalar_subquery())
)


def summarize_overdue(connection: Connection, now: datetime, busy: Container[str] = ()) -> int:
    """Replace notifications that are too old by one summary for each destination; return how many were replaced.

    Unconfirmed ones, which may have arrived, are not replaced; nor are those of `busy` channels.
    """
    by_destination: dict[Destination, list[int]] = {}
    for row in connection.execute(_OVERDUE, {"now": to_us(now)}):
        if row.channel not in busy:
            by_destination.setdefault(_summary_destination(decode_destination(row.destination)), []).append(row.id)
    for destination, ids in by_destination.items():
        _summarize(connection, destination, ids, now)
    return sum(map(len, by_destination.values()))


def _summary_destination(destination: Destination) -> Destination:
    """Return where a summary goes; alerts about the team share the summary of the alert channel."""
    return AlertDestination() if destination == AlertDestination(team=True) else destination


def _summarize(connection: Connection, destination: Destination, ids: list[int], now: datetime) -> None:
    key = MissedKey(ids[0])
    enqueue(connection, [NewNotification(key, destination)], now)
    summary = {"key": key.encode(), "at_destination": destination.encode(), "now": to_us(now)}
    connection.execute(_COVER, [{**summary, "which": id_} for id_ in ids])
