"""The schedule of a subscription: on which local days its answer is posted, and when; moments are UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Self

from bot.domain.periods import Unit, instant, local_day
from bot.domain.post_times import CATCH_UP

DEFAULT_TIME = time(9)
_NOON = time(12)
_DAY = timedelta(days=1)
_FRIDAY = 4
_MOST_DAYS = 40  # to look ahead or back: every schedule has a day among them


class Frequency(StrEnum):
    """On which days: each, Monday to Friday, the first of a month, or one day of the week."""

    DAY = "day"
    WEEKDAY = "weekday"
    MONTH = "month"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"

    def includes(self, day: date) -> bool:
        """Return whether a local day is one of these days."""
        match self:
            case Frequency.DAY:
                return True
            case Frequency.WEEKDAY:
                return day.weekday() <= _FRIDAY
            case Frequency.MONTH:
                return day.day == 1
            case _:
                return WEEK[day.weekday()] is self


WEEK = (
    Frequency.MONDAY, Frequency.TUESDAY, Frequency.WEDNESDAY, Frequency.THURSDAY, Frequency.FRIDAY,
    Frequency.SATURDAY, Frequency.SUNDAY,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """Certain days at a local time."""

    on: Frequency
    at: time = DEFAULT_TIME

    def encode(self) -> str:
        """Return the schedule as it is typed after `every`, and stored: `monday 09:00`."""
        return f"{self.on} {self.at:%H:%M}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the schedule that was stored."""
        on, _, at = text.partition(" ")
        return cls(Frequency(on), time.fromisoformat(at))

    def is_at_start(self, unit: Unit) -> bool:
        """Return whether an answer is posted when a day, week or month has just begun."""
        match unit:
            case Unit.DAY:
                return self.at < _NOON
            case Unit.WEEK:
                return self.on is Frequency.MONDAY
            case _:
                return self.on is Frequency.MONTH

    @property
    def typed(self) -> str:
        """How it is typed: `every monday 09:00`."""
        return f"every {self.encode()}"

    def __str__(self) -> str:
        """Return it in words: `every Monday at 09:00`, `on the 1st of every month at 09:00`."""
        if self.on is Frequency.MONTH:
            return f"on the 1st of every month at {self.at:%H:%M}"
        name = self.on.capitalize() if self.on in WEEK else str(self.on)
        return f"every {name} at {self.at:%H:%M}"

    def due_at(self, day: date, zone: tzinfo) -> datetime:
        """Return the moment on a day; a time in the missing hour of spring is the first moment after it."""
        return instant(datetime.combine(day, self.at), zone)

    def next_at(self, after: datetime, zone: tzinfo) -> datetime:
        """Return the first moment after another one."""
        first = local_day(after, zone) - _DAY
        moments = (self.due_at(day, zone) for day in self._days(first, _MOST_DAYS))
        return next(moment for moment in moments if moment > after)

    def due_day(self, since: datetime, now: datetime, zone: tzinfo) -> date | None:
        """Return the last date whose moment is over, and is to be caught up; None if there is none.

        `since` is when the subscription was made: what was due before is not. One that was made in the future was dated
        by a clock that ran ahead, and does not count.
        """
        made = since if since <= now else datetime.min.replace(tzinfo=now.tzinfo)
        today = local_day(now, zone)
        days = [day for day in self._days(today - _DAY, 3) if max(made, now - CATCH_UP) < self.due_at(day, zone) <= now]
        return days[-1] if days else None

    def missed_day(self, since: datetime, now: datetime, zone: tzinfo) -> date | None:
        """Return the last date that is too late to be caught up; None if there is none.

        `since` is when the subscription was made.
        """
        until = now - CATCH_UP
        days = self.days_before(local_day(until, zone) + _DAY, _MOST_DAYS)
        day = next((each for each in days if self.due_at(each, zone) <= until), None)
        return day if day is not None and since < self.due_at(day, zone) else None

    def days_before(self, day: date, count: int) -> Iterator[date]:
        """Yield those of so many days before a day that are the schedule's, the last one first."""
        days = (day - number * _DAY for number in range(1, count + 1))
        return (each for each in days if self.on.includes(each))

    def _days(self, first: date, count: int) -> Iterator[date]:
        """Yield those of so many days that are the schedule's."""
        days = (first + number * _DAY for number in range(count))
        return (day for day in days if self.on.includes(day))
