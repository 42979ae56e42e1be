"""The store of groups: failures of one kind, from the first until a day has passed without another."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from bot.database.chunks import chunks
from bot.database.statements import insert
from bot.domain.timestamps import to_us
from bot.failures.rules import CLOSE_AFTER
from bot.failures.tables import failure, failure_group, failure_listener, failure_silence
from bot.ledger.passes.history import newest_ended_pass, newest_pass


class GroupState(StrEnum):
    """How far a group has come."""

    WAITING = "waiting"  # to be reported at the end of the pass that found it
    REPORTED = "told"
    MUTED = "hushed"  # reported, and closed by a failure that was silenced
    SILENCED = "quiet"  # not reported; a failure that is not silenced makes it wait


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """A group that is open; `first` is the first of the groups that its message reports, None if it has none yet."""

    id: int
    kind: int
    state: GroupState
    first: int | None


_ID = failure_group.c.id == bindparam("which")
_IS_OPEN = failure_group.c.closed_at.is_(None)
# not bound, so that SQLite sees that the index of such groups is meant
_IS_WAITING = failure_group.c.state == literal_column(f"'{GroupState.WAITING}'")


# --- groups that failures come into --------------------------------------------------------------

_OPEN = select(failure_group).where(failure_group.c.kind.in_(bindparam("kinds", expanding=True)), _IS_OPEN)
_INSERT = insert(failure_group).returning(failure_group.c.id)
_EXTEND = (
    update(failure_group)
    .where(_ID)
    .values(last_at=case((failure_group.c.last_at < bindparam("now"), bindparam("now")), else_=failure_group.c.last_at))
)
_UPDATE = update(failure_group).where(_ID)


def open_groups(connection: Connection, kinds: Collection[int]) -> dict[int, OpenGroup]:
    """Return the open groups of those kinds, by kind."""
    rows = connection.execute(_OPEN, {"kinds": list(kinds)})
    return {row.kind: OpenGroup(row.id, row.kind, GroupState(row.state), row.first) for row in rows}


def add_group(connection: Connection, kind: int, state: GroupState, now: datetime) -> OpenGroup:
    """Add a group, found by the pass that books now, and return it."""
    at = to_us(now)
    values = {"kind": kind, "state": state, "opened_at": at, "last_at": at, "last_pass": newest_pass(connection)}
    return OpenGroup(connection.execute(_INSERT, values).scalar_one(), kind, state, None)


def extend_group(connection: Connection, group: int, state: GroupState, now: datetime) -> None:
    """Record that a failure has joined a group in the pass that books now."""
    values = {"which": group, "now": to_us(now), "last_pass": newest_pass(connection), "state": state}
    connection.execute(_EXTEND, values)


_TASKS_OF_GROUP = select(failure.c.task).where(failure.c.grp == bindparam("of_group"))
_CHANGE_KIND = update(failure_group).where(_ID, _IS_OPEN)
_CHANGE_KIND_OF_TASKS = update(failure).where(failure.c.grp == bindparam("of_group"))


def change_kind(connection: Connection, group: int, kind: int, tasks: Collection[int]) -> bool:
    """Make an open group that holds exactly those tasks one of another kind, and return whether it is now.

    It is not where a group of that kind is open already.
    """
    in_group = set(connection.execute(_TASKS_OF_GROUP, {"of_group": group}).scalars())
    if in_group != set(tasks) or kind in open_groups(connection, [kind]):
        return False
    is_changed = bool(connection.execute(_CHANGE_KIND, {"which": group, "kind": kind}).rowcount)
    if is_changed:
        connection.execute(_CHANGE_KIND_OF_TASKS, {"of_group": group, "kind": kind})
    return is_changed


# --- closing -------------------------------------------------------------------------------------

_HAS_ENDED = failure_group.c.last_at <= bindparam("ended")
_IS_AHEAD = (~_IS_WAITING) & (failure_group.c.last_at > bindparam("now"))  # last touched by a clock that ran ahead
_FIRST_OF_ENDED = select(failure_group.c.first).where(_IS_OPEN, _HAS_ENDED)
_CLOSE = update(failure_group).where(_IS_OPEN, _HAS_ENDED)
_CORRECT = update(failure_group).where(_IS_OPEN, _IS_AHEAD)
_CLOSING = select(failure_group.c.id).where(_IS_OPEN, or_(_HAS_ENDED, _IS_AHEAD)).limit(1)


def is_closing_due(connection: Connection, now: datetime) -> bool:
    """Return whether `close_groups` would change anything now."""
    times = {"ended": to_us(now - CLOSE_AFTER), "now": to_us(now)}
    return connection.execute(_CLOSING, times).first() is not None


def close_groups(connection: Connection, now: datetime) -> list[int]:
    """Close the groups without a failure for a day; return the first groups of the messages that report them.

    Those last touched in the future were touched by a clock that ran ahead: their day begins now.
    """
    connection.execute(_CORRECT, {"now": to_us(now), "last_at": to_us(now)})
    ended = to_us(now - CLOSE_AFTER)
    if first := connection.execute(_FIRST_OF_ENDED, {"ended": ended}).scalars().all():
        connection.execute(_CLOSE, {"ended": ended, "closed_at": to_us(now)})
    return sorted({each for each in first if each is not None})


def mute_group(connection: Connection, group: int, now: datetime) -> None:
    """Close a reported group because a failure of it is silenced: after the silence, the next one opens another."""
    connection.execute(_UPDATE, {"which": group, "closed_at": to_us(now), "state": GroupState.MUTED})


_CLOSE_EMPTY = (
    update(failure_group)
    .where(
        failure_group.c.id.in_(bindparam("groups", expanding=True)),
        _IS_OPEN,
        ~exists().where(failure.c.grp == failure_group.c.id),
    )
    .values(
        closed_at=failure_group.c.last_at,
        state=case((_IS_WAITING, GroupState.SILENCED), else_=failure_group.c.state),
    )
)


def close_empty_groups(connection: Connection, groups: Iterable[int]) -> None:
    """Close those of the groups that hold no task any more, as of their last failure; none of them is reported."""
    for chunk in chunks(groups):
        connection.execute(_CLOSE_EMPTY, {"groups": chunk})


# --- changes -------------------------------------------------------------------------------------


def _of_open(number: ColumnElement[int]) -> ScalarSelect[int]:
    return select(number).select_from(failure_group).where(_IS_OPEN).scalar_subquery()


_SIGNATURE = select(
    _of_open(func.count()),
    _of_open(func.coalesce(func.max(failure_group.c.last_at), 0)),
    select(cast(func.coalesce(func.sum(failure_silence.c.until), 0), BigInteger)).scalar_subquery(),
    select(func.count()).select_from(failure_listener).scalar_subquery(),
)


def failure_signature(connection: Connection) -> tuple[int, ...]:
    """Return numbers that change whenever open groups, silences or listeners do; it costs the same at any age."""
    return tuple(connection.execute(_SIGNATURE).one())


# --- reporting -----------------------------------------------------------------------------------

_WAITING = (
    select(failure_group.c.id)
    .where(_IS_WAITING, failure_group.c.last_pass <= bindparam("newest_ended"))
    .order_by(failure_group.c.id)
)


def groups_to_report(connection: Connection) -> list[int]:
    """Return the groups that wait to be reported, once the pass that found them or a later one has ended; oldest first.

    A later one, because a pass may be killed. After either, nothing more of the same booking is to come.
    """
    ended = newest_ended_pass(connection)
    return list(connection.execute(_WAITING, {"newest_ended": ended}).scalars()) if ended else []


_MARK_REPORTED = (
    update(failure_group).where(_ID).values(first=func.coalesce(failure_group.c.first, bindparam("reported_by")))
)


def mark_reported(connection: Connection, groups: Sequence[int], first: Mapping[int, int]) -> None:
    """Record that those groups are reported, each by the message whose first group `first` gives."""
    rows = [{"which": group, "reported_by": first[group], "state": GroupState.REPORTED} for group in groups]
    connection.execute(_MARK_REPORTED, rows)


_SIZES = (
    select(failure.c.grp, func.count().label("tasks"))
    .where(failure.c.grp.in_(bindparam("groups", expanding=True)))
    .group_by(failure.c.grp)
)


def group_sizes(connection: Connection, groups: Iterable[int]) -> dict[int, int]:
    """Return how many tasks each of the groups holds."""
    return {row.grp: row.tasks for row in connection.execute(_SIZES, {"groups": list(groups)})}
