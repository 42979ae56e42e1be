"""The conditions that select notifications and live messages that need something, and their parameters."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    String,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    select,
    union_all,
)

from bot.domain.timestamps import to_us
from bot.outbox.rules import LONGEST_WAIT, OPEN, NotificationState
from bot.outbox.tables import live_message, notification

_TOLERANCE = timedelta(minutes=1)  # for the time between two readings of a clock


def in_state(*states: NotificationState, of: FromClause = notification) -> ColumnElement[bool]:
    """Return the condition that a notification is in one of those states.

    It is written as the partial indexes are, with constants and OR, or SQLite would not use them.
    """
    return or_(*(of.c.state == _constant(each) for each in states))


def _constant(text: str) -> ColumnElement[str]:
    return literal_column(f"'{text}'", String())


def _parameter(name: str) -> ColumnElement[int]:
    return bindparam(name, type_=BigInteger())


_NOW, _FAR, _AHEAD = _parameter("now"), _parameter("far"), _parameter("ahead")
# the id of a direct message begins with D
IS_DIRECT = and_(notification.c.channel >= _constant("D"), notification.c.channel < _constant("E"))
_candidate = notification.alias("candidate")


def _ids(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(_candidate.c.id).where(*conditions)


# of notifications: nothing is postponed further than `far`, direct messages not beyond the end of quiet hours
# (`quiet`): a later `next_at` was written by a clock that ran ahead, and is ignored
READY = or_(notification.c.next_at <= _NOW, notification.c.next_at > case((IS_DIRECT, _parameter("quiet")), else_=_FAR))
OVERDUE = and_(in_state(NotificationState.PENDING), notification.c.owed_until <= _NOW)
UNCONFIRMED = and_(in_state(NotificationState.UNCONFIRMED), notification.c.unsure_at <= _parameter("waited"))
UNCONFIRMED_AHEAD = and_(in_state(NotificationState.UNCONFIRMED), notification.c.unsure_at > _AHEAD)
ABANDONED = and_(
    in_state(NotificationState.SENDING), or_(notification.c.expires_at <= _NOW, notification.c.claimed_at > _AHEAD)
)
UNDELIVERED = in_state(*OPEN)
# two selects each: only then does SQLite use the index of each, whatever statistics it has
WITHOUT_CHANNEL = notification.c.id.in_(
    union_all(
        *(
            _ids(in_state(each, of=_candidate), _candidate.c.channel.is_(None))
            for each in (NotificationState.PENDING, NotificationState.UNCONFIRMED)
        )
    )
)
UNCHECKED = notification.c.id.in_(union_all(_ids(_candidate.c.check_at <= _NOW), _ids(_candidate.c.check_at > _FAR)))

# of live messages
UNCLAIMED = or_(live_message.c.token.is_(None), live_message.c.expires_at <= _NOW, live_message.c.expires_at > _FAR)
OUTDATED = and_(live_message.c.wanted > live_message.c.shown, live_message.c.ts.is_not(None))


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment that the conditions are evaluated at.

    `unconfirmed_for` is how long what may have arrived waits before it is looked for; `quiet_until` the end of the
    quiet hours that the moment lies in, None outside of them.
    """

    now: datetime
    unconfirmed_for: timedelta = timedelta(0)
    quiet_until: datetime | None = None

    @property
    def values(self) -> dict[str, int]:
        """The parameters of the conditions, in microseconds."""
        far = self.now + LONGEST_WAIT + _TOLERANCE
        return {
            "now": to_us(self.now),
            "far": to_us(far),
            "quiet": to_us(far if self.quiet_until is None else max(far, self.quiet_until + _TOLERANCE)),
            "waited": to_us(self.now - self.unconfirmed_for),
            "ahead": to_us(self.now + _TOLERANCE),
        }
