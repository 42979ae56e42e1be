"""The store of silences: the failures that nobody is notified of, until when, and who set that."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.domain.timestamps import from_us, to_us
from bot.failures.keys import SilenceTarget, TargetType


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence: about which failures, until when, why, and by whom (a Slack id)."""

    target: SilenceTarget
    until: datetime
    reason: str | None
    by: str
    id: int = 0


_CLOCK_TOLERANCE = timedelta(minutes=1)  # a silence set further in the future than this is ignored


def set_silence(connection: Connection, silence: Silence, now: datetime) -> None:
    """Write a silence, in place of one about the same."""
    connection.exec_driver_sql(
        "INSERT INTO failure_silence (what, value, until, reason, set_by, set_at) VALUES (?,?,?,?,?,?)"
        " ON CONFLICT (what, value) DO UPDATE SET until = excluded.until, reason = excluded.reason,"
        " set_by = excluded.set_by, set_at = excluded.set_at",
        (
            silence.target.type, silence.target.value, to_us(silence.until), silence.reason, silence.by, to_us(now),
        ),
    )  # fmt: skip


def lift_silence(connection: Connection, silence: int, now: datetime) -> bool:
    """End a silence, by its id; return whether it was still in force."""
    return bool(
        connection.exec_driver_sql(
            "UPDATE failure_silence SET until = ? WHERE id = ? AND until > ?", (to_us(now), silence, to_us(now))
        ).rowcount
    )


_ACTIVE = """
SELECT what, value, until, reason, set_by, id FROM failure_silence WHERE until > ? AND set_at <= ? ORDER BY until, id
"""


def active_silences(reads: Connection, now: datetime) -> list[Silence]:
    """Return the silences in force, those that end first at the beginning.

    One that was set in the future was dated by a clock that ran ahead, and so was its end.
    """
    rows = reads.exec_driver_sql(_ACTIVE, (to_us(now), to_us(now + _CLOCK_TOLERANCE))).all()
    return [
        Silence(SilenceTarget(TargetType(what), value), from_us(until), reason, by, silence_id)
        for what, value, until, reason, by, silence_id in rows
    ]


def merge_silences(connection: Connection, old: int, new: int) -> None:
    """Retarget the silence of member `old` to member `new`; it stays as it is if `new` has one."""
    connection.exec_driver_sql(
        "UPDATE OR IGNORE failure_silence SET value = ? WHERE what = 'member' AND value = ?", (str(new), str(old))
    )


RETAIN = timedelta(days=30)  # of silences that are over


def prune(connection: Connection, now: datetime) -> int:
    """Delete silences that ended long ago; return how many.

    The newest row stays, so that its id, which buttons may carry, is not given to another one.
    """
    sql = "DELETE FROM failure_silence WHERE until < ? AND id < (SELECT max(id) FROM failure_silence)"
    return connection.exec_driver_sql(sql, (to_us(now - RETAIN),)).rowcount
