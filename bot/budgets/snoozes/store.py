"""The store of snoozes: which budgets are snoozed, for whom, and until when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.budgets.audiences import OperatorAudience, SnoozeAudience, decode_audience, encode_audience
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us

# a snooze that was set later than this was set by a clock that ran ahead: it counts as over
CLOCK_TOLERANCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewSnooze:
    """A snooze of a subject's budgets of one unit; `by` is a Slack id."""

    subject: int
    unit: Unit
    audience: SnoozeAudience
    until: datetime
    by: str
    reason: str | None = None


def latest_setting(now: datetime) -> int:
    """Return the latest moment, in microseconds, at which a snooze that counts now may have been set."""
    return to_us(now + CLOCK_TOLERANCE)


_PUT = """
INSERT INTO snooze (subject, unit, audience, until, set_by, set_at, reason) VALUES (?,?,?,?,?,?,?)
ON CONFLICT (subject, unit, audience) DO UPDATE SET until = excluded.until, set_by = excluded.set_by,
  set_at = excluded.set_at, reason = excluded.reason
"""


def put_snooze(connection: Connection, snooze: NewSnooze, now: datetime) -> None:
    """Store a snooze; it replaces an earlier one of the same budgets and audience."""
    audience, until = encode_audience(snooze.audience), to_us(snooze.until)
    values = (snooze.subject, snooze.unit, audience, until, snooze.by, to_us(now), snooze.reason)
    connection.exec_driver_sql(_PUT, values)


_ACTIVE = """
SELECT subject, unit, audience FROM snooze WHERE until > ?1 AND set_at <= ?2 ORDER BY audience
"""


def snoozed_audiences(reads: Connection, now: datetime) -> dict[tuple[int, Unit], list[SnoozeAudience]]:
    """Return the audiences that have snoozed a budget, by subject and unit."""
    audiences: dict[tuple[int, Unit], list[SnoozeAudience]] = defaultdict(list)
    for subject, unit, audience in reads.exec_driver_sql(_ACTIVE, (to_us(now), latest_setting(now))).all():
        audiences[subject, Unit(unit)].append(decode_audience(audience))
    return audiences


@dataclass(frozen=True, slots=True)
class ActiveSnooze:
    """A snooze that is not over; `by` is a Slack id."""

    audience: SnoozeAudience
    until: datetime
    by: str


_ACTIVE_OF = """
SELECT audience, until, set_by FROM snooze
WHERE subject = ? AND unit = ? AND until > ? AND set_at <= ? ORDER BY audience
"""


def active_snoozes(reads: Connection, subject: int, unit: Unit, now: datetime) -> list[ActiveSnooze]:
    """Return the snoozes of a subject's budgets of a unit that are not over."""
    rows = reads.exec_driver_sql(_ACTIVE_OF, (subject, unit, to_us(now), latest_setting(now))).all()
    return [ActiveSnooze(decode_audience(audience), from_us(until), by) for audience, until, by in rows]


def is_snoozed_by(reads: Connection, operator: str, subject: int, unit: Unit, now: datetime) -> bool:
    """Return whether an operator has snoozed a subject's budgets of a unit in their own direct messages."""
    mine = OperatorAudience(operator)
    return any(each.audience == mine for each in active_snoozes(reads, subject, unit, now))


@dataclass(frozen=True, slots=True)
class EndedSnooze:
    """A snooze that is over."""

    id: int
    subject: int
    unit: Unit
    audience: SnoozeAudience
    until: datetime


_ENDED = """
SELECT id, subject, unit, audience, until FROM snooze WHERE NOT (until > ?1 AND set_at <= ?2)
"""


def ended_snoozes(reads: Connection, now: datetime) -> list[EndedSnooze]:
    """Return the snoozes that are over but not deleted yet."""
    return [
        EndedSnooze(id_, subject, Unit(unit), decode_audience(audience), from_us(until))
        for id_, subject, unit, audience, until in reads.exec_driver_sql(
            _ENDED, (to_us(now), latest_setting(now))
        ).all()
    ]


def delete_snooze(connection: Connection, snooze: int) -> None:
    """Delete a snooze by its id."""
    connection.exec_driver_sql("DELETE FROM snooze WHERE id = ?", (snooze,))


def move_snoozes(connection: Connection, old: int, new: int) -> None:
    """Move the snoozes of subject `old` to `new`, except for audiences that have snoozed `new` already."""
    connection.exec_driver_sql("UPDATE OR IGNORE snooze SET subject = ? WHERE subject = ?", (new, old))
    connection.exec_driver_sql("DELETE FROM snooze WHERE subject = ?", (old,))
