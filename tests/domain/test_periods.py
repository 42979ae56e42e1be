"""Periods follow the calendar of a zone through leap days, year ends and clocks that jump."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.periods import Bucket, Unit, Window, buckets, day_start, instant, local_day, period
from tests.support.effort import examples

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",  # its gap is at midnight
    "Asia/Beirut",  # so is this one
    "America/Havana",  # gap at midnight, fold back to midnight
    "Australia/Lord_Howe",  # half an hour
    "Asia/Kathmandu",  # +05:45
    "Pacific/Apia",  # skipped 30 December 2011
    "America/St_Johns",  # until 2011 clocks went back over midnight
)
BEGINNING, END = datetime(2005, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(int(BEGINNING.timestamp()), int(END.timestamp())).map(lambda at: datetime.fromtimestamp(at, UTC))
DAYS = st.dates(date(2000, 1, 1), date(2999, 12, 1))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("unit", "day", "first", "label"),
    [
        (Unit.DAY, "2024-02-29", "2024-02-29", "2024-02-29"),
        (Unit.WEEK, "2026-11-16", "2026-11-16", "2026-W47"),
        (Unit.WEEK, "2026-11-22", "2026-11-16", "2026-W47"),
        (Unit.WEEK, "2024-02-29", "2024-02-26", "2024-W09"),
        (Unit.WEEK, "2026-12-31", "2026-12-28", "2026-W53"),
        (Unit.WEEK, "2027-01-03", "2026-12-28", "2026-W53"),  # a Sunday of the old year's week
        (Unit.WEEK, "2027-01-04", "2027-01-04", "2027-W01"),
        (Unit.WEEK, "2024-12-30", "2024-12-30", "2025-W01"),  # a Monday of the new year's week
        (Unit.WEEK, "2025-12-29", "2025-12-29", "2026-W01"),
        (Unit.MONTH, "2024-02-29", "2024-02-01", "2024-02"),
        (Unit.MONTH, "2026-12-31", "2026-12-01", "2026-12"),
        (Unit.QUARTER, "2026-01-01", "2026-01-01", "2026-Q1"),
        (Unit.QUARTER, "2026-03-31", "2026-01-01", "2026-Q1"),
        (Unit.QUARTER, "2024-05-31", "2024-04-01", "2024-Q2"),
        (Unit.QUARTER, "2026-09-30", "2026-07-01", "2026-Q3"),
        (Unit.QUARTER, "2026-12-31", "2026-10-01", "2026-Q4"),
        (Unit.YEAR, "2024-02-29", "2024-01-01", "2024"),
        (Unit.YEAR, "2026-12-31", "2026-01-01", "2026"),
    ],
)
def test_a_day_belongs_to_a_period_with_a_first_day_and_a_label(unit: Unit, day: str, first: str, label: str) -> None:
    assert unit.first_day(date.fromisoformat(day)) == date.fromisoformat(first)
    assert unit.label(date.fromisoformat(first)) == label


@pytest.mark.parametrize(
    ("unit", "first", "count", "shifted"),
    [
        (Unit.DAY, "2024-02-28", 1, "2024-02-29"),
        (Unit.DAY, "2024-03-01", -1, "2024-02-29"),
        (Unit.DAY, "2026-12-31", 1, "2027-01-01"),
        (Unit.WEEK, "2026-12-28", 1, "2027-01-04"),
        (Unit.WEEK, "2027-01-04", -2, "2026-12-21"),
        (Unit.MONTH, "2026-12-01", 1, "2027-01-01"),
        (Unit.MONTH, "2026-01-01", -1, "2025-12-01"),
        (Unit.MONTH, "2026-01-01", -13, "2024-12-01"),
        (Unit.MONTH, "2026-11-01", 0, "2026-11-01"),
        (Unit.QUARTER, "2026-10-01", 1, "2027-01-01"),
        (Unit.QUARTER, "2026-01-01", -1, "2025-10-01"),
        (Unit.YEAR, "2026-01-01", -1, "2025-01-01"),
        (Unit.YEAR, "2026-01-01", 4, "2030-01-01"),
    ],
)
def test_periods_are_counted_from_one_another(unit: Unit, first: str, count: int, shifted: str) -> None:
    assert unit.shift(date.fromisoformat(first), count) == date.fromisoformat(shifted)


@pytest.mark.parametrize(
    ("zone", "local", "moment"),
    [
        ("UTC", "2026-11-20T09:00", "2026-11-20T09:00Z"),
        ("Europe/Berlin", "2026-11-20T09:00", "2026-11-20T08:00Z"),
        ("Asia/Kathmandu", "2026-11-20T09:00", "2026-11-20T03:15Z"),
        # the missing hour: the first moment after it
        ("Europe/Berlin", "2026-03-29T01:59:59.999999", "2026-03-29T00:59:59.999999Z"),
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T02:59:59.999999", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:00Z"),
        ("Africa/Cairo", "2026-04-24T00:00", "2026-04-23T22:00Z"),
        ("Africa/Cairo", "2026-04-24T00:30", "2026-04-23T22:00Z"),
        ("Asia/Beirut", "2026-03-29T00:00", "2026-03-28T22:00Z"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30Z"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z"),  # a missing day
        # the doubled hour: the first of the two
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00Z"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29T20:30Z"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45Z"),
    ],
)
def test_a_local_time_is_one_moment_through_gaps_and_folds(zone: str, local: str, moment: str) -> None:
    found = instant(at(local), ZoneInfo(zone))
    assert found == at(moment)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("fold", [0, 1])
def test_the_fold_of_the_local_time_does_not_matter(fold: int) -> None:
    local = at("2026-10-25T02:30").replace(fold=fold)
    assert instant(local, ZoneInfo("Europe/Berlin")) == at("2026-10-25T00:30Z")


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("UTC", "2026-11-20", "2026-11-20T00:00Z", 24),
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00Z", 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00Z", 25),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00Z", 23),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00Z", 23),
        ("Africa/Cairo", "2026-10-29", "2026-10-28T21:00Z", 25),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00Z", 23),
        ("America/Havana", "2026-11-01", "2026-11-01T04:00Z", 25),
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30Z", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", 24.5),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00Z", 0),
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z", 24),
    ],
)
def test_a_local_day_begins_at_its_first_moment_and_has_its_own_length(
    zone: str, day: str, start: str, hours: float
) -> None:
    window = period(Unit.DAY, date.fromisoformat(day), ZoneInfo(zone))
    assert window == Window(at(start), at(start) + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        (Unit.DAY, "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        (Unit.WEEK, "2026-03-22T23:00Z", "2026-03-29T22:00Z"),
        (Unit.MONTH, "2026-02-28T23:00Z", "2026-03-31T22:00Z"),
        (Unit.QUARTER, "2025-12-31T23:00Z", "2026-03-31T22:00Z"),
        (Unit.YEAR, "2025-12-31T23:00Z", "2026-12-31T23:00Z"),
    ],
)
def test_a_period_runs_from_local_midnight_to_local_midnight(unit: Unit, start: str, end: str) -> None:
    assert period(unit, date(2026, 3, 29), ZoneInfo("Europe/Berlin")) == Window(at(start), at(end))


def test_a_window_holds_its_start_and_not_its_end() -> None:
    window = Window(at("2026-11-20T00:00Z"), at("2026-11-21T00:00Z"))
    assert window.start in window
    assert window.end - timedelta(microseconds=1) in window
    assert window.end not in window
    assert window.start - timedelta(microseconds=1) not in window


def test_a_window_is_cut_into_labelled_days() -> None:
    window = Window(at("2026-03-28T12:00Z"), at("2026-03-30T12:00Z"))
    assert [(part.label, part.window.start, part.window.end) for part in _cut(Unit.DAY, window, "Europe/Berlin")] == [
        ("2026-03-28", at("2026-03-28T12:00Z"), at("2026-03-28T23:00Z")),
        ("2026-03-29", at("2026-03-28T23:00Z"), at("2026-03-29T22:00Z")),
        ("2026-03-30", at("2026-03-29T22:00Z"), at("2026-03-30T12:00Z")),
    ]


def test_a_day_that_a_zone_skipped_has_no_bucket() -> None:
    window = Window(at("2011-12-29T10:00Z"), at("2011-12-31T10:00Z"))
    labels = [part.label for part in _cut(Unit.DAY, window, "Pacific/Apia")]
    assert labels == ["2011-12-29", "2011-12-31"]


def test_a_window_that_begins_in_an_evening_come_twice_begins_there() -> None:
    # until 2011 the clocks of St John's went back from 00:01 to 23:01: the next day had begun already
    window = Window(at("2010-11-07T03:00Z"), at("2010-11-07T12:00Z"))
    assert [(part.label, part.window) for part in _cut(Unit.DAY, window, "America/St_Johns")] == [
        ("2010-11-07", window),
    ]


@pytest.mark.parametrize(
    ("unit", "labels"),
    [
        (Unit.WEEK, ["2026-W52", "2026-W53", "2027-W01"]),
        (Unit.MONTH, ["2026-12", "2027-01"]),
        (Unit.QUARTER, ["2026-Q4", "2027-Q1"]),
        (Unit.YEAR, ["2026", "2027"]),
    ],
)
def test_labels_cross_the_year_in_order(unit: Unit, labels: list[str]) -> None:
    window = Window(at("2026-12-27T00:00Z"), at("2027-01-05T00:00Z"))
    assert [part.label for part in _cut(unit, window, "UTC")] == labels


def test_an_empty_window_has_no_buckets() -> None:
    assert _cut(Unit.DAY, Window(BEGINNING, BEGINNING), "UTC") == []


def _cut(unit: Unit, window: Window, zone: str) -> list[Bucket]:
    return list(buckets(unit, window, ZoneInfo(zone)))


@examples(200)
@given(DAYS, st.sampled_from(Unit), st.integers(-40, 40))
def test_shifting_there_and_back_is_where_one_was_and_days_lie_in_their_period(
    day: date, unit: Unit, count: int
) -> None:
    first = unit.first_day(day)
    assert first <= day < unit.shift(first, 1)
    assert unit.first_day(first) == first
    assert unit.shift(unit.shift(first, count), -count) == first
    assert unit.first_day(unit.shift(first, count)) == unit.shift(first, count)


@examples(300)
@given(st.dates(date(2005, 1, 1), date(2034, 12, 31)), st.sampled_from(ZONES))
def test_a_day_starts_at_the_first_moment_of_that_local_date(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    start = day_start(day, zone)
    assert local_day(start, zone) == day or (name, day) == ("Pacific/Apia", date(2011, 12, 30))
    assert local_day(start - timedelta(microseconds=1), zone) < day


@examples(300)
@given(MOMENTS, st.sampled_from(ZONES))
def test_the_instant_of_a_moments_local_time_is_the_moment_or_the_first_of_two(moment: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    local = moment.astimezone(zone)
    found = instant(local.replace(tzinfo=None, fold=0), zone)
    assert found <= moment
    assert (found == moment) == (local.fold == 0)


@examples(400)
@given(MOMENTS, st.integers(1, 400 * 86_400), st.sampled_from(Unit), st.sampled_from(ZONES))
def test_buckets_are_ordered_disjoint_and_make_up_the_window(
    start: datetime, seconds: int, unit: Unit, name: str
) -> None:
    window = Window(start, start + timedelta(seconds=seconds))
    parts = _cut(unit, window, name)
    assert (parts[0].window.start, parts[-1].window.end) == (window.start, window.end)
    assert all(one.window.end == other.window.start for one, other in pairwise(parts))
    assert all(part.window.start < part.window.end for part in parts)
    assert all(one.label < other.label for one, other in pairwise(parts))


@examples(300)
@given(MOMENTS, st.integers(1, 60 * 86_400), st.sampled_from(Unit), st.sampled_from(ZONES), st.floats(0, 1))
def test_a_moment_falls_into_the_bucket_named_after_its_local_period(
    start: datetime, seconds: int, unit: Unit, name: str, share: float
) -> None:
    zone, window = ZoneInfo(name), Window(start, start + timedelta(seconds=seconds))
    moment = start + timedelta(seconds=int((seconds - 1) * share))
    if name == "America/St_Johns" and moment.year < 2012:
        return  # an hour of the evening before comes twice there, the second time after midnight
    [part] = [part for part in _cut(unit, window, name) if moment in part.window]
    assert part.label == unit.label(unit.first_day(local_day(moment, zone)))
