"""Simulated teams: what teams of a dozen kinds spend on each day of two years, in dollars."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from random import Random

_ONE = timedelta(days=1)
Days = Sequence[date]
Spending = Callable[[Random, Days], list[float]]


def _around_one(random: Random, spread: float) -> float:
    return random.lognormvariate(-spread * spread / 2, spread)


def _is_weekday(day: date) -> bool:
    return day.weekday() < 5


def _streaks(random: Random, count: int, busy: float, calm: float) -> Iterator[bool]:
    """Whether each day is a busy one; busy and calm days come in streaks that are so long on average."""
    is_busy = random.random() < busy / (busy + calm)
    for _ in range(count):
        yield is_busy
        if random.random() < 1 / (busy if is_busy else calm):
            is_busy = not is_busy


def _steady(random: Random, days: Days) -> list[float]:
    return [20 * _around_one(random, 0.25) for _ in days]


def _weekdays_only(random: Random, days: Days) -> list[float]:
    return [30 * _around_one(random, 0.4) if _is_weekday(day) else 0 for day in days]


def _in_bursts(random: Random, days: Days) -> list[float]:
    busy = _streaks(random, len(days), 4, 8)
    return [60 * _around_one(random, 0.7) if each else 3 * _around_one(random, 0.8) for each in busy]


def _trend(random: Random, days: Days, first: float, a_week: float) -> list[float]:
    return [
        first * math.exp(a_week * number / 7) * _around_one(random, 0.4) * (1 if _is_weekday(day) else 0.2)
        for number, day in enumerate(days)
    ]


def _growing(random: Random, days: Days) -> list[float]:
    return _trend(random, days, 10, 0.02)


def _shrinking(random: Random, days: Days) -> list[float]:
    return _trend(random, days, 80, -0.02)


def _one_big_spender(random: Random, days: Days) -> list[float]:
    busy = _streaks(random, len(days), 6, 10)
    return [
        (10 * _around_one(random, 0.3) + (50 * _around_one(random, 0.8) if each else 0))
        * (1 if _is_weekday(day) else 0.2)
        for each, day in zip(busy, days, strict=True)
    ]


def _new(random: Random, days: Days) -> list[float]:
    """A team that begins every 90 days: with curiosity, and then slowly more."""
    spent, begun, scale = [], 0, 1.0
    for number, day in enumerate(days):
        if number % 90 == 0:
            begun, scale = number + random.randrange(25), 20 * _around_one(random, 0.5)
        age = number - begun
        use = 1 / (1 + math.exp(-(age - 20) / 6)) + 1.5 * math.exp(-age / 3) if age >= 0 else 0
        spent.append(scale * use * _around_one(random, 0.5) * (1 if _is_weekday(day) else 0.15))
    return spent


def _seasonal(random: Random, days: Days) -> list[float]:
    return [
        25
        * (1 + 0.6 * math.sin(2 * math.pi * day.timetuple().tm_yday / 365))
        * _around_one(random, 0.4)
        * (1 if _is_weekday(day) else 0.3)
        for day in days
    ]


def _with_holidays(random: Random, days: Days) -> list[float]:
    off = {day for day in days if (day.month, day.day) >= (12, 21) or (day.month, day.day) <= (1, 3)}
    for year in sorted({day.year for day in days}):
        lengths = (10, *(random.choice([1, 1, 2, 4]) for _ in range(4)))
        for length in lengths:
            first = date(year, 1, 1) + random.randrange(360) * _ONE
            off |= {first + number * _ONE for number in range(length)}
    return [0 if day in off or not _is_weekday(day) else 30 * _around_one(random, 0.4) for day in days]


def _sparse(random: Random, days: Days) -> list[float]:
    return [40 * _around_one(random, 1) if random.random() < 0.12 else 0 for _ in days]


def _own_model_key(random: Random, days: Days) -> list[float]:
    """The provider's part varies much; Neo's own is small."""
    return [
        (25 * _around_one(random, 0.9) + (30 * _around_one(random, 0.9) if random.random() < 0.3 else 0))
        * (1 if _is_weekday(day) else 0.1)
        for day in days
    ]


def _rush_at_the_end(random: Random, days: Days) -> list[float]:
    """Three times as much in the last six days of each month."""
    return [
        20
        * _around_one(random, 0.4)
        * (1 if _is_weekday(day) else 0.2)
        * (3 if (day + 6 * _ONE).month != day.month else 1)
        for day in days
    ]


def _rush_at_the_beginning(random: Random, days: Days) -> list[float]:
    """Four times as much in the first seven days of each month."""
    return [
        20 * _around_one(random, 0.4) * (1 if _is_weekday(day) else 0.2) * (4 if day.day <= 7 else 1) for day in days
    ]


DOZEN: dict[str, Spending] = {
    "steady": _steady,
    "weekdays only": _weekdays_only,
    "in bursts": _in_bursts,
    "growing": _growing,
    "shrinking": _shrinking,
    "one big spender": _one_big_spender,
    "new": _new,
    "seasonal": _seasonal,
    "holidays": _with_holidays,
    "sparse": _sparse,
    "own model key": _own_model_key,
    "rush at the end of the month": _rush_at_the_end,
}
"""What a dozen kinds of teams spend; the number of days is free."""

HARDEST: dict[str, Spending] = {"rush at the beginning of the month": _rush_at_the_beginning}
"""A kind against which no forecast by days can do well: its first five days are like no others."""
