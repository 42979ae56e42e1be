"""The sync planner: which passes are due, by what the ledger holds and by the calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.domain.timestamps import from_us
from bot.ledger.freshness import Freshness, freshness
from bot.ledger.passes.history import first_pass_start, pass_attempts
from bot.sync.rules import (
    PassKind,
    PlannedPass,
    SyncPlan,
    is_due_after,
    is_nightly_due,
    is_weekly_due,
    planned_passes,
    previous_month,
)


def _last_calendar_pass(connection: Connection) -> datetime | None:
    """Return when the last complete nightly or weekly pass began; None before the first."""
    passes = (pass_attempts(connection, kind).complete for kind in (PassKind.NIGHTLY, PassKind.WEEKLY))
    return max((each for each in passes if each), default=None)


def is_due_after_pass(
    connection: Connection, attempted_at: datetime | None, wait: timedelta | None, now: datetime
) -> bool:
    """Return whether what follows each pass of the calendar is to be done: see `is_due_after`."""
    return is_due_after(_last_calendar_pass(connection), attempted_at, wait, now)


@dataclass(frozen=True, slots=True)
class SyncPlanner:
    """Plans syncs of a ledger that is to reach back `history_days`, whose nights fall in `zone`."""

    history_days: int
    zone: ZoneInfo

    def plan(self, connection: Connection, now: datetime) -> SyncPlan:
        """Return what is to be read now."""
        fresh = freshness(connection, now)
        covered = [(from_us(each.start), from_us(each.end)) for each in fresh.intervals]
        tail, *history = planned_passes(now, last_complete=fresh.as_of, covered=covered, history_days=self.history_days)
        return SyncPlan(tail, tuple(self._calendar(connection, fresh, now)), tuple(history))

    def manual(self, connection: Connection, now: datetime, *, full: bool) -> list[PlannedPass]:
        """Return the passes of a sync that somebody asks for: what is recent and missing, or (`full`) everything."""
        plan = self.plan(connection, now)
        if not full:
            return [plan.tail, *plan.history]
        if freshness(connection, now).as_of is None:
            return [PlannedPass(PassKind.FULL, None, now)]
        # what is recent first
        return [plan.tail, PlannedPass(PassKind.FULL, None, plan.tail.start or now)]

    def _calendar(self, connection: Connection, fresh: Freshness, now: datetime) -> Iterator[PlannedPass]:
        """Yield the weekly or the nightly pass, if it is due."""
        began = first_pass_start(connection)
        if began is None or fresh.since is None:
            return
        since = from_us(fresh.since) if fresh.since else None
        night, week = pass_attempts(connection, PassKind.NIGHTLY), pass_attempts(connection, PassKind.WEEKLY)
        if is_weekly_due(now, began=began, complete=week.complete, tried=week.any):
            yield PlannedPass(PassKind.WEEKLY, since, now)
        elif is_nightly_due(now, self.zone, began=began, complete=night.complete, tried=night.any):
            # what is older than the ledger is a backfill, which notifies nobody
            start = previous_month(now, self.zone)
            yield PlannedPass(PassKind.NIGHTLY, start if since is None else max(start, since), now)
