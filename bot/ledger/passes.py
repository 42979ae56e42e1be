"""Passes: the record of what was read from the upstream, what it covers, and which tasks it no longer lists."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bot.database.errors import LedgerError
from bot.database.reader import Reader, plain_rows
from bot.domain.periods import Window
from bot.domain.timestamps import from_us, optional_from_us, optional_to_us, to_us
from bot.ledger.pruning import PruneStep, key_after
from bot.ledger.scope import Scope

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.database.reader import Reads
    from bot.ledger.booking import BookingResult

_BEGINNING = 0  # the stored start of a window that reaches back to the beginning
_FOR_EVER = 2**62
_DAY_US = 86_400_000_000  # a pass that had to wait may begin so long after its window's end, and be one up to then
_OVERLAP_US = 1_000_000  # whether the upstream's ends are inclusive is undocumented


class PassOutcome(StrEnum):
    """How a pass ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"  # all of it was read, and does not add up
    FAILED = "failed"  # the upstream did not give it
    BROKEN = "broken"  # something went wrong here
    INTERRUPTED = "interrupted"  # it was told to stop


@dataclass(slots=True)
class PassTally:
    """What a pass has read and booked so far. Counts are of tasks, but for `pages` and `quarantined` rows."""

    pages: int = 0
    tasks: int = 0
    new: int = 0
    grown: int = 0
    restated: int = 0
    quarantined: int = 0
    email_lost: int = 0

    def add(self, result: "BookingResult") -> None:
        """Count one transaction."""
        self.new += result.new
        self.grown += result.grown
        self.restated += result.restated
        self.quarantined += len(result.quarantined)
        self.email_lost += result.email_lost

    def include(self, other: "PassTally") -> None:
        """Count another pass's tally too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Interval:
    """Creation times `[start, end)` in microseconds that passes have read."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class MissingTasks:
    """What a complete pass did not list although it should: of how many, and how many were missed again."""

    expected: int
    missed: int
    missing: int


def begin(connection: "Connection", kind: str, start: datetime | None, end: datetime, now: datetime) -> int:
    """Record that a pass begins; returns its key."""
    sql = (
        "INSERT INTO pass (kind, window_from, window_to, started_at, complete, pages, tasks, new, grown, restated,"
        " quarantined) VALUES (?,?,?,?,0,0,0,0,0,0,0)"
    )
    values = (kind, optional_to_us(start), to_us(end), to_us(now))
    return int(connection.exec_driver_sql(sql, values).lastrowid)


def finish(
    connection: "Connection",
    key: int,
    tally: PassTally,
    *,
    complete: bool,
    now: datetime,
    error: str | None = None,
    ending: PassOutcome | None = None,
) -> None:
    """Record what became of a pass; a complete one adds to the coverage, and frees what it no longer lists."""
    ending = ending or (PassOutcome.COMPLETE if complete else PassOutcome.FAILED if error else PassOutcome.INCOMPLETE)
    connection.exec_driver_sql(
        "UPDATE pass SET finished_at=?, complete=?, pages=?, tasks=?, new=?, grown=?, restated=?, quarantined=?,"
        " error=?, ending=? WHERE id = ?",
        (
            to_us(now), complete, tally.pages, tally.tasks, tally.new, tally.grown, tally.restated,
            tally.quarantined, error, ending, key,
        ),
    )  # fmt: skip
    if complete:
        row = connection.exec_driver_sql(
            "SELECT window_from, window_to, started_at FROM pass WHERE id = ?", (key,)
        ).one()
        start = _BEGINNING if row[0] is None else row[0]
        _free_what_is_gone(connection, key, Interval(start, row[1]), row[2])
        _cover(connection, Interval(start, row[1]))


def _free_what_is_gone(connection: "Connection", key: int, window: Interval, started_at: int) -> None:
    """End the quarantine of rows that a complete pass should have listed and did not.

    It should have if their task was created within its window. Where that is not known, if it read on to its
    present, from no later than the window that they were last seen in.
    """
    low = window.start and window.start + _OVERLAP_US
    connection.exec_driver_sql(
        "DELETE FROM quarantine WHERE last_pass < ? AND ((created_at >= ? AND created_at < ?)"
        " OR (seen_from >= ? AND ? >= ?))",
        (key, low, window.end - _OVERLAP_US, window.start, window.end, started_at - _DAY_US),
    )


