"""The history of passes: when they began, how they ended, and what they read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, text

from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.passes.tally import PassOutcome, PassTally
from bot.ledger.tables import CURRENT, FINISHED, WHOLE, pass_

_P = pass_.c


@dataclass(frozen=True, slots=True)
class PassRecord:
    """One pass as `status` shows it."""

    kind: str
    start: datetime | None
    end: datetime
    started_at: datetime
    finished_at: datetime | None
    complete: bool
    tally: PassTally
    error: str | None


@dataclass(frozen=True, slots=True)
class PassAttempts:
    """When the last complete pass and the last pass of a kind began."""

    complete: datetime | None
    any: datetime | None


_LAST = select(_P.started_at).where(_P.kind == bindparam("kind")).order_by(_P.id.desc()).limit(1)
_LAST_COMPLETE = _LAST.where(WHOLE)


def pass_attempts(connection: Connection, kind: str) -> PassAttempts:
    """Return when the newest passes of a kind began, newest by id, as a wrong clock may have dated earlier ones."""
    starts = (connection.execute(query, {"kind": kind}).scalar() for query in (_LAST_COMPLETE, _LAST))
    return PassAttempts(*map(optional_from_us, starts))


_FIRST_START = select(func.min(_P.started_at))


def first_pass_start(connection: Connection) -> datetime | None:
    """Return when the ledger's first pass began; None before it."""
    return optional_from_us(connection.execute(_FIRST_START).scalar())


_LAST_PASSES = (
    select(
        _P.kind, _P.window_from, _P.window_to, _P.started_at, _P.finished_at, _P.complete, _P.pages, _P.tasks, _P.new,
        _P.grown, _P.restated, _P.quarantined, _P.error,
    )
    .order_by(_P.id.desc())
    .limit(bindparam("count"))
)  # fmt: skip


def last_passes(connection: Connection, count: int) -> list[PassRecord]:
    """Return the latest passes, newest first."""
    return [_record(row) for row in connection.execute(_LAST_PASSES, {"count": count})]


def _record(row: Row[*tuple[Any, ...]]) -> PassRecord:
    kind, start, end, started, finished, complete, *counts, error = row
    return PassRecord(
        kind=kind,
        start=optional_from_us(start),
        end=from_us(end),
        started_at=from_us(started),
        finished_at=optional_from_us(finished),
        complete=complete,
        tally=PassTally(*counts),
        error=error,
    )


# a pass that read nothing does not count: the machine's clock may not have been set, so that no certificate was valid
_FIRST_TO_READ = (
    select(_P.started_at)
    .where(_P.started_at <= bindparam("now"), or_(_P.pages > 0, _P.finished_at.is_(None)))
    .order_by(_P.started_at)
    .limit(1)
)


def first_start_that_read(connection: Connection, now: datetime) -> datetime | None:
    """Return when the first pass began that read anything or is running; None if there is none."""
    return optional_from_us(connection.execute(_FIRST_TO_READ, {"now": to_us(now)}).scalar())


_NEWEST = select(func.coalesce(func.max(_P.id), 0))
_NEWEST_ENDED = _NEWEST.where(FINISHED)


def newest_pass(connection: Connection) -> int:
    """Return the id of the newest pass, the running one if there is any; 0 before the first."""
    return int(connection.execute(_NEWEST).scalar_one())


def newest_ended_pass(connection: Connection) -> int:
    """Return the id of the newest pass that has ended; 0 if none has. A killed one never ends."""
    return int(connection.execute(_NEWEST_ENDED).scalar_one())


# unary + makes SQLite read the passes after that one, not walk all of them in order of their starts
_FIRST_START_AFTER = text("SELECT min(+started_at) FROM pass WHERE id > :after")


def first_start_after(connection: Connection, key: int) -> datetime | None:
    """Return the earliest start of the passes whose ids follow `key`; None if there is none."""
    return optional_from_us(connection.execute(_FIRST_START_AFTER, {"after": key}).scalar())


_CURRENT_BETWEEN = select(_P.id).where(CURRENT, _P.started_at >= bindparam("since"), _P.started_at <= bindparam("now"))
_HAS_COMPLETE = _CURRENT_BETWEEN.limit(1)


def has_complete_pass(connection: Connection, since: datetime, now: datetime) -> bool:
    """Return whether a complete pass, other than of history, began between two times, both included."""
    return connection.execute(_HAS_COMPLETE, {"since": to_us(since), "now": to_us(now)}).first() is not None


# unary + makes SQLite use the index on started_at, not walk all passes in order of their ids
_FIRST_BETWEEN = text("SELECT min(+id) FROM pass WHERE started_at > :since AND started_at <= :now")


def first_pass_between(connection: Connection, since: datetime, now: datetime) -> int | None:
    """Return the lowest id of the passes that began after `since` and not after `now`; None if there is none."""
    key: int | None = connection.execute(_FIRST_BETWEEN, {"since": to_us(since), "now": to_us(now)}).scalar()
    return key


@dataclass(frozen=True, slots=True)
class PassEnd:
    """How a pass ended, and with which error; older versions recorded no outcome."""

    outcome: PassOutcome | None
    error: str | None


_LAST_ENDS = (
    select(_P.ending, _P.error)
    .where(
        _P.kind == bindparam("kind"),
        _P.id >= bindparam("first"),
        FINISHED,
        _P.ending.is_distinct_from(PassOutcome.INTERRUPTED.value),
    )
    .order_by(_P.id.desc())
    .limit(bindparam("most"))
)


def last_pass_ends(connection: Connection, kind: str, first: int, most: int) -> list[PassEnd]:
    """Return how the `most` last passes of a kind from id `first` on ended, newest first, without interrupted ones."""
    rows = connection.execute(_LAST_ENDS, {"kind": kind, "first": first, "most": most})
    return [PassEnd(None if ending is None else PassOutcome(ending), error) for ending, error in rows]


_FIRST_SINCE_COMPLETE = text("""
SELECT min(+started_at) FROM pass WHERE kind = :kind AND id > coalesce(
  (SELECT id FROM pass WHERE kind = :kind AND complete ORDER BY id DESC LIMIT 1), 0)
""")


def first_start_since_complete(connection: Connection, kind: str) -> datetime | None:
    """Return the earliest start of the passes of a kind since its last complete one; None if there is none."""
    return optional_from_us(connection.execute(_FIRST_SINCE_COMPLETE, {"kind": kind}).scalar())
