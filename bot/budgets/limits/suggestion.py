"""The limit that a form suggests, and why it is that one."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.money import MOST_TYPED_USD, NANOS_PER_USD

_ROOM = 100  # of what it covers, one part in so many is kept free
_ONES_BELOW, _FIVES_BELOW = 20, 100  # dollars, below which limits are multiples of one and of five


class SuggestionReason(StrEnum):
    """Why a limit is suggested."""

    FORECAST = "forecast"  # it covers the forecast
    SPEND = "spend"  # it covers what is spent already, which is more than the forecast
    NEXT = "next"  # the present limit covers both, and this is the next round one above it
    NONE = "none"  # nothing is spent or limited, so no limit is suggested


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A limit in nanos, 0 for none, and why."""

    nanos: int
    reason: SuggestionReason


def suggest_limit(limit_nanos: int, spend_nanos: int, forecast_nanos: int) -> Suggestion:
    """Return the smallest round limit that covers forecast and spend with a little room, and is above the present one.

    A present limit of 0 is none. Round are whole dollars below 20, multiples of 5 below 100, and two digits from there.
    """
    covered = max(spend_nanos, forecast_nanos)
    if covered <= 0 and limit_nanos <= 0:
        return Suggestion(0, SuggestionReason.NONE)
    needed = covered + covered // _ROOM
    nanos = round_limit(max(needed, limit_nanos + 1))
    if limit_nanos >= needed:
        return Suggestion(nanos, SuggestionReason.NEXT)
    reason = SuggestionReason.FORECAST if forecast_nanos >= spend_nanos else SuggestionReason.SPEND
    return Suggestion(nanos, reason)


def round_limit(nanos: int) -> int:
    """Return the smallest round limit of at least so many nanos. Round limits are those of `suggest_limit`."""
    dollars = -(-nanos // NANOS_PER_USD)
    if dollars < _ONES_BELOW:
        step = 1
    elif dollars < _FIVES_BELOW:
        step = 5
    else:
        step = 10 ** (len(str(dollars)) - 2)
    return min(-(-dollars // step) * step, MOST_TYPED_USD) * NANOS_PER_USD
