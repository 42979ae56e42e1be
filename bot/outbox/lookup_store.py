"""Messages that may have arrived, and messages of which there may be a second copy: what is looked for in Slack."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from bot.domain.timestamps import optional_to_us, to_us
from bot.outbox.conditions import READY, UNCHECKED, UNCONFIRMED, Moment, in_state
from bot.outbox.keys import message_key
from bot.outbox.rules import NotificationState
from bot.outbox.tables import notification


@dataclass(frozen=True, slots=True)
class LookupTarget:
    """A notification whose copies are looked for. `ts` is the copy that counts, `live` the id of its live message.

    Moments are microseconds. No copy is older than `created_at`, whichever attempt it came from. `claimed_at` is None
    if another ledger, which is lost, may have sent it: to a thread that nobody here knows. `last_ts` is the newest
    message that the bot had posted there before, `parents` the `ts`, with commas, of every message that its thread
    may have begun with.
    """

    id: int
    dedup_key: str
    destination: str
    channel: str
    thread: str | None
    live: int | None
    ts: str | None
    created_at: int
    checks: int
    attempts: int
    ledger: str
    claimed_at: int | None
    last_ts: str | None
    parents: str | None

    @property
    def threads(self) -> list[str]:
        """The threads that a copy may be in: a parent may have been replaced between two attempts."""
        return sorted({*filter(None, (self.thread, *(self.parents or "").split(",")))})

    @property
    def message_key(self) -> str:
        """What its message's metadata carries."""
        return message_key(self.dedup_key, self.destination, self.ledger)


_earlier, _parent = notification.alias("earlier"), notification.alias("parent")
_LAST_TS = (
    select(_earlier.c.ts)
    .where(
        _earlier.c.channel == notification.c.channel,
        in_state(NotificationState.SENT, of=_earlier),
        _earlier.c.settled_at < notification.c.claimed_at,
    )
    .order_by(_earlier.c.settled_at.desc())
    .limit(1)
)
_PARENTS = select(func.aggregate_strings(_parent.c.ts, ",")).where(
    _parent.c.living == notification.c.living,
    _parent.c.channel == notification.c.channel,
    _parent.c.thread.is_(None),
    _parent.c.ts.is_not(None),
    _parent.c.id != notification.c.id,
)
_TARGETS = select(
    notification.c.id,
    notification.c.stem,
    notification.c.destination,
    notification.c.channel,
    notification.c.thread,
    notification.c.living,
    notification.c.ts,
    notification.c.created_at,
    notification.c.checks,
    notification.c.attempts,
    notification.c.ledger,
    notification.c.claimed_at,
    _LAST_TS.scalar_subquery().label("last_ts"),
    _PARENTS.scalar_subquery().label("parents"),
).order_by(notification.c.id)
_UNCONFIRMED = _TARGETS.where(UNCONFIRMED, READY)
_UNCHECKED = _TARGETS.where(in_state(NotificationState.SENT), UNCHECKED)
_ANYWHERE = notification.c.channel.is_not(None)
_IN_CHANNEL = notification.c.channel == bindparam("of_channel")
_UNCONFIRMED_ANYWHERE, _UNCONFIRMED_IN_CHANNEL = _UNCONFIRMED.where(_ANYWHERE), _UNCONFIRMED.where(_IN_CHANNEL)
_UNCHECKED_ANYWHERE, _UNCHECKED_IN_CHANNEL = _UNCHECKED.where(_ANYWHERE), _UNCHECKED.where(_IN_CHANNEL)


def unconfirmed_targets(connection: Connection, moment: Moment, channel: str | None = None) -> list[LookupTarget]:
    """Return what may have arrived and has had time to: in all channels, or in one."""
    sql = _UNCONFIRMED_ANYWHERE if channel is None else _UNCONFIRMED_IN_CHANNEL
    return _targets(connection, sql, moment, channel)


def unchecked_targets(connection: Connection, now: datetime, channel: str | None = None) -> list[LookupTarget]:
    """Return what was sent after it may have arrived before: a second copy may come late, and is to be looked for."""
    sql = _UNCHECKED_ANYWHERE if channel is None else _UNCHECKED_IN_CHANNEL
    return _targets(connection, sql, Moment(now), channel)


def _targets(connection: Connection, sql: Select[Any], moment: Moment, channel: str | None) -> list[LookupTarget]:
    rows = connection.execute(sql, {**moment.values, "of_channel": channel}).all()
    return [LookupTarget(*row) for row in rows]


_POSTPONE_UNCONFIRMED = update(notification).where(UNCONFIRMED, _IN_CHANNEL).values(next_at=bindparam("until"))
_POSTPONE_UNCHECKED = update(notification).where(UNCHECKED, _IN_CHANNEL).values(check_at=bindparam("until"))


def postpone_lookups(connection: Connection, channel: str, until: datetime, moment: Moment) -> None:
    """Postpone what is looked for in a channel, whose history Slack does not show just now, and nothing else."""
    values = {**moment.values, "of_channel": channel, "until": to_us(until)}
    connection.execute(_POSTPONE_UNCONFIRMED, values)
    connection.execute(_POSTPONE_UNCHECKED, values)


_WHICH = notification.c.id == bindparam("which")
_SEND_AGAIN = (
    update(notification)
    .where(_WHICH, in_state(NotificationState.UNCONFIRMED), notification.c.attempts == bindparam("looked_for"))
    .values(state=NotificationState.PENDING, next_at=bindparam("now"), error=bindparam("why"))
)
_COUNT_CHECK = (
    update(notification)
    .where(_WHICH, in_state(NotificationState.SENT))
    .values(check_at=bindparam("next_check"), checks=notification.c.checks + 1)
)


def mark_not_arrived(connection: Connection, target: LookupTarget, now: datetime, why: str) -> None:
    """Record that a message did not arrive: it waits to be sent again, unless another process has done so already."""
    values = {"which": target.id, "looked_for": target.attempts, "now": to_us(now), "why": why}
    connection.execute(_SEND_AGAIN, values)


def mark_checked(connection: Connection, target: LookupTarget, next_at: datetime | None) -> None:
    """Record that second copies were looked for; `next_at` is when the next check is due, None if it was the last."""
    connection.execute(_COUNT_CHECK, {"which": target.id, "next_check": optional_to_us(next_at)})
