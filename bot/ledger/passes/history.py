"""The history of passes: when they began, how they ended, and what they read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.domain.timestamps import from_us, optional_from_us, to_us
from bot.ledger.passes.tally import PassOutcome, PassTally


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


_LAST = "SELECT started_at FROM pass WHERE kind = ? ORDER BY id DESC LIMIT 1"
_LAST_COMPLETE = "SELECT started_at FROM pass WHERE kind = ? AND complete ORDER BY id DESC LIMIT 1"


def pass_attempts(reads: Connection, kind: str) -> PassAttempts:
    """Return when the newest passes of a kind began, newest by id, as a wrong clock may have dated earlier ones."""
    rows = [reads.exec_driver_sql(sql, (kind,)).all() for sql in (_LAST_COMPLETE, _LAST)]
    return PassAttempts(*(from_us(starts[0][0]) if starts else None for starts in rows))


def first_pass_start(reads: Connection) -> datetime | None:
    """Return when the ledger's first pass began; None before it."""
    return optional_from_us(reads.exec_driver_sql("SELECT min(started_at) FROM pass").all()[0][0])


_LAST_PASSES = """
SELECT kind, window_from, window_to, started_at, finished_at, complete, pages, tasks, new, grown, restated, quarantined,
  error FROM pass ORDER BY id DESC LIMIT ?
"""


def last_passes(reads: Connection, count: int) -> list[PassRecord]:
    """Return the latest passes, newest first."""
    return [_record(row) for row in reads.exec_driver_sql(_LAST_PASSES, (count,)).all()]


def _record(row: tuple[Any, ...]) -> PassRecord:
    kind, start, end, started, finished, complete, *counts, error = row
    return PassRecord(
        kind=kind,
        start=optional_from_us(start),
        end=from_us(end),
        started_at=from_us(started),
        finished_at=optional_from_us(finished),
        complete=bool(complete),
        tally=PassTally(*counts),
        error=error,
    )


# a pass that read nothing does not count: the machine's clock may not have been set, so that no certificate was valid
_FIRST_TO_READ = """
SELECT started_at FROM pass WHERE started_at <= ? AND (pages > 0 OR finished_at IS NULL) ORDER BY started_at LIMIT 1
"""


def first_start_that_read(reads: Connection, now: datetime) -> datetime | None:
    """Return when the first pass began that read anything or is running; None if there is none."""
    return next((from_us(at) for (at,) in reads.exec_driver_sql(_FIRST_TO_READ, (to_us(now),)).all()), None)


def newest_pass(reads: Connection) -> int:
    """Return the id of the newest pass, the running one if there is any; 0 before the first."""
    return int(reads.exec_driver_sql("SELECT coalesce(max(id), 0) FROM pass").all()[0][0])


def newest_ended_pass(reads: Connection) -> int:
    """Return the id of the newest pass that has ended; 0 if none has. A killed one never ends."""
    sql = "SELECT coalesce((SELECT max(id) FROM pass WHERE finished_at IS NOT NULL), 0)"
    return int(reads.exec_driver_sql(sql).all()[0][0])


def first_start_after(reads: Connection, key: int) -> datetime | None:
    """Return the earliest start of the passes whose ids follow `key`; None if there is none."""
    began = [at for (at,) in reads.exec_driver_sql("SELECT started_at FROM pass WHERE id > ?", (key,)).all()]
    return from_us(min(began)) if began else None


def has_complete_pass(reads: Connection, since: datetime, now: datetime) -> bool:
    """Return whether a complete pass, other than of history, began between two times, both included."""
    sql = "SELECT 1 FROM pass WHERE complete AND kind <> 'history' AND started_at >= ? AND started_at <= ? LIMIT 1"
    return bool(reads.exec_driver_sql(sql, (to_us(since), to_us(now))).all())


def first_pass_between(reads: Connection, since: datetime, now: datetime) -> int | None:
    """Return the lowest id of the passes that began after `since` and not after `now`; None if there is none."""
    # unary + makes SQLite use the index on started_at, not walk all passes in order of their ids
    sql = "SELECT min(+id) FROM pass WHERE started_at > ? AND started_at <= ?"
    key: int | None = reads.exec_driver_sql(sql, (to_us(since), to_us(now))).all()[0][0]
    return key


@dataclass(frozen=True, slots=True)
class PassEnd:
    """How a pass ended, and with which error; older versions recorded no outcome."""

    outcome: PassOutcome | None
    error: str | None


def last_pass_ends(reads: Connection, kind: str, first: int, most: int) -> list[PassEnd]:
    """Return how the `most` last passes of a kind from id `first` on ended, newest first, without interrupted ones."""
    sql = (
        "SELECT ending, error FROM pass WHERE kind = ? AND id >= ? AND finished_at IS NOT NULL"
        " AND ending IS NOT 'interrupted' ORDER BY id DESC LIMIT ?"
    )
    rows = reads.exec_driver_sql(sql, (kind, first, most)).all()
    return [PassEnd(None if ending is None else PassOutcome(ending), error) for ending, error in rows]


def first_start_since_complete(reads: Connection, kind: str) -> datetime | None:
    """Return the earliest start of the passes of a kind since its last complete one; None if there is none."""
    sql = (
        "SELECT min(+started_at) FROM pass WHERE kind = ? AND id > coalesce("
        "(SELECT id FROM pass WHERE kind = ? AND complete ORDER BY id DESC LIMIT 1), 0)"
    )
    return optional_from_us(reads.exec_driver_sql(sql, (kind, kind)).all()[0][0])
