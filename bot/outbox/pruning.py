"""Pruning: notifications and live messages that were over long ago are deleted, some at a time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, BindParameter, Connection, and_, bindparam, delete, exists, func, or_, select, true

from bot.database.prune_step import PruneStep, key_after
from bot.domain.keys import NotificationKey, TopicKey
from bot.domain.timestamps import to_us
from bot.outbox.conditions import in_state
from bot.outbox.rules import OPEN, NotificationState
from bot.outbox.tables import live_message, notification

RETAIN = timedelta(days=400)  # what was sent a year ago may still be looked up, and its message brought up to date
_NO_END = 2**62  # above every id
_UPTO = bindparam("upto", type_=BigInteger())


@dataclass(frozen=True, slots=True)
class RetainedKeys:
    """What is kept however old it is: live messages by their topics, and few notifications by their keys."""

    topics: Collection[TopicKey] = ()
    keys: Collection[NotificationKey] = ()


_ENDED = (
    NotificationState.SENT,
    NotificationState.DEAD,
    NotificationState.DISCARDED,
    NotificationState.MISSED,
)
_newest, _newest_live = notification.alias("newest"), live_message.alias("newest_live")
_summary, _listed = notification.alias("summary"), notification.alias("listed")
_message = notification.alias("message")
_SUMMARY_KEY = select(_summary.c.stem).where(_summary.c.id == notification.c.covered_by).correlate(notification)
# of a notification: it is over, nothing is looked for, and no summary that lists it is on its way. The newest stays,
# as SQLite would give its id, which keys are made of, to another one
_OVER = and_(
    notification.c.settled_at < bindparam("before"),
    notification.c.check_at.is_(None),
    notification.c.state.in_(_ENDED),
    notification.c.id < select(func.max(_newest.c.id)).scalar_subquery(),
    notification.c.stem.not_in(bindparam("keys", expanding=True)),
    ~exists().where(_message.c.stem == _SUMMARY_KEY.scalar_subquery(), in_state(*OPEN, of=_message)),
)
_NOTIFICATIONS = select(notification.c.id).where(
    notification.c.id > bindparam("after"),
    notification.c.id <= _UPTO,
    notification.c.living.is_(None),
    _OVER,
    ~exists().where(_listed.c.covered_by == notification.c.id),
)
_IN_THREAD = notification.c.living == live_message.c.id
_LIVE_MESSAGES = select(live_message.c.id, live_message.c.thing).where(
    live_message.c.id > bindparam("after"),
    live_message.c.id <= _UPTO,
    live_message.c.id < select(func.max(_newest_live.c.id)).scalar_subquery(),
    live_message.c.token.is_(None),
    or_(live_message.c.wanted <= live_message.c.shown, live_message.c.ts.is_(None)),
    exists().where(_IN_THREAD),
    ~exists().where(_IN_THREAD, _OVER.is_not(true())),
)
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_DELETE_NOTIFICATIONS = delete(notification).where(notification.c.id.in_(_IDS))
_DELETE_THREADS = delete(notification).where(notification.c.living.in_(_IDS))
_DELETE_LIVE_MESSAGES = delete(live_message).where(live_message.c.id.in_(_IDS))


def prune_notifications(connection: Connection, now: datetime, retained: RetainedKeys, after: int) -> PruneStep:
    """Delete notifications without a live message that were over long ago, among those whose ids follow `after`."""
    reached = key_after(connection, notification, after)
    ids = connection.execute(_NOTIFICATIONS, _values(now, retained, after, reached)).scalars().all()
    connection.execute(_DELETE_NOTIFICATIONS, {"ids": ids})
    return PruneStep(len(ids), reached)


def prune_live_messages(connection: Connection, now: datetime, retained: RetainedKeys, after: int) -> PruneStep:
    """Delete live messages and their threads if all of it was over long ago, among those whose ids follow `after`."""
    reached = key_after(connection, live_message, after)
    topics = {each.encode() for each in retained.topics}
    rows = connection.execute(_LIVE_MESSAGES, _values(now, retained, after, reached)).all()
    ids = [row.id for row in rows if row.thing not in topics]
    connection.execute(_DELETE_THREADS, {"ids": ids})
    connection.execute(_DELETE_LIVE_MESSAGES, {"ids": ids})
    return PruneStep(len(ids), reached)


def _values(now: datetime, retained: RetainedKeys, after: int, reached: int | None) -> dict[str, object]:
    return {
        "before": to_us(now - RETAIN),
        "after": after,
        "upto": _NO_END if reached is None else reached,
        "keys": [each.encode() for each in retained.keys],
    }
