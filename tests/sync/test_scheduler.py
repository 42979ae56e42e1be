"""The sync scheduler: one sync at a time, a short wait for questions, and the calendar's passes when they are due."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.neo.errors import NeoError
from bot.sync.outcome import SyncOutcome, SyncProgress
from bot.sync.rules import (
    WEEK,
    PassKind,
    PlannedPass,
    SyncPlan,
    backfill_passes,
    is_nightly_due,
    is_weekly_due,
    previous_month,
)
from bot.sync.scheduler import PAUSE_AFTER_FAILURE, SyncFailure, SyncScheduler

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Reader:
    """Stands for a sync: notes what it was asked to read, and waits at the gate."""

    read: list[PassKind] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, planned: Sequence[PlannedPass], progress: Callable[[SyncProgress], None]) -> SyncOutcome:
        self.read += [each.kind for each in planned]
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        progress(SyncProgress(planned[0], 1, 1, 1, 2))
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if self.fails:
            raise NeoError("Neo is down")
        return SyncOutcome()


TAIL = PlannedPass(PassKind.TAIL, NOW - 3 * DAY, NOW)
CHUNK = PlannedPass(PassKind.HISTORY, NOW - 13 * DAY, NOW - 3 * DAY)


def new_scheduler(reader: Reader, clock: Callable[[], datetime] = lambda: NOW) -> SyncScheduler:
    async def plan() -> SyncPlan:
        return SyncPlan(TAIL, (PlannedPass(PassKind.NIGHTLY, NOW - 30 * DAY, NOW),), (CHUNK, CHUNK))

    return SyncScheduler(reader, plan, clock)


async def test_whoever_asks_at_once_waits_for_one_reading() -> None:
    reader = Reader()
    reader.gate.set()
    scheduler = new_scheduler(reader)
    await asyncio.gather(*(scheduler.refresh(1) for _ in range(20)))
    assert reader.read == [PassKind.TAIL]


async def test_a_question_does_not_wait_longer_than_it_may() -> None:
    reader = Reader()
    scheduler = new_scheduler(reader)
    async with asyncio.timeout(15):
        await scheduler.refresh(0.01)
    assert scheduler.progress is not None
    reader.gate.set()
    await scheduler.read_tail()
    assert reader.read == [PassKind.TAIL]  # the reading went on although nobody waited
    assert scheduler.progress is None


async def test_what_is_due_is_read_in_turn_with_the_tail_first() -> None:
    reader = Reader()
    reader.gate.set()
    scheduler = new_scheduler(reader)
    await scheduler.tick()
    assert reader.read == [
        PassKind.TAIL,
        PassKind.NIGHTLY,
        PassKind.TAIL,
        PassKind.HISTORY,
        PassKind.TAIL,
        PassKind.HISTORY,
    ]


async def test_two_readings_are_never_at_once() -> None:
    reader = Reader()
    reader.gate.set()
    scheduler = new_scheduler(reader)
    await asyncio.gather(scheduler.tick(), scheduler.refresh(1), scheduler.backfill([CHUNK]))
    others = [each for each in reader.read if each is not PassKind.TAIL]
    assert sorted(others) == sorted([PassKind.NIGHTLY, PassKind.HISTORY, PassKind.HISTORY, PassKind.HISTORY])
    assert all(PassKind.TAIL in pair for pair in pairwise(reader.read))
    assert reader.most_at_once == 1


async def test_a_failure_is_kept_and_not_asked_for_again_at_once() -> None:
    now = [NOW]
    reader = Reader(fails=True)
    reader.gate.set()
    scheduler = new_scheduler(reader, lambda: now[0])
    await scheduler.tick()
    assert scheduler.failure is not None
    assert scheduler.failure.message == "Neo is down"
    await scheduler.refresh(1)
    assert reader.read == [PassKind.TAIL]
    now[0] += PAUSE_AFTER_FAILURE
    reader.fails = False
    await scheduler.refresh(1)
    assert reader.read == [PassKind.TAIL, PassKind.TAIL]
    assert scheduler.failure is None


async def test_that_nobody_can_say_what_is_due_is_kept_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def plan() -> SyncPlan:
        raise OverflowError("date value out of range")

    scheduler = SyncScheduler(Reader(), plan, lambda: NOW)
    await scheduler.tick()
    assert scheduler.failure == SyncFailure("OverflowError: date value out of range", NOW)
    assert "sync failed" in capsys.readouterr().out


async def test_it_stops_in_the_middle_of_a_reading() -> None:
    reader = Reader()
    scheduler = new_scheduler(reader)
    await scheduler.refresh(0.01)
    assert reader.at_once == 1
    async with asyncio.timeout(15):
        await scheduler.stop()
    assert reader.at_once == 0


# --- rules ---------------------------------------------------------------------------------------

BEGAN = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "complete", "tried", "due"),
    [
        (datetime(2026, 11, 20, 23, tzinfo=UTC), None, None, False),  # installed today: no night has passed
        (datetime(2026, 11, 21, 1, 59, tzinfo=UTC), None, None, False),  # 02:59 in Berlin
        (datetime(2026, 11, 21, 2, 0, tzinfo=UTC), None, None, True),
        (datetime(2026, 11, 21, 9, tzinfo=UTC), datetime(2026, 11, 21, 2, tzinfo=UTC), None, False),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), datetime(2026, 11, 21, 2, tzinfo=UTC), None, True),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), None, datetime(2026, 11, 22, 8, 30, tzinfo=UTC), False),
        (datetime(2026, 11, 22, 9, tzinfo=UTC), None, datetime(2026, 11, 22, 8, 0, tzinfo=UTC), True),
    ],
)
def test_the_nightly_pass_is_due_once_a_local_night(
    now: datetime, complete: datetime | None, tried: datetime | None, *, due: bool
) -> None:
    assert is_nightly_due(now, BERLIN, began=BEGAN, complete=complete, tried=tried) is due


@pytest.mark.parametrize(
    ("now", "complete", "due"),
    [(BEGAN + WEEK - HOUR, None, False), (BEGAN + WEEK, None, True), (BEGAN + 2 * WEEK, BEGAN + WEEK + HOUR, False)],
)
def test_the_weekly_pass_is_due_a_week_after_the_last(now: datetime, complete: datetime | None, *, due: bool) -> None:
    assert is_weekly_due(now, began=BEGAN, complete=complete, tried=complete) is due


def test_the_previous_month_begins_on_the_local_calendar() -> None:
    assert previous_month(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), BERLIN) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_reaching_back_fills_the_gaps_newest_first() -> None:
    covered = [(NOW - 50 * DAY, NOW - 40 * DAY), (NOW - 20 * DAY, NOW)]
    chunks = backfill_passes(NOW - 45 * DAY, NOW - 20 * DAY, covered)
    assert [(each.start, each.end) for each in chunks] == [
        (NOW - 30 * DAY, NOW - 20 * DAY),
        (NOW - 40 * DAY, NOW - 30 * DAY),
    ]


def test_reaching_back_for_years_is_one_window() -> None:
    assert backfill_passes(NOW - 3650 * DAY, NOW, []) == [PlannedPass(PassKind.HISTORY, NOW - 3650 * DAY, NOW)]