def _cover(connection: "Connection", added: Interval) -> None:
    rows = connection.exec_driver_sql("SELECT covered_from, covered_to FROM coverage").all()
    stretches = merged_intervals([*(Interval(*row) for row in rows), added])
    connection.exec_driver_sql("DELETE FROM coverage")
    connection.exec_driver_sql(
        "INSERT INTO coverage (covered_from, covered_to) VALUES (?,?)", [(each.start, each.end) for each in stretches]
    )


def merged_intervals(stretches: Sequence[Interval]) -> list[Interval]:
    """The same stretches with those that touch made one, in order."""
    result: list[Interval] = []
    for each in sorted(stretches, key=lambda stretch: stretch.start):
        if result and each.start <= result[-1].end:
            result[-1] = Interval(result[-1].start, max(result[-1].end, each.end))
        else:
            result.append(each)
    return result


def mark_missing(
    connection: "Connection", start: datetime | None, end: datetime, seen: Callable[[str], bool], now: datetime
) -> MissingTasks:
    """After a complete pass: note the tasks of its window that it did not list.

    The first time a task is only noted as missed, the second time it is missing since the first. A task that is
    listed again is neither. If half of the window or more vanished at once, nothing is noted: the key sees less.
    """
    low = _BEGINNING if start is None else to_us(start)
    rows = connection.exec_driver_sql(
        "SELECT id, task_id, missed_at FROM task WHERE created_at >= ? AND created_at < ?", (low, to_us(end))
    )
    expected, missed, back = 0, [], []
    for key, task_id, missed_at in rows:
        expected += 1
        if not seen(task_id):
            missed.append((key, missed_at))
        elif missed_at is not None:
            back.append((key,))
    again = [(at, key) for key, at in missed if at is not None]
    verdict = MissingTasks(expected, len(missed), len(again))
    if has_plunged(verdict):
        return verdict
    _note(connection, "UPDATE task SET missed_at = NULL, missing_since = NULL WHERE id = ?", back)
    _note(connection, "UPDATE task SET missing_since = ? WHERE id = ? AND missing_since IS NULL", again)
    first = [(to_us(now), key) for key, at in missed if at is None]
    _note(connection, "UPDATE task SET missed_at = ? WHERE id = ?", first)
    return verdict


_FEW = 10  # a small window may well lose half of its tasks


def has_plunged(verdict: MissingTasks) -> bool:
    """Whether so much vanished that the key must have lost its view of the team."""
    return verdict.missed >= _FEW and verdict.missed * 2 >= verdict.expected


def _note(connection: "Connection", sql: str, rows: Sequence[tuple[int, ...]]) -> None:
    if rows:
        connection.exec_driver_sql(sql, list(rows))


# --- read back -----------------------------------------------------------------------------------


