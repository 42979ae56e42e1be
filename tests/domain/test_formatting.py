"""Numbers, moments and days as they stand in messages."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.formatting import against, count, last_day, moment, percent, utc, weekday

BERLIN = ZoneInfo("Europe/Berlin")
USD = 1_000_000_000


@pytest.mark.parametrize(("number", "text"), [(0, "0 tasks"), (1, "1 task"), (2, "2 tasks"), (1_200, "1,200 tasks")])
def test_a_number_of_something_has_its_plural(number: int, text: str) -> None:
    assert count(number, "task") == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 7, "0 %"), (1, 3, "33 %"), (1, 200, "0 %"), (3, 200, "2 %"), (-1, 300, "0 %"), (3, 2, "150 %")],
)
def test_a_share_is_in_whole_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


def test_a_moment_is_on_the_clock_of_its_zone_and_in_data_in_utc() -> None:
    at = datetime(2026, 3, 1, 23, 30, 59, tzinfo=UTC)
    assert moment(at, BERLIN) == "2026-03-02 00:30"
    assert utc(at.astimezone(BERLIN)) == "2026-03-01T23:30:59Z"


def test_the_day_that_ends_at_midnight_is_the_one_before() -> None:
    assert last_day(datetime(2026, 3, 1, 23, tzinfo=UTC), BERLIN) == "2026-03-01"
    assert last_day(datetime(2026, 3, 2, 12, tzinfo=UTC), BERLIN) == "2026-03-02"


def test_a_day_has_its_weekday() -> None:
    assert weekday(date(2026, 11, 5)) == "Thu 5 Nov"


@pytest.mark.parametrize(
    ("nanos", "other", "text"),
    [
        (12 * USD, 10 * USD, "+20 % against $10.00"),
        (5 * USD, 10 * USD, "-50 % against $10.00"),
        (99 * USD, 10 * USD, "+890 % against $10.00"),
        (100 * USD, 10 * USD, "10 times the $10.00 of"),
        (12_345 * USD, USD, "12,345 times the $1.00 of"),
    ],
)
def test_an_amount_is_compared_in_percent_or_from_ten_times_on_as_a_multiple(nanos: int, other: int, text: str) -> None:
    assert against(nanos, other, after_times=" of") == text
