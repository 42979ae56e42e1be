"""Numbers, moments and days as they stand in messages."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.formatting import (
    comparison,
    count,
    date_span,
    last_date,
    local_time,
    moment,
    percent,
    period_name,
    short_date,
    time_span,
    utc,
    weekday,
)
from bot.domain.periods import Unit

BERLIN = ZoneInfo("Europe/Berlin")
USD = 1_000_000_000


def test_a_moment_of_a_table_is_iso_on_the_clock_of_its_zone() -> None:
    assert moment(datetime(2026, 3, 1, 23, 30, tzinfo=UTC), BERLIN) == "2026-03-02 00:30"


@pytest.mark.parametrize(("number", "text"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (1_200, "1,200 tasks")])
def test_a_number_of_something_has_its_plural(number: int, text: str) -> None:
    assert count(number, "task") == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 7, "0%"),
        (1, 3, "33%"),
        (1, 200, "<1%"),
        (1, 10**9, "<1%"),
        (3, 200, "2%"),
        (-1, 300, "0%"),
        (3, 2, "150%"),
        (2004, 2005, ">99%"),
        (2005, 2005, "100%"),
        (2005, 2004, "100%"),
    ],
)
def test_a_share_is_in_whole_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_in_data_a_moment_is_in_utc() -> None:
    at = datetime(2026, 3, 1, 23, 30, 59, tzinfo=UTC)
    assert utc(at.astimezone(BERLIN)) == "2026-03-01T23:30:59Z"


def test_the_day_that_ends_at_midnight_is_the_one_before() -> None:
    assert last_date(datetime(2026, 3, 1, 23, tzinfo=UTC), BERLIN) == date(2026, 3, 1)
    assert last_date(datetime(2026, 3, 2, 12, tzinfo=UTC), BERLIN) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("first", "unit", "today", "name"),
    [
        (date(2026, 11, 3), Unit.DAY, date(2026, 11, 28), "Nov 3"),
        (date(2025, 11, 3), Unit.DAY, date(2026, 11, 28), "Nov 3, 2025"),
        (date(2026, 11, 16), Unit.WEEK, date(2026, 11, 23), "Nov 16–22"),
        (date(2025, 12, 29), Unit.WEEK, date(2026, 1, 5), "Dec 29, 2025 – Jan 4, 2026"),
        (date(2026, 10, 1), Unit.MONTH, date(2026, 11, 1), "October"),
        (date(2025, 12, 1), Unit.MONTH, date(2026, 1, 1), "December 2025"),
    ],
)
def test_what_a_day_a_week_or_a_month_is_called(first: date, unit: Unit, today: date, name: str) -> None:
    assert period_name(first, unit, today) == name


def test_a_day_has_its_weekday() -> None:
    assert weekday(date(2026, 11, 5)) == "Thu, Nov 5"


TODAY = date(2026, 11, 28)
NOW = datetime(2026, 11, 28, 20, 5, tzinfo=UTC)  # 21:05 in Berlin


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        (date(2026, 11, 28), date(2026, 11, 28), "Nov 28"),
        (date(2026, 11, 22), date(2026, 11, 28), "Nov 22–28"),
        (date(2026, 9, 30), date(2026, 11, 1), "Sep 30 – Nov 1"),
        (date(2025, 11, 1), date(2025, 11, 1), "Nov 1, 2025"),
        (date(2025, 11, 1), date(2025, 11, 9), "Nov 1–9, 2025"),
        (date(2025, 11, 1), date(2025, 12, 9), "Nov 1 – Dec 9, 2025"),
        (date(2025, 12, 30), date(2026, 1, 2), "Dec 30, 2025 – Jan 2, 2026"),
    ],
)
def test_days_are_said_with_the_year_only_where_it_is_another(first: date, last: date, text: str) -> None:
    assert date_span(first, last, TODAY) == text
    if first == last:
        assert short_date(first, TODAY) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (NOW, "21:05"),
        (datetime(2026, 11, 27, 23, 0, tzinfo=UTC), "00:00"),
        (datetime(2026, 11, 27, 22, 59, tzinfo=UTC), "Nov 27, 23:59"),
        (datetime(2025, 12, 31, 23, 0, tzinfo=UTC), "Jan 1, 00:00"),
        (datetime(2025, 12, 31, 22, 0, tzinfo=UTC), "Dec 31, 2025, 23:00"),
    ],
)
def test_a_time_is_said_with_its_day_unless_that_is_today(at: datetime, text: str) -> None:
    assert local_time(at, BERLIN, NOW) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (datetime(2026, 11, 21, tzinfo=BERLIN), datetime(2026, 11, 29, tzinfo=BERLIN), "Nov 21–28"),
        (datetime(2026, 11, 28, tzinfo=BERLIN), datetime(2026, 11, 29, tzinfo=BERLIN), "Nov 28"),
        (
            datetime(2026, 11, 28, 9, tzinfo=BERLIN),
            datetime(2026, 11, 28, 10, 30, tzinfo=BERLIN),
            "Nov 28, 09:00 – 10:30",
        ),
        (datetime(2026, 11, 27, 20, 5, tzinfo=UTC), NOW, "Nov 27, 21:05 – Nov 28, 21:05"),
    ],
)
def test_a_window_of_whole_days_is_said_in_days(start: datetime, end: datetime, text: str) -> None:
    assert time_span(start, end, BERLIN, NOW) == text


@pytest.mark.parametrize(
    ("nanos", "other", "text"),
    [
        (12 * USD, 10 * USD, "20% more than the day before ($10.00)"),
        (5 * USD, 10 * USD, "50% less than the day before ($10.00)"),
        (0, 10 * USD, "100% less than the day before ($10.00)"),
        (99_990_000_000, 100 * USD, "about the same as the day before ($100.00)"),
        (99_500_000_000, 100 * USD, "<1% less than the day before ($100.00)"),
        (10 * USD, 10 * USD, "the same as the day before ($10.00)"),
        (5 * USD, 0, "$5.00 more than the day before ($0.00)"),
        (0, 0, "the same as the day before ($0.00)"),
        (-5 * USD, 10 * USD, "$15.00 less than the day before ($10.00)"),
        (3 * USD, -2 * USD, "$5.00 more than the day before (-$2.00)"),
        (99 * USD, 10 * USD, "890% more than the day before ($10.00)"),
        (100 * USD, 10 * USD, "$90.00 more than the day before ($10.00)"),
        (12_345 * USD, USD, "$12,344.00 more than the day before ($1.00)"),
    ],
)
def test_a_comparison_names_both_ends(nanos: int, other: int, text: str) -> None:
    assert comparison(nanos, other, "the day before") == text


def test_what_is_the_same_already_is_said_so_once() -> None:
    assert comparison(0, 0, "the same part of yesterday") == "as much as the same part of yesterday ($0.00)"
    assert (
        comparison(999 * USD, 1000 * USD, "the same days of May") == "about as much as the same days of May ($1,000.00)"
    )
