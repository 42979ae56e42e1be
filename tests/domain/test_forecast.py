"""The forecast: a month's end by its days so far, as a range; and none from too few of them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.forecast import LEAST_DAYS, LEAST_PERIODS, days_seen, first_forecast_day, forecast, rest_forecast

USD = 1_000_000_000
ONE = timedelta(days=1)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)  # which begins on a Sunday


def days(*dollars: int, since: date = NOVEMBER) -> dict[date, int]:
    return {since + timedelta(days=number): amount * USD for number, amount in enumerate(dollars)}


def test_a_steady_month_ends_where_it_is_going() -> None:
    found = forecast(days(*[10] * 20), NOVEMBER, date(2026, 11, 21), DECEMBER)
    assert found is not None
    assert (found.low_nanos, found.high_nanos) == (300 * USD, 300 * USD)
    assert found.path[-1] == (date(2026, 11, 30), 300 * USD)


def test_weekends_are_weekends() -> None:
    spent = {day: (0 if day.weekday() > 4 else 10 * USD) for day in map(NOVEMBER.__add__, map(timedelta, range(14)))}
    found = forecast(spent, NOVEMBER, date(2026, 11, 15), DECEMBER)
    assert found is not None
    assert found.low_nanos == found.high_nanos == 210 * USD  # 21 working days


def test_a_weekday_not_seen_yet_is_like_the_others_of_its_kind() -> None:
    spent = days(10, 10, 10, 10, 10, since=date(2026, 11, 2))  # Monday to Friday
    found = forecast(spent, date(2026, 11, 2), date(2026, 11, 7), date(2026, 11, 9))
    assert found is not None
    assert found.path == ((date(2026, 11, 7), 60 * USD), (date(2026, 11, 8), 70 * USD))


MARCH = date(2026, 3, 1)


AMOUNTS = st.lists(st.integers(-5, 300), min_size=70, max_size=70)


@pytest.mark.slow
@given(month=st.sampled_from([date(2026, 2, 1), MARCH, date(2024, 2, 1), NOVEMBER]), amounts=AMOUNTS, data=st.data())
def test_a_month_costs_no_less_than_so_far_and_its_low_end_is_below_its_high_end(
    month: date, amounts: list[int], data: st.DataObject
) -> None:
    end = (month + 32 * ONE).replace(day=1)
    since = month - data.draw(st.integers(0, 40)) * ONE
    today = month + data.draw(st.integers(5, (end - month).days - 1)) * ONE
    spent = {
        since + number * ONE: amount * USD for number, amount in enumerate(amounts) if since + number * ONE <= today
    }
    found = forecast(spent, since, today, end)
    assert found is not None
    so_far = sum(nanos for day, nanos in spent.items() if day >= month)
    assert so_far <= found.low_nanos
    assert found.low_nanos <= found.high_nanos or found.low_nanos == so_far
    assert found.path[-1][0] == end - ONE


def test_what_today_has_cost_already_counts() -> None:
    spent = days(10, 10, 10, 10, 10, 10, 10) | {date(2026, 11, 8): 25 * USD}
    found = forecast(spent, NOVEMBER, date(2026, 11, 8), date(2026, 11, 10))
    assert found is not None
    assert found.path == ((date(2026, 11, 8), 95 * USD), (date(2026, 11, 9), 105 * USD))


def test_uneven_days_make_a_range_that_narrows() -> None:
    early = forecast(days(*[5, 25] * 4), NOVEMBER, date(2026, 11, 9), DECEMBER)
    late = forecast(days(*[5, 25] * 12), NOVEMBER, date(2026, 11, 25), DECEMBER)
    assert early is not None
    assert late is not None
    assert early.high_nanos - early.low_nanos > late.high_nanos - late.low_nanos > 0


@pytest.mark.parametrize(("today", "seen"), [(1, 0), (5, 4)])
def test_too_few_days_foretell_nothing(today: int, seen: int) -> None:
    day = date(2026, 11, today)
    assert forecast(days(*[10] * (today - 1)), NOVEMBER, day, DECEMBER) is None
    assert days_seen(NOVEMBER, day) == seen < LEAST_DAYS


@pytest.mark.parametrize(
    ("limit", "day"), [(200, date(2026, 11, 21)), (250, date(2026, 11, 25)), (300, date(2026, 11, 30)), (301, None)]
)
def test_the_day_a_limit_is_used_up(limit: int, day: date | None) -> None:
    found = forecast(days(*[10] * 20), NOVEMBER, date(2026, 11, 21), DECEMBER)
    assert found is not None
    assert found.passes(limit * USD) == day


@given(st.lists(st.integers(0, 10**15), min_size=6, max_size=30))
def test_it_never_ends_below_what_is_spent_and_the_middle_lies_in_the_range(amounts: list[int]) -> None:
    spent = dict(zip((NOVEMBER + timedelta(days=number) for number in range(31)), amounts, strict=False))
    today = NOVEMBER + timedelta(days=len(amounts) - 1)
    found = forecast(spent, NOVEMBER, today, DECEMBER + timedelta(days=2))
    assert found is not None
    assert sum(amounts) <= found.low_nanos <= found.path[-1][1] <= found.high_nanos


def test_an_expensive_beginning_does_not_raise_the_low_end_above_what_was_usual_before() -> None:
    before = {NOVEMBER - timedelta(days=back): 10 * USD for back in range(1, 51)}
    alone = forecast(days(*[100] * 5), NOVEMBER, date(2026, 11, 6), DECEMBER)
    found = forecast(days(*[100] * 5) | before, NOVEMBER - timedelta(days=50), date(2026, 11, 6), DECEMBER)
    assert alone is not None
    assert found is not None
    assert alone.low_nanos == 3000 * USD
    assert 500 * USD <= found.low_nanos < 1000 * USD
    assert found.path == alone.path
    assert found.high_nanos == alone.high_nanos


def test_what_was_spent_in_months_before_is_no_part_of_the_month() -> None:
    before = {NOVEMBER - timedelta(days=back): 10 * USD for back in range(1, 51)}
    found = forecast(days(*[10] * 20) | before, NOVEMBER - timedelta(days=50), date(2026, 11, 21), DECEMBER)
    assert found is not None
    assert (found.low_nanos, found.high_nanos) == (300 * USD, 300 * USD)


def test_days_of_months_before_do_not_replace_those_that_a_month_needs() -> None:
    before = {NOVEMBER - timedelta(days=back): 10 * USD for back in range(1, 51)}
    assert forecast(days(*[10] * 4) | before, NOVEMBER - timedelta(days=50), date(2026, 11, 5), DECEMBER) is None


@pytest.mark.parametrize(
    ("since", "day"),
    [
        (date(2026, 11, 1), date(2026, 11, 6)),
        (date(2026, 11, 25), date(2026, 11, 30)),
        (date(2026, 11, 26), date(2026, 12, 6)),  # too late for November
        (date(2026, 12, 1), date(2026, 12, 6)),  # the data begins with the next month
    ],
)
def test_the_first_day_with_a_forecast(since: date, day: date) -> None:
    assert first_forecast_day(since, date(2026, 12, 1)) == day


# --- days and weeks ------------------------------------------------------------------------------

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


def test_the_rest_is_the_median_of_earlier_ones_between_their_quartiles() -> None:
    rests = [[each * USD, 10 * USD] for each in (7, 1, 900, 3, 5)]
    found = rest_forecast(100 * USD, rests, [MONDAY, TUESDAY])
    assert found is not None
    assert found.path == ((MONDAY, 105 * USD), (TUESDAY, 115 * USD))
    assert (found.low_nanos, found.high_nanos) == (113 * USD, 117 * USD)


def test_too_few_earlier_periods_foretell_nothing() -> None:
    assert rest_forecast(USD, [[USD]] * (LEAST_PERIODS - 1), [MONDAY]) is None


amounts = st.integers(-(10**12), 10**15)


@given(st.integers(0, 10**15), st.lists(st.tuples(amounts, amounts), min_size=LEAST_PERIODS, max_size=20))
def test_a_period_ends_at_least_with_what_is_spent_and_at_most_with_that_and_a_rest_that_was(
    spent: int, rests: list[tuple[int, int]]
) -> None:
    found = rest_forecast(spent, rests, [MONDAY, TUESDAY])
    assert found is not None
    assert spent <= found.low_nanos <= found.path[-1][1] <= found.high_nanos
    assert found.high_nanos <= spent + max(0, *map(sum, rests))


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**12), min_size=LEAST_PERIODS, max_size=20))
def test_what_is_spent_changes_nothing_of_the_rest(spent: int, rests: list[int]) -> None:
    of_nothing = rest_forecast(0, [[each] for each in rests], [MONDAY])
    found = rest_forecast(spent, [[each] for each in rests], [MONDAY])
    assert found is not None
    assert of_nothing is not None
    assert found.high_nanos - spent == of_nothing.high_nanos