class UnreadError(LedgerError):
    """The ledger holds nothing yet to answer from: no reading of Neo has ended."""

    def __init__(self) -> None:
        super().__init__(
            "nothing has been read from Neo yet. Run `neo-usage sync`; `neo-usage status` says what failed."
        )


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the ledger can be trusted.

    `as_of`: the moment that the last complete pass up to its present was frozen to; `reached`: how far any pass
    tried to reach, in microseconds; `stretches`: what complete passes cover.
    """

    as_of: datetime | None
    reached: int
    stretches: tuple[Interval, ...]

    def covers(self, start: datetime, end: datetime) -> bool:
        """Whether complete passes have read all of `[start, end)`, as far as it has come."""
        until = min(to_us(end), self.reached)
        return (
            self.as_of is not None
            and to_us(start) < self.reached
            and any(each.start <= to_us(start) and until <= each.end for each in self.stretches)
        )

    @property
    def since(self) -> int | None:
        """Where the unbroken stretch up to the last complete pass begins, in microseconds; None before any."""
        return max((each.start for each in self.stretches), default=None)


def freshness(reader: Reader, now: datetime) -> Freshness:
    """How far the ledger can be trusted; what a clock that ran ahead once claimed is left out."""
    upto = {"now": to_us(now), "waited": _DAY_US}
    # the last that was written, not the latest: time may since have come to what a clock that ran ahead has claimed
    as_of = reader.one(
        "SELECT window_to FROM pass WHERE complete AND kind <> 'history' AND window_to <= :now"
        " AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1",
        upto,
    )
    reached = reader.one(
        "SELECT window_to FROM pass WHERE finished_at IS NOT NULL AND kind <> 'history' AND window_to <= :now"
        " AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1",
        upto,
    )
    rows = reader.rows(
        "SELECT covered_from, min(covered_to, :now) FROM coverage WHERE covered_from < :now ORDER BY 1", upto
    )
    stretches = [Interval(*row) for row in rows]
    at = as_of[0] if as_of else None
    return Freshness(optional_from_us(at), (reached and reached[0]) or 0, tuple(stretches))


def beginning(reader: Reader, fresh: Freshness, scope: Scope) -> datetime | None:
    """Where a scope of the ledger starts: with what passes cover, or (all history read) with its first charge."""
    if fresh.since is None:
        return None
    if fresh.since > 0:
        return from_us(fresh.since)
    first = reader.one(f"SELECT min(booked_at) FROM {scope.charges}")  # noqa: S608 - our own words
    return from_us(first[0]) if first and first[0] is not None else None


def is_complete(fresh: Freshness, window: Window, begins: datetime | None) -> bool:
    """Whether the ledger holds all of a window, as far as it has come; `begins` as of `beginning`."""
    start = window.start
    if fresh.since == 0 and begins is not None:
        start = max(start, begins)  # nothing is older than the beginning
    return fresh.covers(start, window.end) and to_us(start) >= (fresh.since or 0)


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
    """When passes of a kind began: the last complete one, and the last of all."""

    complete: datetime | None
    any: datetime | None


def pass_attempts(reader: Reader, kind: str) -> PassAttempts:
    """When passes of that kind last began; the last that was written, whatever a clock that ran ahead wrote before."""
    last = "SELECT started_at FROM pass WHERE kind = :kind {} ORDER BY id DESC LIMIT 1"
    rows = [reader.one(last.format(only), {"kind": kind}) for only in ("AND complete", "")]
    return PassAttempts(*(None if row is None else from_us(row[0]) for row in rows))


def intervals_read(connection: "Connection", now: datetime, *, tail: bool) -> list[Interval] | None:
    """The stretches of creation time in which a new task is news: what complete passes have read, and what came since.

    Whatever was created after the first pass began that has read anything is news, also if no pass was ever complete.
    None if all is, as of a `tail` once anything was read: what it lists goes on now. Empty before the first pass.
    """
    rows = connection.exec_driver_sql("SELECT covered_from, covered_to FROM coverage").all()
    if rows and tail:
        return None
    began = connection.exec_driver_sql(_FIRST_TO_READ, (to_us(now),)).scalar()
    since = [] if began is None else [Interval(began, _FOR_EVER)]
    return merged_intervals([*(Interval(*row) for row in rows), *since])


# one that read nothing, as while the machine had no time yet and no certificate was valid, says nothing of any time
_FIRST_TO_READ = """
SELECT started_at FROM pass WHERE started_at <= ? AND (pages > 0 OR finished_at IS NULL) ORDER BY started_at LIMIT 1
"""


def first_pass_start(reader: Reader) -> datetime | None:
    """When the ledger's first pass began."""
    row = reader.one("SELECT min(started_at) FROM pass")
    return from_us(row[0]) if row and row[0] is not None else None


def last_passes(reader: Reader, count: int) -> list[PassRecord]:
    """The latest passes, newest first."""
    sql = (
        "SELECT kind, window_from, window_to, started_at, finished_at, complete, pages, tasks, new, grown, restated,"
        " quarantined, error FROM pass ORDER BY id DESC LIMIT :count"
    )
    return [_record(row) for row in reader.rows(sql, {"count": count})]


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


def newest_pass(reads: "Reads") -> int:
    """Return the key of the newest pass, which is the one that books now, if any does; 0 before the first."""
    return int(plain_rows(reads, "SELECT coalesce(max(id), 0) FROM pass")[0][0])


def newest_ended_pass(reads: "Reads") -> int:
    """Return the key of the newest pass that has ended; 0 before the first. One that was killed never ends."""
    sql = "SELECT coalesce((SELECT max(id) FROM pass WHERE finished_at IS NOT NULL), 0)"
    return int(plain_rows(reads, sql)[0][0])


def first_start_after(reads: "Reads", key: int) -> datetime | None:
    """Return when the earliest of the passes began that are newer than one, by its key; None if there is none."""
    began = [at for (at,) in plain_rows(reads, "SELECT started_at FROM pass WHERE id > ?", (key,))]
    return from_us(min(began)) if began else None


def has_complete_pass(reads: "Reads", since: datetime, now: datetime) -> bool:
    """Return whether a complete pass up to its present began between two moments."""
    sql = "SELECT 1 FROM pass WHERE complete AND kind <> 'history' AND started_at >= ? AND started_at <= ? LIMIT 1"
    return bool(plain_rows(reads, sql, (to_us(since), to_us(now))))


