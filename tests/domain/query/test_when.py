"""Time words mean windows, and each has a window before it, on the local calendar at a given now."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import Window
from bot.domain.query.errors import WhenError
from bot.domain.query.when import EVER, THIS_MONTH, LocalNow, Range, When, resolve, window_before
from bot.domain.query.when_parser import MAX_DAYS, MAX_HOURS, parse_edge, parse_when
from tests.support.effort import examples

NOW = datetime(2026, 11, 23, 20, 30, tzinfo=UTC)  # a Monday; 21:30 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Kiritimati")


def window(text: str) -> Window:
    start, end = text.split()
    return Window(datetime.fromisoformat(f"{start}Z"), datetime.fromisoformat(f"{end}Z"))


def read(word: str) -> When:
    """The time of a word, or of `from:` and `to:` words."""
    if "from:" in word or "to:" in word:
        edges = dict(each.split(":", 1) for each in word.split(" "))
        start, end = (parse_edge(edges[key]) if key in edges else None for key in ("from", "to"))
        return Range(start, end)
    when = parse_when(word)
    assert when is not None, word
    return when


@pytest.mark.parametrize(
    ("word", "asked", "before"),
    [
        ("today", "2026-11-23T00:00 2026-11-24T00:00", "2026-11-22T00:00 2026-11-22T20:30"),
        ("yesterday", "2026-11-22T00:00 2026-11-23T00:00", "2026-11-21T00:00 2026-11-22T00:00"),
        ("1h", "2026-11-23T19:30 2026-11-23T20:30", "2026-11-23T18:30 2026-11-23T19:30"),
        ("24h", "2026-11-22T20:30 2026-11-23T20:30", "2026-11-21T20:30 2026-11-22T20:30"),
        ("1d", "2026-11-23T00:00 2026-11-24T00:00", "2026-11-22T00:00 2026-11-22T20:30"),
        ("7d", "2026-11-17T00:00 2026-11-24T00:00", "2026-11-10T00:00 2026-11-16T20:30"),
        ("4w", "2026-10-27T00:00 2026-11-24T00:00", "2026-09-29T00:00 2026-10-26T20:30"),
        ("this week", "2026-11-23T00:00 2026-11-30T00:00", "2026-11-16T00:00 2026-11-16T20:30"),
        ("last week", "2026-11-16T00:00 2026-11-23T00:00", "2026-11-09T00:00 2026-11-16T00:00"),
        ("this month", "2026-11-01T00:00 2026-12-01T00:00", "2026-10-01T00:00 2026-10-23T20:30"),
        ("last month", "2026-10-01T00:00 2026-11-01T00:00", "2026-09-01T00:00 2026-10-01T00:00"),
        ("this quarter", "2026-10-01T00:00 2027-01-01T00:00", "2026-07-01T00:00 2026-08-23T20:30"),
        ("last quarter", "2026-07-01T00:00 2026-10-01T00:00", "2026-04-01T00:00 2026-07-01T00:00"),
        ("this year", "2026-01-01T00:00 2027-01-01T00:00", "2025-01-01T00:00 2025-11-23T20:30"),
        ("last year", "2025-01-01T00:00 2026-01-01T00:00", "2024-01-01T00:00 2025-01-01T00:00"),
        ("mtd", "2026-11-01T00:00 2026-12-01T00:00", "2026-10-01T00:00 2026-10-23T20:30"),
        ("ytd", "2026-01-01T00:00 2027-01-01T00:00", "2025-01-01T00:00 2025-11-23T20:30"),
        ("2026-11", "2026-11-01T00:00 2026-12-01T00:00", "2026-10-01T00:00 2026-10-23T20:30"),
        ("2026-10", "2026-10-01T00:00 2026-11-01T00:00", "2026-09-01T00:00 2026-10-01T00:00"),
        ("2026-w47", "2026-11-16T00:00 2026-11-23T00:00", "2026-11-09T00:00 2026-11-16T00:00"),
        ("2026-w48", "2026-11-23T00:00 2026-11-30T00:00", "2026-11-16T00:00 2026-11-16T20:30"),
        ("2021-w01", "2021-01-04T00:00 2021-01-11T00:00", "2020-12-28T00:00 2021-01-04T00:00"),
        ("2020-w53", "2020-12-28T00:00 2021-01-04T00:00", "2020-12-21T00:00 2020-12-28T00:00"),
        ("2026-11-20", "2026-11-20T00:00 2026-11-21T00:00", "2026-11-19T00:00 2026-11-20T00:00"),
        ("2026-11-23", "2026-11-23T00:00 2026-11-24T00:00", "2026-11-22T00:00 2026-11-22T20:30"),
        ("2024-02-29", "2024-02-29T00:00 2024-03-01T00:00", "2024-02-28T00:00 2024-02-29T00:00"),
        ("2024-02", "2024-02-01T00:00 2024-03-01T00:00", "2024-01-01T00:00 2024-02-01T00:00"),
        ("2026-11-01..2026-11-15", "2026-11-01T00:00 2026-11-16T00:00", "2026-10-17T00:00 2026-11-01T00:00"),
        ("2026-11-20..2026-11-25", "2026-11-20T00:00 2026-11-26T00:00", "2026-11-14T00:00 2026-11-17T20:30"),
        ("2026-10..2026-11", "2026-10-01T00:00 2026-12-01T00:00", "2026-08-01T00:00 2026-09-23T20:30"),
        ("2026-w47..2026-11-23", "2026-11-16T00:00 2026-11-24T00:00", "2026-11-08T00:00 2026-11-15T20:30"),
        ("2026-11-20..", "2026-11-20T00:00 2026-11-24T00:00", "2026-11-16T00:00 2026-11-19T20:30"),
        ("..2026-11-15", "2000-01-01T00:00 2026-11-16T00:00", None),
        ("to:2026-11-15", "2000-01-01T00:00 2026-11-16T00:00", None),
        ("from:2026-11-22", "2026-11-22T00:00 2026-11-24T00:00", "2026-11-20T00:00 2026-11-21T20:30"),
        ("from:2026-11-01 to:2026-11-15", "2026-11-01T00:00 2026-11-16T00:00", "2026-10-17T00:00 2026-11-01T00:00"),
        (
            "from:2026-11-01t09:00z to:2026-11-02",
            "2026-11-01T09:00 2026-11-03T00:00",
            "2026-10-30T18:00 2026-11-01T09:00",
        ),
        (
            "from:2026-11-01t09:00 to:2026-11-01t10:30:15",
            "2026-11-01T09:00 2026-11-01T10:30:15",
            "2026-11-01T07:29:45 2026-11-01T09:00",
        ),
        ("from:2026-11-23t09:00", "2026-11-23T09:00 2026-11-24T00:00", "2026-11-22T18:00 2026-11-23T05:30"),
    ],
)
def test_each_word_has_its_window_and_the_one_before_in_utc(word: str, asked: str, before: str | None) -> None:
    when = read(word)
    assert resolve(when, NOW, UTC) == window(asked)
    assert window_before(when, NOW, UTC) == (before and window(before))


@pytest.mark.parametrize(
    ("word", "asked", "before"),
    [
        ("today", "2026-11-22T23:00 2026-11-23T23:00", "2026-11-21T23:00 2026-11-22T20:30"),
        ("yesterday", "2026-11-21T23:00 2026-11-22T23:00", "2026-11-20T23:00 2026-11-21T23:00"),
        ("24h", "2026-11-22T20:30 2026-11-23T20:30", "2026-11-21T20:30 2026-11-22T20:30"),
        ("7d", "2026-11-16T23:00 2026-11-23T23:00", "2026-11-09T23:00 2026-11-16T20:30"),
        # summer time ended on 25 October: midnights move, and 21:30 is 19:30 UTC before it
        ("4w", "2026-10-26T23:00 2026-11-23T23:00", "2026-09-28T22:00 2026-10-26T20:30"),
        ("this week", "2026-11-22T23:00 2026-11-29T23:00", "2026-11-15T23:00 2026-11-16T20:30"),
        ("last week", "2026-11-15T23:00 2026-11-22T23:00", "2026-11-08T23:00 2026-11-15T23:00"),
        ("this month", "2026-10-31T23:00 2026-11-30T23:00", "2026-09-30T22:00 2026-10-23T19:30"),
        ("last month", "2026-09-30T22:00 2026-10-31T23:00", "2026-08-31T22:00 2026-09-30T22:00"),
        ("this quarter", "2026-09-30T22:00 2026-12-31T23:00", "2026-06-30T22:00 2026-08-23T19:30"),
        ("last quarter", "2026-06-30T22:00 2026-09-30T22:00", "2026-03-31T22:00 2026-06-30T22:00"),
        ("this year", "2025-12-31T23:00 2026-12-31T23:00", "2024-12-31T23:00 2025-11-23T20:30"),
        ("last year", "2024-12-31T23:00 2025-12-31T23:00", "2023-12-31T23:00 2024-12-31T23:00"),
        ("mtd", "2026-10-31T23:00 2026-11-30T23:00", "2026-09-30T22:00 2026-10-23T19:30"),
        ("ytd", "2025-12-31T23:00 2026-12-31T23:00", "2024-12-31T23:00 2025-11-23T20:30"),
        ("2026-11", "2026-10-31T23:00 2026-11-30T23:00", "2026-09-30T22:00 2026-10-23T19:30"),
        ("2026-10", "2026-09-30T22:00 2026-10-31T23:00", "2026-08-31T22:00 2026-09-30T22:00"),
        ("2026-w47", "2026-11-15T23:00 2026-11-22T23:00", "2026-11-08T23:00 2026-11-15T23:00"),
        ("2026-11-20", "2026-11-19T23:00 2026-11-20T23:00", "2026-11-18T23:00 2026-11-19T23:00"),
        ("2026-11-01..2026-11-15", "2026-10-31T23:00 2026-11-15T23:00", "2026-10-16T22:00 2026-10-31T23:00"),
        ("2026-11-20..2026-11-25", "2026-11-19T23:00 2026-11-25T23:00", "2026-11-13T23:00 2026-11-17T20:30"),
        ("2026-10..2026-11", "2026-09-30T22:00 2026-11-30T23:00", "2026-07-31T22:00 2026-09-23T19:30"),
        ("from:2026-11-22", "2026-11-21T23:00 2026-11-23T23:00", "2026-11-19T23:00 2026-11-21T20:30"),
        ("to:2026-11-15", "2000-01-01T00:00 2026-11-15T23:00", None),
        (
            "from:2026-11-01t09:00z to:2026-11-02",
            "2026-11-01T09:00 2026-11-02T23:00",
            "2026-10-30T19:00 2026-11-01T09:00",
        ),
        (
            "from:2026-11-01t09:00 to:2026-11-01t10:30",
            "2026-11-01T08:00 2026-11-01T09:30",
            "2026-11-01T06:30 2026-11-01T08:00",
        ),
        (
            "from:2026-11-01t09:00-05:00 to:2026-11-02t00:00+0530",
            "2026-11-01T14:00 2026-11-01T18:30",
            "2026-11-01T09:30 2026-11-01T14:00",
        ),
    ],
)
def test_each_word_has_its_window_and_the_one_before_in_berlin(word: str, asked: str, before: str | None) -> None:
    when = read(word)
    assert resolve(when, NOW, BERLIN) == window(asked)
    assert window_before(when, NOW, BERLIN) == (before and window(before))


@pytest.mark.parametrize(
    ("now", "word", "before"),
    [
        # 31 March has no like in February: the month before is shown whole
        ("2026-03-31T10:00", "this month", "2026-02-01T00:00 2026-03-01T00:00"),
        ("2026-03-29T00:00", "mtd", "2026-02-01T00:00 2026-03-01T00:00"),
        ("2026-03-28T10:00", "mtd", "2026-02-01T00:00 2026-02-28T10:00"),
        ("2026-03-31T10:00", "2026-03", "2026-02-01T00:00 2026-03-01T00:00"),
        ("2028-03-29T10:00", "this month", "2028-02-01T00:00 2028-02-29T10:00"),
        ("2028-03-30T10:00", "this month", "2028-02-01T00:00 2028-03-01T00:00"),
        ("2026-05-31T23:59", "this month", "2026-04-01T00:00 2026-05-01T00:00"),
        ("2026-01-31T12:00", "this month", "2025-12-01T00:00 2025-12-31T12:00"),
        ("2026-01-01T00:00", "this month", "2025-12-01T00:00 2025-12-01T00:00"),
        # the 366th day of a year has none before it; leap days count as elapsed days
        ("2028-12-31T12:00", "this year", "2027-01-01T00:00 2028-01-01T00:00"),
        ("2028-02-29T12:00", "this year", "2027-01-01T00:00 2027-03-01T12:00"),
        ("2026-12-31T12:00", "this quarter", "2026-07-01T00:00 2026-09-30T12:00"),
        ("2026-11-01T00:00", "today", "2026-10-31T00:00 2026-10-31T00:00"),
        # a window is closed from its end on
        ("2026-12-01T00:00", "2026-11", "2026-10-01T00:00 2026-11-01T00:00"),
        ("2026-11-30T23:59", "2026-11", "2026-10-01T00:00 2026-10-30T23:59"),
    ],
)
def test_the_window_before_is_cut_at_the_same_elapsed_time_and_at_its_own_end(now: str, word: str, before: str) -> None:
    assert window_before(read(word), datetime.fromisoformat(f"{now}Z"), UTC) == window(before)


@pytest.mark.parametrize(
    ("now", "word", "asked", "before"),
    [
        # 14:00 on the day of 23 hours
        ("2026-03-29T12:00", "today", "2026-03-28T23:00 2026-03-29T22:00", "2026-03-27T23:00 2026-03-28T13:00"),
        ("2026-03-29T12:00", "24h", "2026-03-28T12:00 2026-03-29T12:00", "2026-03-27T12:00 2026-03-28T12:00"),
        ("2026-03-29T12:00", "2d", "2026-03-27T23:00 2026-03-29T22:00", "2026-03-25T23:00 2026-03-27T13:00"),
        # 02:30 the day after: that time was missing yesterday, so the first moment after it
        ("2026-03-30T00:30", "today", "2026-03-29T22:00 2026-03-30T22:00", "2026-03-28T23:00 2026-03-29T01:00"),
        ("2026-03-30T00:30", "yesterday", "2026-03-28T23:00 2026-03-29T22:00", "2026-03-27T23:00 2026-03-28T23:00"),
        # the two 02:30 of the day of 25 hours are one local time
        ("2026-10-25T00:30", "today", "2026-10-24T22:00 2026-10-25T23:00", "2026-10-23T22:00 2026-10-24T00:30"),
        ("2026-10-25T01:30", "today", "2026-10-24T22:00 2026-10-25T23:00", "2026-10-23T22:00 2026-10-24T00:30"),
        # 02:30 the day after: the first of the two
        ("2026-10-26T01:30", "today", "2026-10-25T23:00 2026-10-26T23:00", "2026-10-24T22:00 2026-10-25T00:30"),
        ("2026-10-26T01:30", "7d", "2026-10-19T22:00 2026-10-26T23:00", "2026-10-12T22:00 2026-10-19T00:30"),
        ("2026-10-26T01:30", "2026-10-25", "2026-10-24T22:00 2026-10-25T23:00", "2026-10-23T22:00 2026-10-24T22:00"),
    ],
)
def test_windows_hold_through_the_nights_when_clocks_jump(now: str, word: str, asked: str, before: str) -> None:
    when, moment = read(word), datetime.fromisoformat(f"{now}Z")
    assert resolve(when, moment, BERLIN) == window(asked)
    assert window_before(when, moment, BERLIN) == window(before)


@pytest.mark.parametrize(
    ("now", "zone", "today"),
    [
        ("2026-11-23T23:30", "Europe/Berlin", "2026-11-23T23:00 2026-11-24T23:00"),
        ("2026-11-23T03:00", "America/New_York", "2026-11-22T05:00 2026-11-23T05:00"),
        ("2026-11-23T10:00", "Pacific/Kiritimati", "2026-11-23T10:00 2026-11-24T10:00"),
    ],
)
def test_today_is_the_day_where_the_zone_is(now: str, zone: str, today: str) -> None:
    assert resolve(read("today"), datetime.fromisoformat(f"{now}Z"), ZoneInfo(zone)) == window(today)


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("0h", "no length"),
        ("0d", "no length"),
        ("0w", "no length"),
        ("00d", "no length"),
        (f"{MAX_HOURS + 1}h", "is the longest time"),
        (f"{MAX_DAYS + 1}d", "3,660 days is the longest"),
        ("523w", "3,660 days is the longest"),
        ("999999999d", "is the longest time"),
        ("2026-13", "no such date"),
        ("2026-00", "no such date"),
        ("2026-02-29", "no such date"),
        ("2026-11-31", "no such date"),
        ("2026-w00", "no such date"),
        ("2026-w54", "no such date"),
        ("2025-w53", "no such date"),
        ("0000-01", "no such date"),
        ("1999-12-31", "ears go from 2000 to 2999"),
        ("3000-01", "ears go from 2000 to 2999"),
        ("9999-12-31", "ears go from"),
        ("9999-w53", "no such date"),
        ("2026-11-01..2026-13", "no such date"),
        ("2026-11-01..tomorrow", "neither a date"),
        ("soon..2026-11-01", "neither a date"),
        ("2026-11-01...2026-11-02", "neither a date"),
    ],
)
def test_what_reads_like_a_time_and_is_none_says_why(word: str, why: str) -> None:
    with pytest.raises(WhenError, match=why):
        parse_when(word)


@pytest.mark.parametrize(
    "word",
    [
        *("", "d", "7", "7m", "-7d", "7 d", "1234567890d", "\u0667d", "tomorrow", "last", "last day", "2026", "2026-1"),
        *("26-11-20", "2026-11-2", "2026-w4", "2026/11/20", "..", "a..b", "2026-11-20t09:00", "2026-q4"),
    ],
)
def test_other_words_are_no_time(word: str) -> None:
    assert parse_when(word) is None


@pytest.mark.parametrize(
    ("edge", "text"),
    [
        ("2026-11-20", "2026-11-20"),
        ("2026-11", "2026-11"),
        ("2026-w47", "2026-W47"),
        ("2026-11-20t09:00", "2026-11-20T09:00"),
        ("2026-11-20 09:00", "2026-11-20T09:00"),
        ("2026-11-20t09:00:00", "2026-11-20T09:00"),
        ("2026-11-20t09:00:30", "2026-11-20T09:00:30"),
        ("2026-11-20t09:00z", "2026-11-20T09:00Z"),
        ("2026-11-20t09:00+00:00", "2026-11-20T09:00Z"),
        ("2026-11-20t09:00-0000", "2026-11-20T09:00Z"),
        ("2026-11-20t09:00+0530", "2026-11-20T09:00+05:30"),
        ("2026-11-20t09:00-03:30", "2026-11-20T09:00-03:30"),
        ("2026-11-20t09:00:01+23:59", "2026-11-20T09:00:01+23:59"),
        ("2026-11-20t09:00:00.5z", "2026-11-20T09:00:00.500000Z"),
        ("2026-11-20t23:59:59.999999789z", "2026-11-20T23:59:59.999999Z"),
        ("2026-11-20t09:00:00.25", "2026-11-20T09:00:00.250000"),
        ("2026-11-20t09:00+05", "2026-11-20T09:00+05:00"),
        ("2026-11-20t09:00+00:00:30", "2026-11-20T09:00+00:00:30"),
        ("2026-11-20t09:00-05:30:15", "2026-11-20T09:00-05:30:15"),
        ("2026-12-31t23:59:60z", "2026-12-31T23:59:59.999999Z"),
        ("2027-01-01t08:59:60+09:00", "2027-01-01T08:59:59.999999+09:00"),
        ("2026-11-20t09:00:00.123456z", "2026-11-20T09:00:00.123456Z"),
        ("2026-11-20t09:00:00.000000z", "2026-11-20T09:00Z"),
        ("2026-11-20 09:00 utc", "2026-11-20T09:00Z"),
        ("2026-11-20 09:00:30 +02:00", "2026-11-20T09:00:30+02:00"),
    ],
)
def test_an_edge_is_a_date_or_a_moment_and_is_said_back(edge: str, text: str) -> None:
    assert str(parse_edge(edge)) == text
    assert parse_edge(text.lower()) == parse_edge(edge)


@pytest.mark.parametrize(
    ("edge", "why"),
    [
        ("", "neither a date"),
        ("today", "neither a date"),
        ("7d", "neither a date"),
        ("2026-11-20t9:00", "neither a date"),
        ("2026-11-20t09", "neither a date"),
        ("2026-11-20t09:00.5z", "neither a date"),
        ("2026-11-20t09:00+2", "neither a date"),
        ("2026-11-20t24:00", "no such time"),
        ("2026-11-20t09:60", "no such time"),
        ("2026-11-20t09:00:60", "no such time"),
        ("2026-12-31t23:59:60+09:00", "no such time"),
        ("2026-11-20t09:00+02:00:60", "no such time"),
        ("2026-02-30t09:00", "no such time"),
        ("1999-12-31t09:00", "ears go from"),
        ("2026-11-20t09:00+24:00", "no such time"),
        ("2026-11-20t09:00-25:00", "no such time"),
        ("2026-11-20t09:00+23:60", "no such time"),
        ("2026-13", "no such date"),
    ],
)
def test_an_edge_that_is_neither_says_why(edge: str, why: str) -> None:
    with pytest.raises(WhenError, match=why):
        parse_edge(edge)


def test_an_offset_has_at_most_59_minutes() -> None:
    with pytest.raises(WhenError, match="no such time"):
        parse_edge("2026-11-20t09:00+02:60")


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("2026-11-15..2026-11-01", "ends before it begins"),
        ("2026-11..2026-10", "ends before it begins"),
        ("from:2026-11-02 to:2026-11-01", "ends before it begins"),
        ("from:2026-11-20t10:00 to:2026-11-20t10:00", "has no length"),
        ("from:2026-11-20t10:00z to:2026-11-20t10:00+01:00", "ends before it begins"),
        ("2026-11-24", "in the future"),
        ("2026-12", "in the future"),
        ("2026-w49", "in the future"),
        ("2999-12-31", "in the future"),
        ("2026-11-24..2026-11-30", "in the future"),
        ("from:2026-11-23t20:31 to:2026-11-23t21:00", "in the future"),
    ],
)
def test_a_reversed_or_wholly_future_window_is_an_error(word: str, why: str) -> None:
    with pytest.raises(WhenError, match=why):
        resolve(read(word), NOW, UTC)


@pytest.mark.parametrize("word", ["2026-11-24..", "from:2026-11-24", "from:2026-11-30t09:00"])
def test_an_open_window_from_a_future_day_is_said_to_lie_in_the_future(word: str) -> None:
    with pytest.raises(WhenError, match="in the future"):
        resolve(read(word), NOW, UTC)


def test_a_window_that_begins_now_has_begun() -> None:
    assert resolve(read("from:2026-11-23t20:30"), NOW, UTC).start == NOW
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    assert resolve(read("today"), midnight, UTC).start == midnight


def test_ever_reaches_from_the_first_year_to_the_end_of_today() -> None:
    assert resolve(EVER, NOW, UTC) == window("2000-01-01T00:00 2026-11-24T00:00")
    assert window_before(EVER, NOW, UTC) is None


def test_the_default_is_this_month() -> None:
    assert THIS_MONTH == read("this month") == read("mtd")


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("today", "today"),
        ("yesterday", "yesterday"),
        ("mtd", "this month"),
        ("ytd", "this year"),
        ("last quarter", "last quarter"),
        ("007d", "7d"),
        ("2w", "2w"),
        ("14d", "14d"),
        ("2026-w47", "2026-W47"),
        ("2026-11..2026-11-15", "2026-11..2026-11-15"),
        ("2026-11-01..", "from:2026-11-01"),
        ("..2026-11-01", "to:2026-11-01"),
        ("2026-11-01..2026-11-02t09:00", "from:2026-11-01 to:2026-11-02T09:00"),
    ],
)
def test_a_time_is_said_back_in_its_shortest_words(word: str, text: str) -> None:
    assert str(read(word)) == text


DATES = st.dates(date(2010, 1, 1), date(2026, 11, 23)).map(str)
WORDS = (
    st.sampled_from(["today", "yesterday", "mtd", "ytd"])
    | st.sampled_from([f"{name} {unit}" for name in ("this", "last") for unit in ("week", "month", "quarter", "year")])
    | st.integers(1, 1000).map(lambda count: f"{count}h")
    | st.integers(1, 500).map(lambda count: f"{count}d")
    | st.integers(1, 60).map(lambda count: f"{count}w")
    | DATES
    | st.tuples(DATES, DATES).map(lambda pair: "..".join(sorted(pair)))
    | DATES.map(lambda day: f"{day}..")
    | DATES.map(lambda day: f"from:{day}t02:30")
    | DATES.map(lambda day: f"from:{day}t02:30:59.999999999")
)
NOWS = st.integers(int(NOW.timestamp()), int(NOW.timestamp()) + 3 * 366 * 86_400).map(
    lambda at: datetime.fromtimestamp(at, UTC)
)


@examples(400)
@given(WORDS, NOWS, st.sampled_from(ZONES))
def test_the_window_before_ends_by_where_the_window_begins(word: str, now: datetime, name: str) -> None:
    zone, when = ZoneInfo(name), read(word)
    asked, before = resolve(when, now, zone), window_before(when, now, zone)
    assert before is not None
    assert before.start <= before.end <= asked.start
    assert before.start < asked.start


@examples(300)
@given(WORDS, NOWS, st.sampled_from(ZONES))
def test_a_closed_window_is_compared_with_all_of_the_one_before(word: str, now: datetime, name: str) -> None:
    zone, when = ZoneInfo(name), read(word)
    asked, before = when.window(LocalNow(now, zone)), window_before(when, now, zone)
    if asked.end <= now and before is not None:
        assert before.end == asked.start
        assert abs((asked.end - asked.start) - (before.end - before.start)) <= timedelta(days=3)
