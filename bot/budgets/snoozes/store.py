"""The store of snoozes: which budgets are snoozed, for whom, and until when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, and_, bindparam, delete, not_, select, update

from bot.budgets.audiences import OperatorAudience, SnoozeAudience, decode_audience, encode_audience
from bot.budgets.tables import snooze
from bot.budgets.unique_keys import is_free
from bot.database.statements import insert
from bot.domain.periods import Unit
from bot.domain.timestamps import from_us, to_us

# a snooze that was set later than this was set by a clock that ran ahead: it counts as over
CLOCK_TOLERANCE = timedelta(minutes=1)

_NEW = bindparam("new", type_=Integer)
_IS_ACTIVE = and_(snooze.c.until > bindparam("now"), snooze.c.set_at <= bindparam("latest"))

IS_ENDED = not_(_IS_ACTIVE)
"""Whether a snooze is over; for statements with the values of `ending_moment`."""

_INSERT = insert(snooze)
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["subject", "unit", "audience"],
    set_={name: _INSERT.excluded[name] for name in ("until", "set_by", "set_at", "reason")},
)
_CUT_SHORT = (
    update(snooze)
    .values(until=bindparam("now"))
    .where(snooze.c.subject == bindparam("of_subject"), snooze.c.audience == bindparam("of_audience"), _IS_ACTIVE)
)
_CUT_SHORT_ALL = (
    update(snooze).values(until=bindparam("now")).where(snooze.c.audience == bindparam("of_audience"), _IS_ACTIVE)
)
_ACTIVE = select(snooze.c.subject, snooze.c.unit, snooze.c.audience).where(_IS_ACTIVE).order_by(snooze.c.audience)
_ACTIVE_OF = (
    select(snooze.c.audience, snooze.c.until, snooze.c.set_by)
    .where(snooze.c.subject == bindparam("subject"), snooze.c.unit == bindparam("unit"), _IS_ACTIVE)
    .order_by(snooze.c.audience)
)
_ENDED = (
    select(snooze.c.id, snooze.c.subject, snooze.c.unit, snooze.c.audience, snooze.c.until)
    .where(IS_ENDED)
    .order_by(snooze.c.id)
)
_DELETE = delete(snooze).where(snooze.c.id == bindparam("which"))
_MOVE = update(snooze).values(subject=_NEW).where(snooze.c.subject == bindparam("old"), is_free(snooze, subject=_NEW))
_DELETE_OF = delete(snooze).where(snooze.c.subject == bindparam("old"))


@dataclass(frozen=True, slots=True)
class NewSnooze:
    """A snooze of a subject's budgets of one unit; `by` is a Slack id."""

    subject: int
    unit: Unit
    audience: SnoozeAudience
    until: datetime
    by: str
    reason: str | None = None


def ending_moment(now: datetime) -> dict[str, int]:
    """Return the values that tell active snoozes from ended ones: now, and when those may be set that count."""
    return {"now": to_us(now), "latest": to_us(now + CLOCK_TOLERANCE)}


def put_snooze(connection: Connection, new: NewSnooze, now: datetime) -> None:
    """Store a snooze; it replaces an earlier one of the same budgets and audience."""
    row = {
        "subject": new.subject, "unit": new.unit, "audience": encode_audience(new.audience),
        "until": to_us(new.until), "set_by": new.by, "set_at": to_us(now), "reason": new.reason,
    }  # fmt: skip
    connection.execute(_PUT, row)


def cut_short(connection: Connection, subject: int, audience: SnoozeAudience, now: datetime) -> int:
    """Have an audience's snoozes of a subject's budgets be over now; return how many there were."""
    values = {"of_subject": subject, "of_audience": encode_audience(audience), **ending_moment(now)}
    return connection.execute(_CUT_SHORT, values).rowcount


def cut_short_all(connection: Connection, audience: SnoozeAudience, now: datetime) -> int:
    """Have all of an audience's snoozes be over now, whose budgets they may be; return how many there were."""
    return connection.execute(_CUT_SHORT_ALL, {"of_audience": encode_audience(audience), **ending_moment(now)}).rowcount


def snoozed_audiences(connection: Connection, now: datetime) -> dict[tuple[int, Unit], list[SnoozeAudience]]:
    """Return the audiences that have snoozed a budget, by subject and unit."""
    audiences: dict[tuple[int, Unit], list[SnoozeAudience]] = defaultdict(list)
    for row in connection.execute(_ACTIVE, ending_moment(now)):
        audiences[row.subject, Unit(row.unit)].append(decode_audience(row.audience))
    return audiences


@dataclass(frozen=True, slots=True)
class ActiveSnooze:
    """A snooze that is not over; `by` is a Slack id."""

    audience: SnoozeAudience
    until: datetime
    by: str


def active_snoozes(connection: Connection, subject: int, unit: Unit, now: datetime) -> list[ActiveSnooze]:
    """Return the snoozes of a subject's budgets of a unit that are not over."""
    rows = connection.execute(_ACTIVE_OF, {"subject": subject, "unit": unit, **ending_moment(now)})
    return [ActiveSnooze(decode_audience(row.audience), from_us(row.until), row.set_by) for row in rows]


def is_snoozed_by(connection: Connection, operator: str, subject: int, unit: Unit, now: datetime) -> bool:
    """Return whether an operator has snoozed a subject's budgets of a unit in their own direct messages."""
    mine = OperatorAudience(operator)
    return any(each.audience == mine for each in active_snoozes(connection, subject, unit, now))


@dataclass(frozen=True, slots=True)
class EndedSnooze:
    """A snooze that is over."""

    id: int
    subject: int
    unit: Unit
    audience: SnoozeAudience
    until: datetime


def ended_snoozes(connection: Connection, now: datetime) -> list[EndedSnooze]:
    """Return the snoozes that are over but not deleted yet."""
    rows = connection.execute(_ENDED, ending_moment(now))
    return [
        EndedSnooze(row.id, row.subject, Unit(row.unit), decode_audience(row.audience), from_us(row.until))
        for row in rows
    ]


def delete_snooze(connection: Connection, id_: int) -> None:
    """Delete a snooze by its id."""
    connection.execute(_DELETE, {"which": id_})


def move_snoozes(connection: Connection, old: int, new: int) -> None:
    """Move the snoozes of subject `old` to `new`, except for audiences that have snoozed `new` already."""
    connection.execute(_MOVE, {"old": old, "new": new})
    connection.execute(_DELETE_OF, {"old": old})