def first_pass_between(reads: "Reads", since: datetime, now: datetime) -> int | None:
    """Return the lowest key of the passes that began between two moments; None if there is none."""
    # the sign has SQLite go by the moment, and not through all passes up to it
    sql = "SELECT min(+id) FROM pass WHERE started_at > ? AND started_at <= ?"
    key: int | None = plain_rows(reads, sql, (to_us(since), to_us(now)))[0][0]
    return key


@dataclass(frozen=True, slots=True)
class PassEnd:
    """How a pass ended, and with which error; older versions recorded no outcome."""

    outcome: PassOutcome | None
    error: str | None


def last_pass_ends(reads: "Reads", kind: str, first: int, most: int) -> list[PassEnd]:
    """Return how the newest passes of a kind ended, with keys from `first` on, newest first; not interrupted ones."""
    sql = (
        "SELECT ending, error FROM pass WHERE kind = ? AND id >= ? AND finished_at IS NOT NULL"
        " AND ending IS NOT 'interrupted' ORDER BY id DESC LIMIT ?"
    )
    rows = plain_rows(reads, sql, (kind, first, most))
    return [PassEnd(None if ending is None else PassOutcome(ending), error) for ending, error in rows]


def first_start_since_complete(reads: "Reads", kind: str) -> datetime | None:
    """Return when the earliest pass of a kind began that is newer than its last complete one; None if there is none."""
    sql = (
        "SELECT min(+started_at) FROM pass WHERE kind = ? AND id > coalesce("
        "(SELECT id FROM pass WHERE kind = ? AND complete ORDER BY id DESC LIMIT 1), 0)"
    )
    at = plain_rows(reads, sql, (kind, kind))[0][0]
    return None if at is None else from_us(at)


def tasks_known_at(hashes: Container[int]) -> Callable[[str], bool]:
    """Whether a task's id is among the hashes a sweep has kept."""
    return lambda task_id: hash(task_id) in hashes


# --- pruned --------------------------------------------------------------------------------------

RETAIN = timedelta(days=30)  # what is due is decided by the last week's passes, and `status` shows five
_NEWEST = 1_000  # that are kept whatever their age: a service that was down for long goes on from them


def prune(connection: "Connection", now: datetime, after: int) -> PruneStep:
    """Delete passes that nothing rests on any more, among those whose keys follow `after`.

    The first stays, and the first that read anything, which tell since when the ledger is read; and of each kind the
    last and the last complete one.
    """
    reached = key_after(connection, "pass", after)
    rows = connection.exec_driver_sql(
        "SELECT id FROM pass WHERE id > ? AND id <= ? AND id <= (SELECT max(id) FROM pass) - ? AND started_at < ?",
        (after, 2**62 if reached is None else reached, _NEWEST, to_us(now - RETAIN)),
    ).all()
    kept = _lasting(connection, now)
    old = [(key,) for (key,) in rows if key not in kept]
    _note(connection, "DELETE FROM pass WHERE id = ?", old)
    return PruneStep(len(old), reached)


# the kinds one after the other, each sought in an index
_LASTING = """
WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM pass UNION ALL
  SELECT (SELECT min(p.kind) FROM pass p WHERE p.kind > k.kind) FROM kinds k WHERE k.kind IS NOT NULL)
SELECT min(id) FROM pass
UNION SELECT (SELECT id FROM pass WHERE pages > 0 OR finished_at IS NULL ORDER BY id LIMIT 1)
UNION SELECT (SELECT p.id FROM pass p WHERE p.kind = k.kind ORDER BY p.id DESC LIMIT 1) FROM kinds k
UNION SELECT (SELECT p.id FROM pass p WHERE p.kind = k.kind AND p.complete ORDER BY p.id DESC LIMIT 1) FROM kinds k
UNION SELECT * FROM (SELECT id FROM pass WHERE complete AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1)
UNION SELECT * FROM (SELECT id FROM pass WHERE finished_at IS NOT NULL AND kind <> 'history' AND window_to <= :now
  AND window_to >= started_at - :waited ORDER BY id DESC LIMIT 1)
"""


def _lasting(connection: "Connection", now: datetime) -> set[int]:
    """The passes that stay however old they are: the first, and those that tell how far the ledger has come."""
    return {row[0] for row in connection.exec_driver_sql(_LASTING, {"now": to_us(now), "waited": _DAY_US}).all()}
