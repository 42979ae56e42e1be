"""The limit that forms suggest: the smallest round one that covers what is expected, and above the present one."""

import pytest

from bot.budgets.limits.suggestion import Suggestion, SuggestionReason, suggest_limit
from bot.domain.money import MOST_TYPED_USD, NANOS_PER_USD

FORECAST, SPEND, NEXT = SuggestionReason.FORECAST, SuggestionReason.SPEND, SuggestionReason.NEXT


@pytest.mark.parametrize(
    ("limit", "spend", "forecast", "suggested", "reason"),
    [
        (2_500, 2_100, 3_870, 4_000, FORECAST),
        (3_000, 2_100, 3_700, 3_800, FORECAST),
        (3_900, 2_100, 3_870, 4_000, FORECAST),  # the present one covers it without any room
        (4_000, 2_100, 3_870, 4_100, NEXT),
        (2_500, 2_100, 3_960, 4_000, FORECAST),
        (2_500, 2_100, 3_990, 4_100, FORECAST),
        (2_500, 2_100, 4_000, 4_100, FORECAST),
        (100, 82, 0, 110, NEXT),
        (100, 82, 140, 150, FORECAST),
        (100, 82, 151, 160, FORECAST),
        (300, 310, 420, 430, FORECAST),
        (300, 310, 290, 320, SPEND),
        (500, 2_149.55, 0, 2_200, SPEND),
        (40, 40, 0, 45, SPEND),
        (40, 73, 0, 75, SPEND),
        (95, 95, 0, 100, SPEND),
        (9.5, 3, 0, 10, NEXT),
        (0, 0.004, 0, 1, SPEND),
        (0, 12.5, 0, 13, SPEND),
        (0, 40, 0, 45, SPEND),
        (0, 812.4, 2_310, 2_400, FORECAST),
        (9_900, 9_950, 0, 11_000, SPEND),
        (1_000_000, 0, 0, 1_100_000, NEXT),
        (MOST_TYPED_USD, 0, 0, MOST_TYPED_USD, NEXT),
    ],
)
def test_it_is_the_smallest_round_limit_that_covers_what_is_needed(
    limit: float, spend: float, forecast: float, suggested: int, reason: SuggestionReason
) -> None:
    limit_nanos, spend_nanos, forecast_nanos = (round(each * NANOS_PER_USD) for each in (limit, spend, forecast))
    expected = Suggestion(suggested * NANOS_PER_USD, reason)
    assert suggest_limit(limit_nanos, spend_nanos, forecast_nanos) == expected


def test_without_spend_and_limit_none_is_suggested() -> None:
    assert suggest_limit(0, 0, 0) == Suggestion(0, SuggestionReason.NONE)
