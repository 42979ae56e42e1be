"""What an answer is compared with is called as people call it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.domain.query.earlier_window import name_of_window_before
from bot.domain.query.parser import parse

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = datetime(2026, 11, 29, 20, 5, tzinfo=UTC)


def name(line: str, now: datetime = SUNDAY, zone: ZoneInfo = BERLIN) -> str:
    return name_of_window_before(parse(line, now=now, zone=zone).effective_when, now, zone)


@pytest.mark.parametrize(
    ("line", "called"),
    [
        ("", "the same days of October"),
        ("today", "the same part of yesterday"),
        ("2026-11-29", "the same part of yesterday"),
        ("1d", "the same part of yesterday"),
        ("yesterday", "the day before"),
        ("2026-11-20", "the day before"),
        ("7d", "the 7 days before"),
        ("1w", "the 7 days before"),
        ("4w", "the 4 weeks before"),
        ("24h", "the 24 hours before"),
        ("1h", "the hour before"),
        ("1000h", "the 1,000 hours before"),
        ("this week", "the same days of last week"),
        ("last week", "the week before"),
        ("2026-W45", "the week before"),
        ("this month", "the same days of October"),
        ("last month", "September"),
        ("2026-11", "the same days of October"),
        ("2026-10", "September"),
        ("2026-01", "December 2025"),
        ("this quarter", "the same days of Q3"),
        ("last quarter", "Q2"),
        ("this year", "the same days of 2025"),
        ("last year", "2024"),
        ("2026-11-01..2026-11-15", "the 15 days before"),
        ("2026-11-10..2026-11-10", "the day before"),
        ("2026-10..2026-10", "the 31 days before"),
        ("from:2026-11-01", "the 29 days before"),
        ("from:2026-11-29", "the same part of yesterday"),
        ("to:2026-11-15", ""),
        ("task:0b6c", ""),
        ("from:2026-11-20T09:00 to:2026-11-20T12:00", "the 3 hours before"),
        ("from:2026-11-20T09:00 to:2026-11-21T09:00", "the 24 hours before"),
        ("from:2026-11-20T09:00 to:2026-11-23T09:00", "the 3 days before"),
        ("from:2026-11-20T09:00 to:2026-11-20T09:20", "the 20 minutes before"),
        ("from:2026-11-20T09:00 to:2026-11-20T09:01", "the minute before"),
        ("from:2026-11-20T09:00 to:2026-11-20T10:01", "the hour and 1 minute before"),
        ("from:2026-11-01T09:00 to:2026-11-02T09:30", "the 24 hours and 30 minutes before"),
    ],
)
def test_the_window_before_has_a_name(line: str, called: str) -> None:
    assert name(line) == called


@pytest.mark.parametrize(
    ("line", "now", "called"),
    [
        ("this month", datetime(2026, 11, 1, 9, tzinfo=UTC), "the same part of Oct 1"),
        ("this month", datetime(2026, 10, 31, 23, tzinfo=UTC), "the same part of Oct 1"),  # midnight in Berlin
        ("this month", datetime(2026, 10, 31, 20, tzinfo=UTC), "September"),  # which is shorter
        ("this month", datetime(2026, 1, 5, 9, tzinfo=UTC), "the same days of December 2025"),
        ("this week", datetime(2026, 11, 23, 9, tzinfo=UTC), "the same part of Nov 16"),
        ("this year", datetime(2026, 1, 1, 9, tzinfo=UTC), "the same part of Jan 1, 2025"),
        ("this quarter", datetime(2026, 2, 10, 9, tzinfo=UTC), "the same days of Q4 2025"),
    ],
)
def test_in_the_first_days_of_a_period_and_of_a_year(line: str, now: datetime, called: str) -> None:
    assert name(line, now) == called
