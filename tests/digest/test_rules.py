"""When digests are due: one a local date, whatever clocks, calendars and restarts do; and which days each covers."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest.rules import DigestDays, DigestOutcome, DigestSchedule, digest_outcomes
from bot.domain.periods import Unit
from bot.domain.post_times import CATCH_UP

BERLIN, TOKYO, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe")
EVERY_DAY = frozenset(range(7))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plan(at: str = "09:00", zone: ZoneInfo = BERLIN, days: frozenset[int] = EVERY_DAY) -> DigestSchedule:
    return DigestSchedule(time.fromisoformat(at), days, zone)


@pytest.mark.parametrize(
    ("at", "day", "moment"),
    [
        ("09:00", date(2026, 11, 20), "2026-11-20T08:00"),
        ("02:30", date(2026, 3, 29), "2026-03-29T01:00"),  # in the missing hour of spring: the first moment after it
        ("02:30", date(2026, 10, 25), "2026-10-25T00:30"),  # in the doubled hour of autumn: the first of the two
        ("09:00", date(2028, 2, 29), "2028-02-29T08:00"),
        ("00:00", date(2027, 1, 1), "2026-12-31T23:00"),
    ],
)
def test_the_moment_of_a_date(at: str, day: date, moment: str) -> None:
    assert plan(at).due_at(day) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("late", "complete", "outcome"),
    [
        (-MINUTE, True, {}),
        (timedelta(0), True, {date(2026, 11, 20): DigestOutcome.OWED}),
        (timedelta(0), False, {}),  # it waits for data
        (59 * MINUTE, False, {}),
        (60 * MINUTE, False, {date(2026, 11, 20): DigestOutcome.OWED}),  # for an hour
        (CATCH_UP - MINUTE, True, {date(2026, 11, 20): DigestOutcome.OWED}),
        (CATCH_UP, True, {date(2026, 11, 20): DigestOutcome.SKIPPED}),
    ],
)
def test_a_due_digest_is_posted_waits_or_is_skipped(
    late: timedelta, *, complete: bool, outcome: dict[date, DigestOutcome]
) -> None:
    day = date(2026, 11, 20)
    now = plan().due_at(day) + late
    assert digest_outcomes(plan(), day - DAY, now, now - 2 * DAY, complete=complete) == outcome


def test_the_wait_starts_when_the_process_is_awake_and_ends_before_it_is_too_late() -> None:
    day = date(2026, 11, 20)
    due = plan().due_at(day)
    woken = due + 5 * HOUR
    assert digest_outcomes(plan(), day - DAY, woken + 59 * MINUTE, woken, complete=False) == {}
    assert digest_outcomes(plan(), day - DAY, woken + HOUR, woken, complete=False) == {day: DigestOutcome.OWED}
    woken = due + CATCH_UP - 20 * MINUTE
    assert digest_outcomes(plan(), day - DAY, woken + 10 * MINUTE, woken, complete=False) == {day: DigestOutcome.OWED}


def test_of_several_missed_ones_the_last_is_posted_and_the_others_are_skipped() -> None:
    day = date(2026, 11, 20)
    now = plan().due_at(day) + HOUR
    found = digest_outcomes(plan(), day - 3 * DAY, now, now, complete=True)
    assert found == {day - 2 * DAY: DigestOutcome.SKIPPED, day - DAY: DigestOutcome.SKIPPED, day: DigestOutcome.OWED}


@pytest.mark.slow
@given(
    zone=st.sampled_from([BERLIN, TOKYO, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]),
    at=st.times(),
    begin=st.sampled_from(["2026-03-27", "2026-10-23", "2028-02-27", "2026-12-30", "2026-04-03"]),
    steps=st.lists(st.integers(1, 700), min_size=30, max_size=60),
    other=st.sampled_from([None, BERLIN, TOKYO]),
)
def test_each_date_is_posted_once_at_most_and_in_order(
    zone: ZoneInfo, at: time, begin: str, steps: list[int], other: ZoneInfo | None
) -> None:
    """Ticks some minutes apart over nights of changing clocks, month ends and leap days; then the zone is another."""
    now = datetime.fromisoformat(begin).replace(tzinfo=UTC)
    after, told = now.date() - DAY, list[date]()
    schedule = DigestSchedule(at.replace(second=0, microsecond=0), EVERY_DAY, zone)
    for number, minutes in enumerate(steps):
        if other is not None and number == len(steps) // 2:
            schedule = DigestSchedule(schedule.at, EVERY_DAY, other)
        found = digest_outcomes(schedule, after, now, now, complete=True)
        assert list(found) == sorted(found)
        told += [day for day, outcome in found.items() if outcome is DigestOutcome.OWED]
        after = max([after, *found])
        now += minutes * MINUTE  # less than half a day: none is missed
    assert told == sorted(set(told))
    if other is None:  # a new zone's clock may be more than half a day further
        assert all(later - earlier == DAY for earlier, later in pairwise(told))


@pytest.mark.parametrize(
    ("first", "day", "week", "month"),
    [
        (date(2026, 11, 19), date(2026, 11, 20), None, None),
        (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 16), None),  # Monday
        (date(2026, 11, 30), date(2026, 12, 1), None, date(2026, 11, 1)),
        (date(2026, 11, 27), date(2026, 12, 2), date(2026, 11, 23), date(2026, 11, 1)),  # after days without one
        (date(2028, 2, 29), date(2028, 3, 1), None, date(2028, 2, 1)),
        (date(2026, 12, 31), date(2027, 1, 1), None, date(2026, 12, 1)),
    ],
)
def test_which_week_and_month_it_covers(first: date, day: date, week: date | None, month: date | None) -> None:
    days = DigestDays(first, day)
    assert (days.ended_period(Unit.WEEK), days.ended_period(Unit.MONTH)) == (week, month)


def test_days_of_the_week_are_left_out() -> None:
    schedule = plan(days=frozenset({0, 4}))  # Mondays and Fridays
    assert schedule.dates(date(2026, 11, 16), datetime(2026, 11, 24, 12, tzinfo=UTC)) == [
        date(2026, 11, 20),
        date(2026, 11, 23),
    ]


def test_windows_are_those_of_local_days() -> None:
    spring = DigestDays(date(2026, 3, 29), date(2026, 3, 30)).window(BERLIN)
    assert spring.end - spring.start == 23 * HOUR
    both = DigestDays(date(2026, 10, 24), date(2026, 10, 26)).window(BERLIN)
    assert both.end - both.start == 49 * HOUR
