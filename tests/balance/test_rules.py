"""How long credits last, what is warned of, when a balance counts as filled up, and when Neo is asked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.balance.keys import BalanceKey
from bot.balance.rules import (
    LEVELS,
    Balance,
    Cause,
    Runway,
    days_left,
    days_until_expiry,
    days_until_used_up,
    is_filled_up,
    is_put_off,
    new_warning,
    next_wait,
    runway,
)
from bot.domain.keys import MalformedKeyError

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SAID = Balance(NOW, NOW, available_nanos=1000, issued_nanos=5000, last_reset=NOW - 30 * DAY, expires_at=NOW + 60 * DAY)


@pytest.mark.parametrize(
    ("available", "weeks", "lasts"),
    [
        (1000, [], None),
        (1000, [70], Runway(100, 100, 100, 7)),
        (280, [70, 70, 70, 70], Runway(28, 28, 28, 28)),
        (280, [140, 70, 35, 35], Runway(28, 14, 56, 28)),
        (280, [70, 0, 0, 0], Runway(112, 28, None, 28)),
        (280, [0, 0], Runway(None, None, None, 14)),
        (5, [70, 70], Runway(0, 0, 0, 14)),
        (0, [0], Runway(0, 0, 0, 7)),
        (-10, [70], Runway(0, 0, 0, 7)),
        (280, [-70, 70], Runway(None, 28, None, 14)),
    ],
)
def test_credits_last_as_long_as_the_pace_of_the_weeks(available: int, weeks: list[int], lasts: Runway | None) -> None:
    assert runway(available, weeks) == lasts


@given(st.integers(1, 10**15), st.lists(st.integers(0, 10**13), min_size=1, max_size=4))
def test_the_range_holds_the_pace_of_all_weeks(available: int, weeks: list[int]) -> None:
    lasts = runway(available, weeks)
    assert lasts is not None
    shortest, days, longest = (
        each if each is not None else 10**9 for each in (lasts.shortest, lasts.days, lasts.longest)
    )
    assert shortest <= days <= longest


@pytest.mark.parametrize(
    ("expires_in", "days"), [(31 * DAY, 31), (HOUR, 1), (DAY + HOUR, 2), (timedelta(0), 0), (-HOUR, 0)]
)
def test_begun_days_until_expiry_count(expires_in: timedelta, days: int) -> None:
    assert days_until_expiry(replace(SAID, expires_at=NOW + expires_in), NOW) == days


def test_what_never_expires_has_no_days_and_what_has_expired_none_left() -> None:
    assert days_until_expiry(replace(SAID, expires_at=None), NOW) is None
    assert days_until_expiry(replace(SAID, is_expired=True), NOW) == 0


def test_they_are_used_up_only_once_none_is_left() -> None:
    assert days_until_used_up(replace(SAID, runway=Runway(0, 0, 0, 28))) == 1
    assert days_until_used_up(replace(SAID, available_nanos=0)) == 0
    assert days_until_used_up(SAID) is None
    assert days_until_used_up(Balance(runway=Runway(5, 5, 5, 28))) is None


@pytest.mark.parametrize(
    ("lasts", "expires_at", "left"),
    [(None, None, None), (80, None, 80), (80, NOW + 9 * DAY, 9), (5, NOW + 9 * DAY, 5), (None, NOW + 9 * DAY, 9)],
)
def test_they_are_gone_when_they_are_used_up_or_expire(
    lasts: int | None, expires_at: datetime | None, left: int | None
) -> None:
    pace = None if lasts is None else Runway(lasts, lasts, lasts, 28)
    assert days_left(replace(SAID, runway=pace, expires_at=expires_at), NOW) == left


@pytest.mark.parametrize(
    ("warned", "days", "level"),
    [
        (None, None, None), (None, 31, None), (None, 30, 30), (None, 15, 30), (None, 14, 14), (None, 1, 2),
        (None, 0, 0), (30, 20, None), (30, 14, 14), (14, 20, None), (14, 3, 7), (2, 5, None), (2, 0, 0), (0, 0, None),
    ],
)  # fmt: skip
def test_each_level_is_warned_of_once_and_only_on_the_way_down(
    warned: int | None, days: int | None, level: int | None
) -> None:
    assert new_warning(warned, days) == level


@given(st.lists(st.integers(0, 40)))
def test_no_level_is_warned_of_twice(course: list[int]) -> None:
    warned: int | None = None
    levels = []
    for days in course:
        level = new_warning(warned, days)
        if level is not None:
            warned = level
            levels.append(level)
    assert levels == sorted(set(levels), reverse=True)
    assert set(levels) <= set(LEVELS)


@pytest.mark.parametrize(
    ("changed", "filled_up"),
    [
        ({}, False),
        ({"available_nanos": 900}, False),
        ({"available_nanos": 1010}, False),  # a restated task
        ({"available_nanos": 1501}, True),
        ({"issued_nanos": 6000}, True),
        ({"last_reset": NOW}, True),
        ({"expires_at": NOW + 90 * DAY}, False),
        ({"issued_nanos": None}, False),
        ({"last_reset": None}, False),
        ({"issued_nanos": None, "available_nanos": 1250}, False),
        ({"issued_nanos": None, "available_nanos": 1251}, True),
    ],
)
def test_a_balance_is_filled_up_when_credits_are_added(
    changed: dict[str, object],
    filled_up: bool,  # noqa: FBT001 - a case
) -> None:
    assert is_filled_up(SAID, replace(SAID, **changed)) is filled_up  # type: ignore[arg-type]
    assert is_filled_up(Balance(), SAID) is False


@pytest.mark.parametrize(
    ("warned", "expires_in", "put_off"),
    [
        (None, 90, False),  # nothing to begin anew
        (30, None, False),  # it isn't said
        (30, 30, False), (30, 31, False), (30, 37, False), (30, 38, True),  # one that rolls on
        (14, 17, False), (14, 18, True), (2, 2, False), (2, 3, True), (0, 0, False), (0, 1, True),
    ],
)  # fmt: skip
def test_an_expiry_that_was_warned_of_is_put_off_by_more_than_a_quarter(
    warned: int | None,
    expires_in: int | None,
    put_off: bool,  # noqa: FBT001 - a case
) -> None:
    before = replace(SAID, warned=() if warned is None else ((Cause.EXPIRY, warned),))
    after = replace(before, expires_at=None if expires_in is None else NOW + expires_in * DAY)
    assert is_put_off(before, after, NOW) is put_off


def test_new_credits_without_an_expiry_put_off_one_that_is_over() -> None:
    expired = replace(SAID, is_expired=True, warned=((Cause.EXPIRY, 0),))
    assert not is_put_off(expired, replace(expired, expires_at=None, is_expired=False), NOW)
    assert is_put_off(expired, replace(expired, expires_at=None, is_expired=False, issued_nanos=9000), NOW)


def test_what_begins_anew_is_one_cause() -> None:
    warned = replace(SAID, fillings=3, extensions=1, warned=((Cause.SPEND, 7), (Cause.EXPIRY, 14)))
    filled, put_off = warned.begun_anew(Cause.SPEND), warned.begun_anew(Cause.EXPIRY)
    assert (filled.fillings, filled.extensions, filled.warned) == (4, 1, ((Cause.EXPIRY, 14),))
    assert (put_off.fillings, put_off.extensions, put_off.warned) == (3, 2, ((Cause.SPEND, 7),))


@pytest.mark.parametrize(
    ("lasts", "unavailable", "hours"),
    [(None, "", 24), (90, "", 24), (8, "", 24), (7, "", 1), (0, "", 1), (7, "x", 6), (90, "x", 6)],
)
def test_neo_is_asked_more_often_when_little_is_left(lasts: int | None, unavailable: str, hours: int) -> None:
    pace = None if lasts is None else Runway(lasts, lasts, lasts, 28)
    assert next_wait(replace(SAID, runway=pace, unavailable=unavailable), NOW) == hours * HOUR


def test_a_key_reads_as_it_is_written() -> None:
    key = BalanceKey(3, Cause.EXPIRY, 14)
    assert key.encode() == "balance:3-expiry-14"
    assert BalanceKey.decode(key.encode()) == key


@pytest.mark.parametrize("text", ["balance:", "balance:1", "balance:1-spend", "balance:1-other-2", "balance:x-spend-2"])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(MalformedKeyError):
        BalanceKey.decode(text)
