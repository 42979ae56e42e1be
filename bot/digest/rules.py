"""When a digest is due, and which days it covers; dates are local, moments UTC."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.periods import Unit, Window, day_start, instant, local_day
from bot.domain.post_times import CATCH_UP, data_deadline

if TYPE_CHECKING:
    from bot.settings.model import Settings

EDITED_FOR = timedelta(hours=12)  # after its decision, for when its data becomes complete
_DAY = timedelta(days=1)
_MOST_DAYS = 366  # the most days to look back


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """When digests are due: at a local time, on days of the week (0 is Monday), by the clock of a zone."""

    at: time
    days: frozenset[int]
    zone: tzinfo

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DigestSchedule":
        """Return the policy that the settings ask for."""
        return cls(settings.digest_at, settings.digest_days, settings.timezone)

    def due_at(self, day: date) -> datetime:
        """Return when the digest of a day is due; a time in the missing hour of spring is the first moment after it."""
        return instant(datetime.combine(day, self.at), self.zone)

    def dates(self, after: date, now: datetime) -> list[date]:
        """Return the days after `after` whose digest is due, the oldest first."""
        last = local_day(now, self.zone) + _DAY  # tomorrow, which may have begun in the zone that was set before
        first = max(after + _DAY, last - timedelta(days=_MOST_DAYS))
        return [day for day in _each(first, last) if day.weekday() in self.days and self.due_at(day) <= now]


class DigestOutcome(StrEnum):
    """What is decided for a digest that is due."""

    OWED = "owed"  # it is to be posted
    SKIPPED = "skipped"
    PAST = "past"  # from before the channel's digest was switched off and on again


def digest_outcomes(
    schedule: DigestSchedule, after: date, now: datetime, awake: datetime, *, complete: bool
) -> dict[date, DigestOutcome]:
    """Return what is decided for the digests due after a day.

    Only the last one can still be posted, and only if it is not too late; then the next one says that it was skipped.
    It waits a while for complete data, see `data_deadline`; while it waits it is left out.
    """
    due = schedule.dates(after, now)
    outcomes = dict.fromkeys(due, DigestOutcome.SKIPPED)
    if not due:
        return outcomes
    moment = schedule.due_at(due[-1])
    if now < moment + CATCH_UP:
        if complete or now >= data_deadline(moment, awake):
            outcomes[due[-1]] = DigestOutcome.OWED
        else:
            del outcomes[due[-1]]
    return outcomes


@dataclass(frozen=True, slots=True)
class DigestDays:
    """The days that a digest covers: from `first` until the one before `day`, its own date.

    Between two time zones they are not whole days: they begin (`begins`) where the digest before ended.
    """

    first: date
    day: date
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.day - _DAY

    @property
    def count(self) -> int:
        """How many days there are."""
        return (self.day - self.first).days

    def window(self, zone: tzinfo) -> Window:
        """Return the window of the days by the clock of a zone."""
        end = self.ends or day_start(self.day, zone)
        return Window(min(self.begins or day_start(self.first, zone), end), end)

    def before(self) -> "DigestDays":
        """Return as many days before them."""
        return DigestDays(self.first - timedelta(days=self.count), self.first)

    def earlier(self, weeks: int) -> "DigestDays":
        """Return the same days of the week, so many weeks before."""
        back = timedelta(weeks=weeks)
        return DigestDays(self.first - back, self.day - back)

    def ended_period(self, unit: Unit) -> date | None:
        """Return the first day of the week or month that ended with one of the days; None if none did."""
        present = unit.first_day(self.day)
        return unit.shift(present, -1) if present > self.first else None


def _each(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += _DAY
