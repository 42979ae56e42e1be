"""The forecast: where a month ends if each day to come is like the days of its kind so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isqrt

LEAST_DAYS = 5  # whole days of data, before which nothing is foretold
_SATURDAY = 5
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forecast:
    """A month's end in nanos, between two amounts; `path` is what it comes to by the end of each day to come."""

    low_nanos: int
    high_nanos: int
    path: tuple[tuple[date, int], ...]

    def passes(self, limit_nanos: int) -> date | None:
        """The first day, today or later, by whose end the limit is used up; None if it lasts."""
        return next((day for day, nanos in self.path if nanos >= limit_nanos), None)


def forecast(spent: Mapping[date, int], since: date, today: date, end: date) -> Forecast | None:
    """Foretell a month's end.

    Each day to come is expected to cost what its weekday has cost on average, or (not seen yet) what working days or
    days of the weekend have. The range is one standard deviation of such days about their mean, either way: two months
    in three end in it.

    Args:
        spent: nanos by day, today's so far among them; a day left out cost nothing.
        since: the first day of the month that there is data of.
        today: the present day, which is not over.
        end: the first day that is no longer the month's.

    Returns:
        None before LEAST_DAYS whole days are seen: see `days_seen`.
    """
    seen = list(_days(since, today))
    if len(seen) < LEAST_DAYS:
        return None
    so_far = sum(spent.values())
    path = tuple(_path(spent, seen, so_far, today, end))
    rest = path[-1][1] - so_far
    spread = _spread(spent, seen, len(path))
    return Forecast(so_far + max(rest - spread, 0), so_far + rest + spread, path)


def days_seen(since: date, today: date) -> int:
    """How many whole days of data there are."""
    return max((today - since).days, 0)


def _days(start: date, end: date) -> Iterator[date]:
    while start < end:
        yield start
        start += _ONE


def _path(
    spent: Mapping[date, int], seen: Sequence[date], so_far: int, today: date, end: date
) -> Iterator[tuple[date, int]]:
    reached = so_far + max(_expected(today, spent, seen) - spent.get(today, 0), 0)
    yield today, reached
    for day in _days(today + _ONE, end):
        reached += max(_expected(day, spent, seen), 0)
        yield day, reached


def _expected(day: date, spent: Mapping[date, int], seen: Sequence[date]) -> int:
    alike = [each for each in seen if each.weekday() == day.weekday()]
    return _mean(spent, alike or [each for each in seen if _kind(each) == _kind(day)] or seen)


def _kind(day: date) -> bool:
    """Whether a day lies at the weekend."""
    return day.weekday() >= _SATURDAY


def _mean(spent: Mapping[date, int], days: Sequence[date]) -> int:
    return sum(spent.get(day, 0) for day in days) // len(days)


def _spread(spent: Mapping[date, int], seen: Sequence[date], to_come: int) -> int:
    """A standard deviation of what so many days come to, of which only a mean is known."""
    kinds = [[day for day in seen if _kind(day) is kind] for kind in (False, True)]
    squares = sum((spent.get(day, 0) - _mean(spent, days)) ** 2 for days in kinds if days for day in days)
    variance = squares // (len(seen) - sum(map(bool, kinds)))
    return isqrt(variance * (to_come * len(seen) + to_come**2) // len(seen))
