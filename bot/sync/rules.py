"""The rules of syncing: which windows are read, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from bot.domain.periods import Unit, day_start, latest_time_of_day, local_day

TAIL = timedelta(hours=72)  # a task is listed up to 15 h after it was created, and may be continued for days
CHUNK = timedelta(days=10)  # of history: what a break costs, at most


class PassKind(StrEnum):
    """Why a window is read."""

    TAIL = "tail"
    HISTORY = "history"
    FULL = "full"
    NIGHTLY = "nightly"  # from the first day of the previous month: what was continued late
    WEEKLY = "weekly"  # all history that the ledger holds


@dataclass(frozen=True, slots=True)
class PlannedPass:
    """A window `[start, end)` of creation time to be read; without start it reaches back to the beginning."""

    kind: PassKind
    start: datetime | None
    end: datetime


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """What is to be read now: the tail, passes of the calendar, and chunks of missing history, newest first."""

    tail: PlannedPass
    calendar: tuple[PlannedPass, ...]
    history: tuple[PlannedPass, ...]


def planned_passes(
    now: datetime, *, last_complete: datetime | None, covered: Sequence[tuple[datetime, datetime]], history_days: int
) -> list[PlannedPass]:
    """Return the tail, and what no complete pass has read yet of the history that is wanted, newest first.

    Args:
        now: the moment, to which the windows are frozen.
        last_complete: the start of the last complete pass that reached its present.
        covered: disjoint stretches that complete passes have read, in order.
        history_days: how far back the ledger is to reach.
    """
    tail_start = min(now, last_complete or now) - TAIL
    gaps = _gaps(now - timedelta(days=history_days), tail_start, covered)
    history = [chunk for gap in reversed(list(gaps)) for chunk in _chunks(*gap)]
    return [PlannedPass(PassKind.TAIL, tail_start, now), *history]


def is_due_after(
    last_pass: datetime | None, attempted_at: datetime | None, wait: timedelta | None, now: datetime
) -> bool:
    """Return whether what follows each pass of the calendar is to be done.

    It was not attempted since the last one (None before the first), or `wait` (None: endless) has passed since.
    """
    if last_pass is None or last_pass > now:
        return False
    if attempted_at is None or attempted_at > now or attempted_at < last_pass:
        return True
    return wait is not None and now - attempted_at >= wait


NIGHT = time(3, 0)  # local: when people sleep and the day's tasks have ended
WEEK = timedelta(days=7)
RETRY = timedelta(hours=1)  # between tries at a pass that could not be completed
MOST_CHUNKS = 40  # of missing history, beyond which it is read as one window


def is_nightly_due(
    now: datetime, zone: tzinfo, *, began: datetime, complete: datetime | None, tried: datetime | None
) -> bool:
    """Return whether the nightly pass is due: none was completed since the last local night, nor tried just now.

    A pass that began in the future was dated by a clock that ran ahead, and does not count.

    Args:
        now: the moment.
        zone: where night falls.
        began: when the ledger's first pass began; that night needs no other.
        complete: when the last complete nightly pass began.
        tried: when any last began.
    """
    night = latest_time_of_day(NIGHT, now, zone)
    return max(began, _unless_future(complete, now) or began) < night and _may_try_again(now, tried)


def is_weekly_due(now: datetime, *, began: datetime, complete: datetime | None, tried: datetime | None) -> bool:
    """Return whether the weekly pass is due; arguments as of `is_nightly_due`."""
    return max(began, _unless_future(complete, now) or began) <= now - WEEK and _may_try_again(now, tried)


def _may_try_again(now: datetime, tried: datetime | None) -> bool:
    return tried is None or not now - RETRY < tried <= now


def _unless_future(moment: datetime | None, now: datetime) -> datetime | None:
    return None if moment is None or moment > now else moment


def previous_month(now: datetime, zone: tzinfo) -> datetime:
    """Return the first moment of the month before the present one."""
    return day_start(Unit.MONTH.shift(Unit.MONTH.first_day(local_day(now, zone)), -1), zone)


def backfill_passes(
    start: datetime, begins: datetime, covered: Sequence[tuple[datetime, datetime]]
) -> list[PlannedPass]:
    """Return what to read so that the ledger, which begins at `begins`, reaches back to `start`."""
    chunks = [chunk for gap in reversed(list(_gaps(start, begins, covered))) for chunk in _chunks(*gap)]
    return chunks if len(chunks) <= MOST_CHUNKS else [PlannedPass(PassKind.HISTORY, start, begins)]


def _gaps(
    start: datetime, end: datetime, covered: Sequence[tuple[datetime, datetime]]
) -> Iterator[tuple[datetime, datetime]]:
    for low, high in covered:
        if start < min(low, end):
            yield start, min(low, end)
        start = max(start, high)
    if start < end:
        yield start, end


def _chunks(start: datetime, end: datetime) -> Iterator[PlannedPass]:
    while start < end:
        low = max(start, end - CHUNK)
        yield PlannedPass(PassKind.HISTORY, low, end)
        end = low
