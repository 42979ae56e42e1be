"""The store of silences: the failures that nobody is notified of, until when, and who set that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, func, select, update

from bot.database.statements import insert
from bot.domain.timestamps import from_us, to_us
from bot.failures.keys import SilenceTarget, TargetType
from bot.failures.tables import failure_silence


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence: about which failures, until when, why, and by whom (a Slack id)."""

    target: SilenceTarget
    until: datetime
    reason: str | None
    by: str
    id: int = 0


_CLOCK_TOLERANCE = timedelta(minutes=1)  # a silence set further in the future than this is ignored


_INSERT = insert(failure_silence)
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=[failure_silence.c.what, failure_silence.c.value],
    set_={
        "until": _INSERT.excluded.until,
        "reason": _INSERT.excluded.reason,
        "set_by": _INSERT.excluded.set_by,
        "set_at": _INSERT.excluded.set_at,
    },
)


def set_silence(connection: Connection, silence: Silence, now: datetime) -> None:
    """Write a silence, in place of one about the same."""
    values = {
        "what": silence.target.type,
        "value": silence.target.value,
        "until": to_us(silence.until),
        "reason": silence.reason,
        "set_by": silence.by,
        "set_at": to_us(now),
    }
    connection.execute(_UPSERT, values)


_LIFT = (
    update(failure_silence)
    .where(failure_silence.c.id == bindparam("which"), failure_silence.c.until > bindparam("now"))
    .returning(failure_silence.c.what, failure_silence.c.value)
)


def lift_silence(connection: Connection, silence: int, now: datetime) -> SilenceTarget | None:
    """End a silence, by its id; return what it was about, None if it was not in force any more."""
    row = connection.execute(_LIFT, {"which": silence, "now": to_us(now), "until": to_us(now)}).one_or_none()
    return None if row is None else SilenceTarget(TargetType(row.what), row.value)


_ACTIVE = (
    select(failure_silence)
    .where(failure_silence.c.until > bindparam("now"), failure_silence.c.set_at <= bindparam("latest"))
    .order_by(failure_silence.c.until, failure_silence.c.id)
)


def active_silences(connection: Connection, now: datetime) -> list[Silence]:
    """Return the silences in force, those that end first at the beginning.

    One that was set in the future was dated by a clock that ran ahead, and so was its end.
    """
    rows = connection.execute(_ACTIVE, {"now": to_us(now), "latest": to_us(now + _CLOCK_TOLERANCE)})
    return [
        Silence(SilenceTarget(TargetType(row.what), row.value), from_us(row.until), row.reason, row.set_by, row.id)
        for row in rows
    ]


_OTHER = failure_silence.alias()
_MOVE = update(failure_silence).where(
    failure_silence.c.what == TargetType.MEMBER,
    failure_silence.c.value == bindparam("old"),
    ~exists().where(_OTHER.c.what == TargetType.MEMBER, _OTHER.c.value == bindparam("new")),
)


def merge_silences(connection: Connection, old: int, new: int) -> None:
    """Retarget the silence of member `old` to member `new`; it stays as it is if `new` has one."""
    connection.execute(_MOVE, {"old": str(old), "new": str(new), "value": str(new)})


RETAIN = timedelta(days=30)  # of silences that are over
_PRUNE = delete(failure_silence).where(
    failure_silence.c.until < bindparam("before"),
    failure_silence.c.id < select(func.max(_OTHER.c.id)).scalar_subquery(),
)


def prune(connection: Connection, now: datetime) -> int:
    """Delete silences that ended long ago; return how many.

    The newest row stays, so that its id, which buttons may carry, is not given to another one.
    """
    return connection.execute(_PRUNE, {"before": to_us(now - RETAIN)}).rowcount
