"""Suggested limits: the first step of a round one is reached by about one member in ten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.budgets.backtest.suggestions import suggested_limit
from bot.budgets.rules import reached_steps

USD = 10**9


@pytest.mark.parametrize(
    ("peaks", "limit"),
    [
        ([], 0),
        ([0, 0], 0),
        ([40], 85),  # of few members none is to be notified: half of a round limit is above what they spent
        ([10, 20, 30, 40, 100], 85),  # of five, one
        ([1] * 9 + [100], 3),
        ([5] * 10, 11),  # nobody stands out
        ([*range(1, 21)], 40),
    ],
)
def test_what_is_suggested(peaks: list[int], limit: int) -> None:
    assert suggested_limit([each * USD for each in peaks], 50) == limit * USD


@given(st.lists(st.integers(0, 10**14), min_size=1, max_size=60), st.sampled_from([10, 50, 100]))
def test_never_more_than_one_in_ten_are_notified(peaks: list[int], step: int) -> None:
    limit = suggested_limit(peaks, step)
    notified = sum(1 for peak in peaks if limit and reached_steps(limit, peak, (step,)))
    assert notified <= (len(peaks) + 5) // 10
