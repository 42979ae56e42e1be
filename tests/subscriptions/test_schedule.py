"""When subscriptions are due: once a local date, whatever clocks and calendars do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.post_times import CATCH_UP
from bot.subscriptions.schedule import Frequency, Schedule

BERLIN, TOKYO, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("Australia/Lord_Howe")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("on", Frequency)
def test_a_schedule_is_stored_as_it_is_typed(on: Frequency) -> None:
    schedule = Schedule(on, time(17, 30))
    assert Schedule.decode(schedule.encode()) == schedule
    assert schedule.typed == f"every {on.value} 17:30"


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        ("monday 09:00", "every Monday at 09:00"),
        ("day 00:05", "every day at 00:05"),
        ("weekday 17:30", "every weekday at 17:30"),
        ("month 09:00", "on the 1st of every month at 09:00"),
    ],
)
def test_a_schedule_in_words(schedule: str, text: str) -> None:
    assert str(Schedule.decode(schedule)) == text


@pytest.mark.parametrize(
    ("schedule", "day", "moment"),
    [
        ("day 09:00", date(2026, 11, 20), "2026-11-20T08:00"),
        ("day 02:30", date(2026, 3, 29), "2026-03-29T01:00"),  # in the missing hour of spring: the first moment after
        ("day 02:30", date(2026, 10, 25), "2026-10-25T00:30"),  # in the doubled hour of autumn: the first of the two
    ],
)
def test_the_moment_of_a_date(schedule: str, day: date, moment: str) -> None:
    expected = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert Schedule.decode(schedule).due_at(day, BERLIN) == expected
    assert Schedule.decode(schedule).next_at(expected - MINUTE, BERLIN) == expected


@pytest.mark.parametrize(
    ("schedule", "after", "moment"),
    [
        ("monday 09:00", "2026-11-27T08:00", "2026-11-30T08:00"),
        ("monday 09:00", "2026-11-30T08:00", "2026-12-07T08:00"),
        ("weekday 09:00", "2026-11-27T08:00", "2026-11-30T08:00"),  # over the weekend
        ("month 09:00", "2026-11-01T08:00", "2026-12-01T08:00"),
        ("month 00:00", "2028-01-31T23:00", "2028-02-29T23:00"),
    ],
)
def test_the_next_moment(schedule: str, after: str, moment: str) -> None:
    asked = datetime.fromisoformat(after).replace(tzinfo=UTC)
    assert Schedule.decode(schedule).next_at(asked, BERLIN) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("late", "is_due"),
    [(-MINUTE, False), (timedelta(0), True), (CATCH_UP - MINUTE, True), (CATCH_UP, False)],
)
def test_a_date_is_due_for_half_a_day(late: timedelta, *, is_due: bool) -> None:
    schedule, day = Schedule(Frequency.FRIDAY, time(18)), date(2026, 11, 20)
    now = schedule.due_at(day, BERLIN) + late
    assert schedule.due_day(LONG_AGO, now, BERLIN) == (day if is_due else None)


@pytest.mark.parametrize("on", [Frequency.DAY, Frequency.FRIDAY, Frequency.MONTH])
def test_a_date_is_missed_once_it_is_due_no_more(on: Frequency) -> None:
    schedule, made = Schedule(on, time(18)), datetime(2026, 10, 20, tzinfo=UTC)
    first = schedule.next_at(made, BERLIN)
    day, following = first.astimezone(BERLIN).date(), schedule.next_at(first, BERLIN) + CATCH_UP
    assert schedule.missed_day(made, first + CATCH_UP - MINUTE, BERLIN) is None
    assert schedule.missed_day(made, first + CATCH_UP, BERLIN) == day
    assert schedule.missed_day(made, following - MINUTE, BERLIN) == day
    assert schedule.missed_day(made, following, BERLIN) == (following - CATCH_UP).astimezone(BERLIN).date()
    assert schedule.missed_day(first, first + CATCH_UP, BERLIN) is None  # made just when it was due
    assert schedule.missed_day(first + 40 * DAY, first + CATCH_UP, BERLIN) is None  # made by a clock that ran ahead


def test_what_was_due_before_it_was_made_is_not() -> None:
    schedule, day = Schedule(Frequency.DAY), date(2026, 11, 20)
    due = schedule.due_at(day, BERLIN)
    assert schedule.due_day(due + MINUTE, due + HOUR, BERLIN) is None
    assert schedule.due_day(due - MINUTE, due + HOUR, BERLIN) == day
    assert schedule.due_day(due + 5 * DAY, due + HOUR, BERLIN) == day  # made by a clock that ran ahead


@pytest.mark.slow
@given(
    on=st.sampled_from(Frequency),
    at=st.times().map(lambda each: each.replace(second=0, microsecond=0)),
    zone=st.sampled_from([BERLIN, TOKYO, LORD_HOWE, ZoneInfo("UTC"), ZoneInfo("America/St_Johns")]),
    begin=st.sampled_from(["2026-03-27", "2026-10-23", "2028-02-27", "2026-12-30", "2026-04-03"]),
    steps=st.lists(st.integers(1, 700), min_size=30, max_size=80),
)
def test_each_of_its_days_is_due_once_and_in_order(
    on: Frequency, at: time, zone: ZoneInfo, begin: str, steps: list[int]
) -> None:
    """Ticks some minutes apart, less than half a day, over nights of changing clocks, month ends and leap days."""
    schedule, made = Schedule(on, at), datetime.fromisoformat(begin).replace(tzinfo=UTC)
    now, days = made, list[date]()
    for minutes in steps:
        now += minutes * MINUTE
        day = schedule.due_day(made, now, zone)
        if day is not None and day not in days:
            days.append(day)
    expected, moment = list[date](), schedule.next_at(made, zone)
    while moment <= now:
        expected.append(moment.astimezone(zone).date())
        moment = schedule.next_at(moment, zone)
    assert days == expected
