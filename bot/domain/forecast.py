"""The forecast: what a month, week or day will cost if what is to come of it is like what was of the same kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate
from math import isqrt
from typing import Self

from bot.domain.money import median_nanos

LEAST_DAYS = 5  # the fewest whole days of data that a month's forecast needs
EARLIER_DAYS = 56  # before today, also of months before, by which its low end is checked
LEAST_PERIODS = 4  # the fewest earlier days or weeks that the forecast of a day or week needs
_SATURDAY = 5
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The range of what a period will cost; `path` is the expected total at the end of each day to come."""

    low_nanos: int
    high_nanos: int
    path: tuple[tuple[date, int], ...]

    def passes(self, limit_nanos: int) -> date | None:
        """Return the first day, today or later, by whose end the limit is used up; None if it lasts."""
        return next((day for day, nanos in self.path if nanos >= limit_nanos), None)


def forecast(spent: Mapping[date, int], since: date, today: date, end: date) -> Forecast | None:
    """Return the forecast of the month that holds `today`; None before LEAST_DAYS whole days of it are seen.

    Each day to come is expected to cost the average of its weekday or, if that has not been seen yet, of working days
    or of days of the weekend. The range reaches one standard deviation of such days to either side. Its low end is the
    lower of two: by the days of this month, and by the last EARLIER_DAYS, so that some expensive days at the beginning
    of a month do not count as what is usual.

    Args:
        spent: nanos by day, including today so far, and days of months before; a day left out cost nothing.
        since: the first day with data, of this month or an earlier one.
        today: the present day, which is not over.
        end: the first day after the month.
    """
    month = today.replace(day=1)
    if days_seen(max(since, month), today) < LEAST_DAYS:
        return None
    so_far = sum(nanos for day, nanos in spent.items() if day >= month)
    usual = _UsualDays.between(spent, max(since, month), today)
    earlier = _UsualDays.between(spent, max(since, today - EARLIER_DAYS * _ONE), today)
    path, other_path = (tuple(_path(each, so_far, spent.get(today, 0), today, end)) for each in (usual, earlier))
    spread = usual.spread(len(path))
    low = min(path[-1][1] - spread, other_path[-1][1] - earlier.spread(len(path)))
    return Forecast(max(low, so_far), path[-1][1] + spread, path)


def rest_forecast(spent: int, rests: Sequence[Sequence[int]], days: Sequence[date]) -> Forecast | None:
    """Return the forecast of a day or week: what is spent, and what the rest of such a period usually costs.

    Usual is the median, and the range reaches from the lower to the upper quartile, so that neither one expensive
    period before nor an expensive beginning of this one leads to a high forecast. None before LEAST_PERIODS.

    Args:
        spent: nanos so far.
        rests: of each earlier period from the same point on, the nanos of each of its days.
        days: the days of the present period from that point on, which correspond to them.
    """
    if len(rests) < LEAST_PERIODS:
        return None
    until = [[max(nanos, 0) for nanos in accumulate(rest)] for rest in rests]
    path = tuple((day, spent + median_nanos(sums)) for day, sums in zip(days, zip(*until, strict=True), strict=True))
    whole = sorted(sums[-1] for sums in until)
    lower, upper = whole[: (len(whole) + 1) // 2], whole[len(whole) // 2 :]
    return Forecast(spent + median_nanos(lower), spent + median_nanos(upper), path)


def is_weekend(day: date) -> bool:
    """Return whether a day is a Saturday or a Sunday."""
    return day.weekday() >= _SATURDAY


def first_forecast_day(since: date, end: date) -> date:
    """Return the first day with a forecast, if data begins on `since`; in the next month if this one ends before.

    `end` is the first day after the month.
    """
    day = since + LEAST_DAYS * _ONE
    return day if day < end else end + LEAST_DAYS * _ONE


def days_seen(since: date, today: date) -> int:
    """Return how many whole days of data there are."""
    return max((today - since).days, 0)


@lru_cache(maxsize=64)
def _days(start: date, end: date) -> tuple[tuple[date, int], ...]:
    """Return the days from one to just before another with their weekdays; many forecasts are of the same days."""
    days = (start + each * _ONE for each in range((end - start).days))
    return tuple((day, day.weekday()) for day in days)


class _UsualDays:
    """What a day of each weekday is expected to cost, by the days that were seen."""

    def __init__(self, seen: Sequence[tuple[int, int]]) -> None:
        self._seen = seen
        sums, counts = [0] * 7, [0] * 7
        for weekday, nanos in seen:
            sums[weekday] += nanos
            counts[weekday] += 1
        self._kinds = [  # sum and count of working days, and of days of the weekend
            (sum(sums[:_SATURDAY]), sum(counts[:_SATURDAY])),
            (sum(sums[_SATURDAY:]), sum(counts[_SATURDAY:])),
        ]
        every = sum(sums) // len(seen)
        means = [nanos // count if count else every for nanos, count in self._kinds]
        # the mean of its weekday, else of days of its kind, else of all
        self.of = [
            sums[weekday] // counts[weekday] if counts[weekday] else means[weekday >= _SATURDAY] for weekday in range(7)
        ]
        self._means = means

    @classmethod
    def between(cls, spent: Mapping[date, int], since: date, today: date) -> Self:
        """Return what days cost by those from `since` to the one before today."""
        return cls([(weekday, spent.get(day, 0)) for day, weekday in _days(since, today)])

    def spread(self, to_come: int) -> int:
        """Return a standard deviation of the total of so many days to come, whose mean is only estimated."""
        working, weekend = self._means
        mean_of = [working] * _SATURDAY + [weekend] * (7 - _SATURDAY)
        squares = sum([(nanos - mean_of[weekday]) ** 2 for weekday, nanos in self._seen])
        count = len(self._seen)
        variance = squares // (count - sum(1 for _, days in self._kinds if days))
        return isqrt(variance * (to_come * count + to_come**2) // count)


def _path(usual: _UsualDays, so_far: int, so_far_today: int, today: date, end: date) -> Iterator[tuple[date, int]]:
    total = so_far + max(usual.of[today.weekday()] - so_far_today, 0)
    yield today, total
    for day, weekday in _days(today + _ONE, end):
        total += max(usual.of[weekday], 0)
        yield day, total
